"""Clusters: made, described, changed and deleted.

AWS facts (API reference, Aurora user guide): names are kept in small letters; what ``ApplyImmediately`` leaves out
waits for the maintenance window, except capacity, password, backups, protection and log exports; a cluster that holds
instances, or is protected, can't be deleted, and one that goes leaves a last snapshot unless that is declined.
"""

from __future__ import annotations

from typing import Any, Final

from localcloud.server.access import resources
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import describing, lifecycle, postgres, refusals, snapshots, versions
from .model import Cluster, Region, available, region_of, tags_of

_SHARED: Final = frozenset(
    {
        "AllocatedStorage", "AutoMinorVersionUpgrade", "BackupRetentionPeriod", "CopyTagsToSnapshot",
        "DBClusterIdentifier", "DBClusterParameterGroupName", "DeletionProtection", "EngineMode", "EngineVersion",
        "MasterUserPassword", "Port", "PreferredBackupWindow", "PreferredMaintenanceWindow", "ScalingConfiguration",
        "ServerlessV2ScalingConfiguration", "StorageType", "VpcSecurityGroupIds",
    }
)  # fmt: skip
CREATED_WITH: Final = _SHARED | {
    "AvailabilityZones", "DBSubnetGroupName", "DatabaseName", "EnableCloudwatchLogsExports", "Engine",
    "EngineLifecycleSupport", "KmsKeyId", "MasterUsername", "NetworkType", "StorageEncrypted", "Tags",
}  # fmt: skip
CHANGED_WITH: Final = _SHARED | {"AllowMajorVersionUpgrade", "ApplyImmediately", "CloudwatchLogsExportConfiguration"}
PLAIN: Final = (
    "AutoMinorVersionUpgrade", "BackupRetentionPeriod", "CopyTagsToSnapshot", "DeletionProtection",
    "PreferredBackupWindow", "PreferredMaintenanceWindow", "ServerlessV2ScalingConfiguration",
)  # fmt: skip
"""Settings that are named alike when they are set and described, and applied at once without an outage."""
DEFAULTS: Final = {
    "AutoMinorVersionUpgrade": True,
    "BackupRetentionPeriod": 1,
    "CopyTagsToSnapshot": False,
    "DeletionProtection": False,
    "PreferredBackupWindow": "07:00-07:30",
    "PreferredMaintenanceWindow": "sun:10:00-sun:10:30",
}


@HOOKS.instead("rds", "CreateDBCluster")
def create(call: Call) -> Params:
    params, region = call.params, region_of(call)
    refusals.of_aurora(params)
    refusals.master(params)
    refusals.only(call, CREATED_WITH)
    if not params.get("MasterUsername") or not params.get("MasterUserPassword"):
        raise Refusal("InvalidParameterValue", "MasterUsername and MasterUserPassword are required.")
    settings = settings_of(call, region, versions.exact(params.get("EngineVersion")))
    settings["MasterUsername"], settings["DatabaseName"] = params["MasterUsername"], params.get("DatabaseName")
    cluster = add(call, region, settings, params["MasterUserPassword"])
    lifecycle.fill(cluster, postgres.template)
    return {"DBCluster": describing.cluster(region, cluster)}


def settings_of(call: Call, region: Region, version: str) -> dict[str, Any]:
    """A new cluster's settings. Raises Refusal."""
    params = call.params
    refusals.port(params)
    refusals.scaling(params.get("ServerlessV2ScalingConfiguration"), version)
    refusals.backups(params, DEFAULTS)
    refusals.logs(params.get("EnableCloudwatchLogsExports") or [])
    _fits(region, params.get("DBClusterParameterGroupName"), version)
    if not params.get("DBSubnetGroupName"):
        raise Refusal("DBSubnetGroupNotFoundFault", "DB subnet group 'default' does not exist.", 404)
    encrypted = bool(params.get("StorageEncrypted"))
    if params.get("KmsKeyId") and resources.key(region.account, region.region, params["KmsKeyId"]) is None:
        raise Refusal("KMSKeyNotAccessibleFault", f"The specified KMS key [{params['KmsKeyId']}] does not exist.")
    own_key = f"arn:aws:kms:{region.region}:{region.account}:alias/aws/rds"
    return {
        **{name: params.get(name, DEFAULTS.get(name)) for name in PLAIN},
        "EngineVersion": version,
        "Port": params.get("Port", 5432),
        "StorageEncrypted": encrypted,
        "KmsKeyId": params.get("KmsKeyId", own_key) if encrypted else None,
        "StorageType": params.get("StorageType"),
        "EngineLifecycleSupport": params.get("EngineLifecycleSupport", "open-source-rds-extended-support"),
        "EnabledCloudwatchLogsExports": sorted(params.get("EnableCloudwatchLogsExports") or []),
        "VpcSecurityGroupIds": sorted(params.get("VpcSecurityGroupIds") or []),
        "DBClusterParameterGroup": params.get("DBClusterParameterGroupName", f"default.{versions.family(version)}"),
    }


def _fits(region: Region, name: str | None, version: str) -> None:
    """The group is there and of the version's family."""
    if name is None:
        return
    group = region.parameter_group(name)
    if group.family != versions.family(version):
        text = (
            f"The Parameter Group {name} with DBParameterGroupFamily {group.family} can't be used for this instance. "
        )
        text += f"Use a Parameter Group with DBParameterGroupFamily {versions.family(version)}."
        raise refusals.combination(text)


def add(call: Call, region: Region, settings: dict[str, Any], password: str) -> Cluster:
    """A cluster of that description, without data. Raises Refusal."""
    identifier = refusals.identifier(call.params["DBClusterIdentifier"], "DBClusterIdentifier")
    if identifier in region.clusters:
        raise Refusal("DBClusterAlreadyExistsFault", f"DB Cluster already exists: {identifier}")
    group = region.subnet_group(call.params["DBSubnetGroupName"])
    endpoint = describing.host(region, identifier, "cluster")
    server = lifecycle.server(identifier, f"{region.account} {identifier}", endpoint, settings["Port"])
    cluster = region.clusters[identifier] = Cluster(
        identifier=identifier,
        arn=region.arn("cluster", identifier),
        settings=settings,
        tags=tags_of(call),
        subnet_group=group.name,
        password=password,
        server=server,
        endpoint=server.place.address,
    )
    return cluster


@HOOKS.instead("rds", "DescribeDBClusters")
def describe(call: Call) -> Params:
    region, identifier = region_of(call), call.params.get("DBClusterIdentifier")
    if identifier and identifier.startswith("arn:"):
        identifier = identifier.rpartition(":")[2]
    clusters = [region.cluster(identifier)] if identifier else list(region.clusters.values())
    for one in call.params.get("Filters") or []:
        if one["Name"] not in ("db-cluster-id", "engine"):
            raise refusals.invalid(f"Unrecognized filter name: {one['Name']}")
        wanted = {value.rpartition(":")[2].lower() for value in one["Values"]}
        of_name = one["Name"] == "db-cluster-id"
        clusters = [cluster for cluster in clusters if (cluster.identifier if of_name else versions.ENGINE) in wanted]
    return {"DBClusters": [describing.cluster(region, one) for one in clusters]}


@HOOKS.instead("rds", "DescribeGlobalClusters")
def describe_global(call: Call) -> Params:
    """There are none: no call makes one."""
    if identifier := call.params.get("GlobalClusterIdentifier"):
        raise Refusal("GlobalClusterNotFoundFault", f"Global cluster {identifier} not found")
    return {"GlobalClusters": []}


@HOOKS.instead("rds", "ModifyDBCluster")
def modify(call: Call) -> Params:
    params, region = call.params, region_of(call)
    cluster = region.cluster(params["DBClusterIdentifier"])
    refusals.of_aurora(params)
    refusals.only(call, CHANGED_WITH)
    available(cluster)
    version = versions.exact(params["EngineVersion"]) if params.get("EngineVersion") else cluster.version
    _check_change(call, region, cluster, version)
    for name in PLAIN:
        if params.get(name) is not None:
            cluster.settings[name] = params[name]
    _change_at_once(params, cluster)
    if params.get("DBClusterParameterGroupName") and version == cluster.version:
        cluster.settings["DBClusterParameterGroup"] = params["DBClusterParameterGroupName"]
        lifecycle.take_parameters(cluster, lifecycle.group_of(region, cluster), static=True)
    _change_with_outage(call, region, cluster, version)
    return {"DBCluster": describing.cluster(region, cluster)}


def _check_change(call: Call, region: Region, cluster: Cluster, version: str) -> None:
    params = call.params
    refusals.master(params)
    refusals.port(params)
    refusals.scaling(params.get("ServerlessV2ScalingConfiguration"), version)
    refusals.backups(params, cluster.settings)
    exports = params.get("CloudwatchLogsExportConfiguration") or {}
    refusals.logs([*exports.get("EnableLogTypes", []), *exports.get("DisableLogTypes", [])])
    versions.check_upgrade(cluster.version, version, major_allowed=bool(params.get("AllowMajorVersionUpgrade")))
    if params.get("DBClusterParameterGroupName"):
        _fits(region, params["DBClusterParameterGroupName"], version)
    elif versions.major(version) != versions.major(cluster.version):
        _fits(region, cluster.settings["DBClusterParameterGroup"], version)


def _change_at_once(params: Params, cluster: Cluster) -> None:
    exports = params.get("CloudwatchLogsExportConfiguration") or {}
    kept = {*cluster.settings["EnabledCloudwatchLogsExports"], *exports.get("EnableLogTypes", [])}
    cluster.settings["EnabledCloudwatchLogsExports"] = sorted(kept - {*exports.get("DisableLogTypes", [])})
    if params.get("VpcSecurityGroupIds"):
        cluster.settings["VpcSecurityGroupIds"] = sorted(params["VpcSecurityGroupIds"])
    if params.get("MasterUserPassword"):
        cluster.password = params["MasterUserPassword"]
        if cluster.server.running:
            lifecycle.set_password(cluster)
        else:
            cluster.password_waits = True


def _change_with_outage(call: Call, region: Region, cluster: Cluster, version: str) -> None:
    """Version and port: at once if that is asked for, else they wait for the maintenance window."""
    wanted: dict[str, Any] = {}
    if version != cluster.version:
        wanted["EngineVersion"] = version
    if call.params.get("Port", cluster.settings["Port"]) != cluster.settings["Port"]:
        wanted["Port"] = call.params["Port"]
    if not wanted:
        return
    if not call.params.get("ApplyImmediately"):
        cluster.pending.update(wanted)
        return
    major = versions.major(version) != versions.major(cluster.version)
    kept = snapshots.before_upgrade(region, cluster, version) if major else None
    group = call.params.get("DBClusterParameterGroupName") or cluster.settings["DBClusterParameterGroup"]

    def before() -> None:
        if kept:
            kept()
        if "Port" in wanted:
            cluster.server.stop()
            lifecycle.move(cluster, f"{region.account} {cluster.identifier}", wanted["Port"])

    def done() -> None:
        cluster.settings.update(wanted, DBClusterParameterGroup=group)
        for instance in cluster.instances:
            instance.engine_version = version

    status = "upgrading" if "EngineVersion" in wanted else "modifying"
    lifecycle.restart(cluster, region.parameter_group(group), status, before=before, rebuild=major, done=done)


@HOOKS.instead("rds", "DeleteDBCluster")
def delete(call: Call) -> Params:
    params, region = call.params, region_of(call)
    cluster = region.cluster(params["DBClusterIdentifier"])
    skip, final = params.get("SkipFinalSnapshot"), params.get("FinalDBSnapshotIdentifier")
    refusals.only(
        call,
        frozenset({"DBClusterIdentifier", "DeleteAutomatedBackups", "FinalDBSnapshotIdentifier", "SkipFinalSnapshot"}),
    )
    if cluster.settings["DeletionProtection"]:
        text = "Cannot delete protected Cluster, please disable deletion protection and try again."
        raise refusals.combination(text)
    if not skip and not final:
        raise refusals.combination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
    if skip and final:
        raise refusals.combination("FinalDBSnapshotIdentifier can not be specified if SkipFinalSnapshot is.")
    if any(one.status != "deleting" for one in cluster.instances):
        text = "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
        raise Refusal("InvalidDBClusterStateFault", text)
    if final:
        snapshots.take(region, cluster, final, "manual", dict(cluster.tags))
    described = describing.cluster(region, cluster) | {"Status": "deleting"}
    del region.clusters[cluster.identifier]
    if not final:
        lifecycle.end(cluster)
    return {"DBCluster": described}

"""Instances of clusters. Those beside the writer are told apart in name alone: one PostgreSQL answers for all.

AWS facts: an instance of the class db.serverless needs its cluster's capacity; its engine's version, storage, backups
and encryption are the cluster's; its deletion takes no snapshot, and the cluster's deletion protection is not its own.
"""

from __future__ import annotations

from typing import Any, Final

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import describing, lifecycle, refusals
from .model import Cluster, Instance, Region, available, region_of, tags_of

SERVERLESS: Final = "db.serverless"
_SET: Final = {
    "AutoMinorVersionUpgrade": True,
    "CopyTagsToSnapshot": False,
    "DBInstanceClass": SERVERLESS,
    "PreferredMaintenanceWindow": "sun:10:00-sun:10:30",
    "PromotionTier": 1,
    "PubliclyAccessible": False,
}
"""Settings by the name that they are set and described by, with what they are if they are left out."""
_CREATED_WITH: Final = frozenset(
    {
        *_SET, "AvailabilityZone", "DBClusterIdentifier", "DBInstanceIdentifier", "DBSubnetGroupName",
        "EnablePerformanceInsights", "Engine", "EngineVersion", "MonitoringInterval", "MonitoringRoleArn",
        "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod", "Tags",
    }
)  # fmt: skip
_CHANGED_WITH: Final = frozenset(
    {
        *_SET, "ApplyImmediately", "DBInstanceIdentifier", "EnablePerformanceInsights", "MonitoringInterval",
        "MonitoringRoleArn", "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod",
    }
)  # fmt: skip


@HOOKS.instead("rds", "CreateDBInstance")
def create(call: Call) -> Params:
    params, region = call.params, region_of(call)
    if not params.get("DBClusterIdentifier"):
        raise Refusal("NotImplemented", "rds instances outside of a cluster are not implemented here.", 501)
    cluster = region.cluster(params["DBClusterIdentifier"])
    refusals.of_aurora({key: value for key, value in params.items() if key != "PubliclyAccessible"})
    refusals.monitoring(params)
    refusals.insights(params)
    refusals.only(call, _CREATED_WITH)
    _fits(params, cluster)
    identifier = refusals.identifier(params["DBInstanceIdentifier"], "DBInstanceIdentifier")
    if identifier in region.instances:
        raise Refusal("DBInstanceAlreadyExists", f"DB instance already exists: {identifier}")
    settings = {name: params.get(name, default) for name, default in _SET.items()} | _insights(params, region, {})
    instance = region.instances[identifier] = Instance(
        identifier=identifier,
        arn=region.arn("db", identifier),
        cluster=cluster.identifier,
        engine_version=cluster.version,
        settings=settings,
        tags=tags_of(call),
        zone=_zone(params, region, cluster),
    )
    cluster.instances.append(instance)
    lifecycle.serve(cluster, instance, lifecycle.group_of(region, cluster))
    return {"DBInstance": describing.instance(region, instance)}


def _fits(params: Params, cluster: Cluster) -> None:
    available(cluster)
    if params["DBInstanceClass"] == SERVERLESS and not cluster.settings["ServerlessV2ScalingConfiguration"]:
        text = "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 "
        raise Refusal("InvalidDBClusterStateFault", text + "DB instance.")
    if params.get("EngineVersion") not in (None, cluster.version):
        text = f"The engine version that you requested for your DB instance ({params['EngineVersion']}) does not match "
        raise refusals.combination(text + f"the engine version of your DB cluster ({cluster.version}).")


def _zone(params: Params, region: Region, cluster: Cluster) -> str:
    """The one asked for, else the one of the group's that has the fewest of the cluster's instances."""
    zones = sorted({zone for _, zone in region.subnet_group(cluster.subnet_group).subnets})
    asked = params.get("AvailabilityZone")
    if asked and asked not in zones:
        raise refusals.combination(f"The DB subnet group has no subnet in {asked}.")
    taken = [one.zone for one in cluster.instances]
    return str(asked or min(zones, key=taken.count))


def _insights(params: Params, region: Region, before: dict[str, Any]) -> dict[str, Any]:
    enabled = params.get("EnablePerformanceInsights", before.get("PerformanceInsightsEnabled", False))
    if not enabled:
        return {"PerformanceInsightsEnabled": False}
    days = params.get("PerformanceInsightsRetentionPeriod", before.get("PerformanceInsightsRetentionPeriod", 7))
    own_key = before.get("PerformanceInsightsKMSKeyId", f"arn:aws:kms:{region.region}:{region.account}:alias/aws/rds")
    return {
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsRetentionPeriod": days,
        "PerformanceInsightsKMSKeyId": params.get("PerformanceInsightsKMSKeyId", own_key),
    }


@HOOKS.instead("rds", "DescribeDBInstances")
def describe(call: Call) -> Params:
    region, identifier = region_of(call), call.params.get("DBInstanceIdentifier")
    instances = [region.instance(identifier.rpartition(":")[2])] if identifier else list(region.instances.values())
    for one in call.params.get("Filters") or []:
        if one["Name"] != "db-cluster-id":
            raise refusals.invalid(f"Unrecognized filter name: {one['Name']}")
        wanted = {value.rpartition(":")[2].lower() for value in one["Values"]}
        instances = [instance for instance in instances if instance.cluster in wanted]
    return {"DBInstances": [describing.instance(region, one) for one in instances]}


@HOOKS.instead("rds", "ModifyDBInstance")
def modify(call: Call) -> Params:
    params, region = call.params, region_of(call)
    instance = _available(region.instance(params["DBInstanceIdentifier"]))
    refusals.monitoring(params)
    refusals.insights({"EnablePerformanceInsights": instance.settings["PerformanceInsightsEnabled"], **params})
    refusals.only(call, _CHANGED_WITH)
    for name in _SET:
        if params.get(name) is not None:
            instance.settings[name] = params[name]
    changed = _insights(params, region, instance.settings)
    if not changed["PerformanceInsightsEnabled"]:
        for name in ("PerformanceInsightsRetentionPeriod", "PerformanceInsightsKMSKeyId"):
            instance.settings.pop(name, None)
    instance.settings.update(changed)
    return {"DBInstance": describing.instance(region, instance)}


def _available(instance: Instance) -> Instance:
    if instance.status != "available":
        text = f"Database instance is not in available state: {instance.identifier} is {instance.status}"
        raise Refusal("InvalidDBInstanceState", text)
    return instance


@HOOKS.instead("rds", "RebootDBInstance")
def reboot(call: Call) -> Params:
    """Of the writer: the server starts anew. A reader has none of its own."""
    region = region_of(call)
    refusals.only(call, frozenset({"DBInstanceIdentifier"}))
    instance = _available(region.instance(call.params["DBInstanceIdentifier"]))
    cluster = region.cluster(instance.cluster)
    if cluster.instances[0] is instance:
        lifecycle.restart(cluster, lifecycle.group_of(region, cluster), "rebooting")
    else:
        instance.parameters_pending = False
    return {"DBInstance": describing.instance(region, instance)}


@HOOKS.instead("rds", "DeleteDBInstance")
def delete(call: Call) -> Params:
    params, region = call.params, region_of(call)
    instance = region.instance(params["DBInstanceIdentifier"])
    refusals.only(
        call,
        frozenset({"DBInstanceIdentifier", "DeleteAutomatedBackups", "FinalDBSnapshotIdentifier", "SkipFinalSnapshot"}),
    )
    if params.get("FinalDBSnapshotIdentifier"):
        raise refusals.combination("FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance")
    cluster = region.cluster(instance.cluster)
    described = describing.instance(region, instance) | {"DBInstanceStatus": "deleting"}
    cluster.instances.remove(instance)
    del region.instances[instance.identifier]
    if not cluster.instances:
        lifecycle.later(cluster.server.stop, lambda _: None)
    return {"DBInstance": described}

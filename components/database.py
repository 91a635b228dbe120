"""Database: one environment's metadata, in Aurora PostgreSQL Serverless v2, and the secrets that lead to it.

Rests on, of the Aurora user guide:
- "Modifying a cluster": what `apply_immediately` leaves out waits for the maintenance window and is read back as it
  was, so everything is applied at once. "Storage encryption", the names and the master user's name can't be changed.
- "Performance and scaling for Aurora serverless": capacity goes in steps of half a unit; from 0 on, a cluster without
  connections pauses. The block must be there before an instance of the class db.serverless is.
- "Deleting clusters": deletion protection covers the cluster and not its instances, which a deletion takes first.
- "Publishing to CloudWatch Logs": a log group that AWS makes itself never expires, one that exists is used.
- "Password management with Secrets Manager": a password that RDS manages is rotated every week, behind the back of
  whoever has a URI with it. So the password is drawn here, once, into a secret of its own. The cluster and the URI both
  take it from that secret, not from the drawing: an update that ends between the two leaves them alike.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import pulumi
from pulumi_aws import cloudwatch, ec2, rds, secretsmanager, vpc

from components import aurora, names, rules

ENGINE: Final = rds.EngineType.AURORA_POSTGRESQL
PORT: Final = 5432
SCHEME: Final = "postgresql+psycopg"
"""The clients' driver; they take the URI as it stands."""
PASSWORD_LENGTH: Final = 40
"""RDS takes 41 at most."""
PARAMETERS: Final = {
    "rds.force_ssl": ("1", "immediate"),
    "log_min_duration_statement": ("5000", "immediate"),
    "log_lock_waits": ("1", "immediate"),
    "idle_in_transaction_session_timeout": ("3600000", "immediate"),
}
"""Value, and when it applies: each of these is dynamic."""
_TAGS: Final = ("tags", "tagsAll")
_CHANGEABLE: Final = (
    "allowMajorVersionUpgrade",
    "applyImmediately",
    "backupRetentionPeriod",
    "copyTagsToSnapshot",
    "dbClusterParameterGroupName",
    "deleteAutomatedBackups",
    "deletionProtection",
    "enabledCloudwatchLogsExports",
    "engineLifecycleSupport",
    "engineVersion",
    "finalSnapshotIdentifier",
    "iamDatabaseAuthenticationEnabled",
    "masterPasswordWo",
    "masterPasswordWoVersion",
    "port",
    "preferredBackupWindow",
    "preferredMaintenanceWindow",
    "serverlessv2ScalingConfiguration",
    "skipFinalSnapshot",
    "vpcSecurityGroupIds",
    *_TAGS,
)
"""Of a cluster that is taken in: an import must find what the program says, the first update after it sets these."""
_CHANGEABLE_OF_INSTANCE: Final = (
    "applyImmediately",
    "autoMinorVersionUpgrade",
    "copyTagsToSnapshot",
    "instanceClass",
    "performanceInsightsEnabled",
    "performanceInsightsKmsKeyId",
    "performanceInsightsRetentionPeriod",
    "promotionTier",
    "publiclyAccessible",
    *_TAGS,
)
_SUBNET_GROUP: Final = ("dbSubnetGroupName",)
"""Never compared: a cluster stays in the group that it was made in, and the group's subnets can change."""
_IN_PREVIEW: Final = "drawn, or read, when it is applied"


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    environment: str
    """In the names of the secrets, by which clients find them."""
    identifier: str
    """The cluster's name, which begins those of all its parts; it can't be changed."""
    database: str
    """The name of the PostgreSQL database that is made in the cluster; it can't be changed."""
    user: str = "portal"
    """Owns the database; its name can't be changed."""
    vpc_id: pulumi.Input[str]
    subnet_ids: tuple[pulumi.Input[str], ...]
    """Private ones, in two zones at least."""
    clients: Mapping[str, pulumi.Input[str]]
    """Security groups that may connect, by a word for each; nobody else may."""
    engine_version: str
    """A version of :mod:`.aurora`, exactly."""
    capacity: aurora.Capacity
    readers: int = 0
    """Instances beside the writer, each in another zone if there is one: one of them takes over if the writer fails."""
    backup_days: int = 7
    """1 to 35: how far back the cluster can be restored to any second."""
    insights_days: int | None = 7
    """How long Performance Insights keeps: 7 (free), 31 times 1 to 23, or 731. None: off."""
    log_days: int = 90
    """How long the log of PostgreSQL is kept; one of CloudWatch's numbers."""
    iam_authentication: bool = False
    """Whether IAM identities may log in as database users that have the role rds_iam."""
    kms_key: str | None = None
    """ARN of the key of storage, snapshots and insights. None: the account's own key for RDS. It can't be changed."""
    password_version: int = 1
    """Another number draws another password, for the cluster and its secrets."""
    allow_major_upgrade: bool = False
    """Whether ``engine_version`` may become another major; AWS refuses it otherwise."""
    adopt: bool = False
    """Take in the cluster of this name, its instances ``IDENTIFIER-1`` and so on, and its log group."""
    retire: bool = False
    """No longer protected; whatever becomes of the resources, AWS keeps the cluster. Its secrets are not kept: whoever
    takes the cluster in again gives it another password."""

    def check(self, name: str) -> None:
        """Raises ValueError naming component, field, value and rule."""
        faults = self.capacity.faults()
        identifier, database = rules.database_identifier(self.identifier), rules.database_name(self.database)
        insights = aurora.insights_fault(self.insights_days)
        user, version = rules.database_user(self.user), aurora.fault(self.engine_version)
        checks: tuple[tuple[bool, str, object, str], ...] = (
            (not faults, "capacity", self.capacity, "; ".join(f"{field}: {rule}" for field, rule in faults.items())),
            (identifier is None, "identifier", self.identifier, str(identifier)),
            (database is None, "database", self.database, str(database)),
            (user is None, "user", self.user, str(user)),
            (len(self.subnet_ids) >= 2, "subnet_ids", self.subnet_ids, "two zones at least"),
            (version is None, "engine_version", self.engine_version, str(version)),
            (0 <= self.readers <= 15, "readers", self.readers, "0 to 15"),
            (1 <= self.backup_days <= 35, "backup_days", self.backup_days, "1 to 35"),
            (insights is None, "insights_days", self.insights_days, str(insights)),
            (self.log_days in rules.RETENTION_DAYS, "log_days", self.log_days, "one of CloudWatch's numbers"),
            (self.password_version >= 1, "password_version", self.password_version, "1 or more"),
            (not (self.adopt and self.retire), "adopt", True, "a database is adopted or retired, not both"),
        )
        for kept, field, value, rule in checks:
            if not kept:
                raise ValueError(f"Database {name!r}: {field}: {value!r}: {rule}")
        if not self.capacity.min and not aurora.can_pause(self.engine_version):
            raise ValueError(f"Database {name!r}: capacity: {self.capacity!r}: {self.engine_version} can't pause")


class Database(pulumi.ComponentResource):
    """An Aurora PostgreSQL cluster that only its clients' security groups reach, over TLS."""

    host: pulumi.Output[str]
    """Of the writer."""
    reader_host: pulumi.Output[str]
    """Of the readers, or of the writer if there are none."""
    secret: pulumi.Output[str]
    """Name of the secret with the URI and its parts."""
    security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:database:Database", name, None, opts)
        self.name, self._args = name, args

        group = self._security_group()
        log = self._log_group()
        version, password = self._password()
        cluster = self._cluster(group, log, version, password)
        self._instances(cluster)
        self.host, self.reader_host = cluster.endpoint, cluster.reader_endpoint
        self.security_group_id = group.id
        self.secret = self._uri(cluster, password)
        self.register_outputs({"host": self.host, "reader_host": self.reader_host, "secret": self.secret})

    def _child(
        self, *after: pulumi.Resource, keep: bool = False, adopt: str = "", ignore: tuple[str, ...] = ()
    ) -> pulumi.ResourceOptions:
        """``keep``: AWS keeps it when it is retired. ``adopt``: the id of what exists; ``ignore``: as it then is."""
        adopted = adopt if self._args.adopt else ""
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[*after],
            retain_on_delete=keep and self._args.retire,
            import_=adopted or None,
            ignore_changes=[*ignore] if adopted else None,
        )

    def _protected(self, options: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        options.protect = not self._args.retire
        return options

    def _security_group(self) -> ec2.SecurityGroup:
        """Lets its clients in and nothing out: a database calls nobody."""
        args, label = self._args, f"{self._args.identifier}-database"
        group = ec2.SecurityGroup(
            self.name,
            description=f"Who may connect to the database {args.identifier}",
            vpc_id=args.vpc_id,
            tags={"Name": label},
            opts=self._child(keep=True),
        )
        for word, client in args.clients.items():
            vpc.SecurityGroupIngressRule(
                f"{self.name}-from-{word}",
                security_group_id=group.id,
                referenced_security_group_id=client,
                ip_protocol="tcp",
                from_port=PORT,
                to_port=PORT,
                description=f"PostgreSQL from {word}",
                opts=self._child(),
            )
        return group

    # Secrets

    def _password(self) -> tuple[secretsmanager.SecretVersion, pulumi.Input[str]]:
        """The version that the password was drawn into, and the password as that version has it.

        Each update draws one; the provider takes it for a new version alone. A preview neither draws nor reads:
        whoever may only look needn't be able to read a password.
        """
        args = self._args
        secret = secretsmanager.Secret(
            f"{self.name}-password",
            name=names.database_password(args.environment),
            description=f"Password of {args.user} in {args.identifier}",
            recovery_window_in_days=0,  # a name that waits for its deletion can't be used; a password can be drawn anew
            opts=self._protected(self._child()),
        )
        version = secretsmanager.SecretVersion(
            f"{self.name}-password",
            secret_id=secret.id,
            secret_string_wo=_IN_PREVIEW if pulumi.runtime.is_dry_run() else self._drawn(),
            secret_string_wo_version=args.password_version,
            opts=self._child(),  # not protected: another password is another version
        )
        return version, _IN_PREVIEW if pulumi.runtime.is_dry_run() else self._stored(version)

    def _drawn(self) -> pulumi.Output[str]:
        drawn = secretsmanager.get_random_password_output(
            password_length=PASSWORD_LENGTH, exclude_punctuation=True, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return pulumi.Output.secret(drawn.random_password)

    def _stored(self, version: secretsmanager.SecretVersion) -> pulumi.Output[str]:
        """By the version's own id: what was drawn since, by an update that did not end, is another one."""
        stored = secretsmanager.get_secret_version_output(
            secret_id=version.secret_id, version_id=version.version_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return pulumi.Output.secret(stored.secret_string)

    def _uri(self, cluster: rds.Cluster, password: pulumi.Input[str]) -> pulumi.Output[str]:
        args = self._args
        secret = secretsmanager.Secret(
            f"{self.name}-uri",
            name=names.database_secret(args.environment),
            description=f"URI of {args.database} in {args.identifier}, and its parts",
            recovery_window_in_days=0,
            opts=self._protected(self._child()),
        )
        values = pulumi.Output.all(host=cluster.endpoint, port=cluster.port, password=password)
        where = pulumi.Output.all(cluster.endpoint, cluster.port)
        secretsmanager.SecretVersion(
            f"{self.name}-uri",
            secret_id=secret.id,
            secret_string_wo=values.apply(lambda one: uri_document(args.database, args.user, **one)),
            secret_string_wo_version=where.apply(lambda one: _version_of(*one, args.password_version)),
            opts=self._child(),
        )
        return secret.name

    # The cluster

    def _log_group(self) -> cloudwatch.LogGroup:
        name = names.database_log_group(self._args.identifier)
        return cloudwatch.LogGroup(
            f"{self.name}-log",
            name=name,
            retention_in_days=self._args.log_days,
            opts=self._child(keep=True, adopt=name, ignore=("retentionInDays", *_TAGS)),
        )

    def _subnet_group(self) -> rds.SubnetGroup:
        return rds.SubnetGroup(
            self._args.identifier,
            description=f"Private subnets of {self._args.identifier}",
            subnet_ids=[*self._args.subnet_ids],
            opts=self._child(keep=True),
        )

    def _parameter_group(self) -> rds.ClusterParameterGroup:
        """One a family: a cluster that is upgraded needs the new one while it still has the old one."""
        family = aurora.family(self._args.engine_version)
        return rds.ClusterParameterGroup(
            f"{self._args.identifier}-{family}",
            family=family,
            description=f"Settings of {self._args.identifier}",
            parameters=[
                rds.ClusterParameterGroupParameterArgs(name=key, value=value, apply_method=method)
                for key, (value, method) in PARAMETERS.items()
            ],
            opts=self._child(keep=True),
        )

    def _cluster(
        self,
        group: ec2.SecurityGroup,
        log: cloudwatch.LogGroup,
        version: secretsmanager.SecretVersion,
        password: pulumi.Input[str],
    ) -> rds.Cluster:
        args = self._args
        capacity = args.capacity
        pause = 300 if capacity.pause_after_seconds is None else capacity.pause_after_seconds
        return rds.Cluster(
            self.name,
            cluster_identifier=args.identifier,
            engine=ENGINE,
            engine_mode="provisioned",  # AWS's word for everything but the first kind of serverless, which is no more
            engine_version=args.engine_version,
            allow_major_version_upgrade=args.allow_major_upgrade,
            apply_immediately=True,
            database_name=args.database,
            master_username=args.user,
            master_password_wo=password,
            master_password_wo_version=args.password_version,
            port=PORT,
            db_subnet_group_name=self._subnet_group().name,
            db_cluster_parameter_group_name=self._parameter_group().name,
            vpc_security_group_ids=[group.id],
            serverlessv2_scaling_configuration=rds.ClusterServerlessv2ScalingConfigurationArgs(
                min_capacity=capacity.min,
                max_capacity=capacity.max,
                seconds_until_auto_pause=None if capacity.min else pause,
            ),
            storage_encrypted=True,
            kms_key_id=args.kms_key,
            iam_database_authentication_enabled=args.iam_authentication,
            backup_retention_period=args.backup_days,
            preferred_backup_window="08:00-08:30",
            preferred_maintenance_window="sun:09:00-sun:09:30",
            copy_tags_to_snapshot=True,
            deletion_protection=True,
            skip_final_snapshot=False,
            final_snapshot_identifier=f"{args.identifier}-final",
            delete_automated_backups=False,
            enabled_cloudwatch_logs_exports=["postgresql"],
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            opts=self._cluster_options(log, version),
        )

    def _cluster_options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        options = self._protected(
            self._child(*after, keep=True, adopt=self._args.identifier, ignore=(*_CHANGEABLE, *_SUBNET_GROUP))
        )
        options.ignore_changes = options.ignore_changes or [*_SUBNET_GROUP]
        return options

    def _instances(self, cluster: rds.Cluster) -> None:
        """The first one is the writer. Their version isn't theirs to say: the cluster's upgrade is theirs too."""
        args, made = self._args, list[pulumi.Resource]()
        for number in range(1, args.readers + 2):
            identifier = f"{args.identifier}-{number}"
            options = self._child(*made[:1], keep=True, adopt=identifier, ignore=_CHANGEABLE_OF_INSTANCE)
            instance = rds.ClusterInstance(
                f"{self.name}-{number}",
                identifier=identifier,
                cluster_identifier=cluster.id,
                engine=ENGINE,
                instance_class="db.serverless",
                apply_immediately=True,
                auto_minor_version_upgrade=False,
                publicly_accessible=False,
                promotion_tier=number - 1,
                performance_insights_enabled=args.insights_days is not None,
                performance_insights_retention_period=args.insights_days,
                performance_insights_kms_key_id=args.kms_key if args.insights_days else None,
                copy_tags_to_snapshot=True,
                opts=options if made else self._protected(options),  # readers come and go
            )
            made.append(instance)


def uri_document(database: str, user: str, host: str, port: int, password: str) -> str:
    """What the secret says: the URI for clients that take one, and its parts for those that take them."""
    at = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}"
    parts = {"host": host, "port": str(port), "user": user, "password": password, "name": database}
    return json.dumps({"db_uri": f"{SCHEME}://{at}/{database}", **parts})


def _version_of(*said: object) -> int:
    """Another number for another document: what is sent and never read back is sent again for this alone."""
    return zlib.crc32(json.dumps(said).encode())

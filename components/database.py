"""Database: one environment's metadata, in Aurora PostgreSQL Serverless v2, and the secrets that lead to it.

Rests on, of the Aurora user guide:
- "Modifying a cluster": what `apply_immediately` leaves out waits for the maintenance window and is read back as it
  was, so everything is applied at once. "Storage encryption", the names and the master user's name can't be changed.
- "Performance and scaling for Aurora serverless": capacity goes in steps of half a unit; from 0 on, a cluster without
  connections pauses. The block must be there before an instance of the class db.serverless is.
- "Deleting clusters": deletion protection covers the cluster and not its instances, which a deletion takes first.
- "Publishing to CloudWatch Logs": a log group that AWS makes itself never expires, one that exists is used.
- "Security with Aurora PostgreSQL": `rds.force_ssl` is 1 by default from version 17 on. A parameter whose value is the
  default is read back with the method pending-reboot, whatever was sent.
- "Amazon RDS Extended Support": whether a cluster may be in it is said when it is made or restored, and never again.
"""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_aws import cloudwatch, ec2, rds, secretsmanager, vpc

from . import aurora, names
from .database_args import DatabaseArgs
from .database_secrets import DatabaseSecrets

ENGINE: Final = rds.EngineType.AURORA_POSTGRESQL
PORT: Final = 5432
FORCE_TLS: Final = "rds.force_ssl"
TLS_BY_DEFAULT: Final = 17
"""The first major version that takes no connection without TLS by default."""
PARAMETERS: Final = {
    FORCE_TLS: "1",
    "log_min_duration_statement": "5000",
    "log_lock_waits": "1",
    "idle_in_transaction_session_timeout": "3600000",
}
"""Each is dynamic: it applies at once."""
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
"""Inputs that an import leaves as they are: it must find what the program says. The first update after it sets them."""
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
_SAID_ONCE: Final = ("dbSubnetGroupName", "engineLifecycleSupport")
"""Never compared: a cluster stays in the subnet group that it was made in (the group's subnets can change), and keeps
the life cycle support that it was made or restored with, which no call changes."""


class Database(pulumi.ComponentResource):
    """An Aurora PostgreSQL cluster that only its clients' security groups reach, over TLS."""

    host: pulumi.Output[str]
    """The writer's host name."""
    reader_host: pulumi.Output[str]
    """The host name of the readers, or of the writer if there are none."""
    secret: pulumi.Output[str]
    """Name of the secret with the URI and its parts."""
    security_group_id: pulumi.Output[str]
    lifecycle_support: pulumi.Output[str]
    """Whether AWS may bill Extended Support for the cluster, in RDS's words."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:database:Database", name, None, opts)
        self.name, self._args = name, args

        group = self._security_group()
        log = self._log_group()
        secrets = DatabaseSecrets(name=name, args=args, parent=self)
        version, password = secrets.password()
        cluster = self._cluster(group, log, version, password)
        self._instances(cluster)
        self.host, self.reader_host = cluster.endpoint, cluster.reader_endpoint
        self.security_group_id = group.id
        self.lifecycle_support = cluster.engine_lifecycle_support
        self.secret = secrets.uri(cluster, password)
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
        """Each family has its own group: a cluster that is upgraded needs the new one and has the old one still."""
        family, by_default = aurora.family(self._args.engine_version), set[str]()
        if aurora.major(self._args.engine_version) >= TLS_BY_DEFAULT:
            by_default.add(FORCE_TLS)
        return rds.ClusterParameterGroup(
            f"{self._args.identifier}-{family}",
            family=family,
            description=f"Settings of {self._args.identifier}",
            parameters=[
                rds.ClusterParameterGroupParameterArgs(
                    name=key, value=value, apply_method="pending-reboot" if key in by_default else "immediate"
                )
                for key, value in PARAMETERS.items()
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
            engine_lifecycle_support=aurora.NO_EXTENDED_SUPPORT,
            opts=self._cluster_options(log, version),
        )

    def _cluster_options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        options = self._protected(
            self._child(*after, keep=True, adopt=self._args.identifier, ignore=(*_CHANGEABLE, *_SAID_ONCE))
        )
        options.ignore_changes = options.ignore_changes or [*_SAID_ONCE]
        return options

    def _instances(self, cluster: rds.Cluster) -> None:
        """The first one is the writer. Their version isn't theirs to say: the cluster's upgrade is theirs too."""
        args, instances = self._args, list[pulumi.Resource]()
        for number in range(1, args.readers + 2):
            identifier = f"{args.identifier}-{number}"
            options = self._child(*instances[:1], keep=True, adopt=identifier, ignore=_CHANGEABLE_OF_INSTANCE)
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
                opts=options if instances else self._protected(options),  # readers come and go
            )
            instances.append(instance)

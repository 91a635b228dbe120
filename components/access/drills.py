"""What the command `portal restore-drill` calls: what a role needs that runs it and nothing else.

Rests on the service authorization reference for RDS: what is made or changed is allowed together with the groups that
it is in (subnets, parameters, options), which are not changed by it, and a restoration with the snapshot; tags that are
given to what is made need AddTagsToResource. The running cluster can be looked at, and not changed.
"""

from __future__ import annotations

from .. import names
from .statements import Statement


def of_dataset(bucket: str) -> tuple[Statement, ...]:
    """Read every version of a bucket's objects."""
    return (
        Statement(sid="Find", actions=("s3:ListBucketVersions",), resources=(names.bucket_arn(bucket),)),
        Statement(sid="Read", actions=("s3:GetObjectVersion",), resources=(names.objects_arn(bucket),)),
    )


def of_database(
    *, account: str, region: str, environment: str, cluster: str, wdl_bucket: str, comms_bucket: str
) -> tuple[Statement, ...]:
    """Restore a cluster's snapshot, compare in a job of its environment, and remove the copy."""
    rds, drill = f"arn:aws:rds:{region}:{account}", names.database_drill(cluster)
    copy, instance = f"{rds}:cluster:{drill}", f"{rds}:db:{drill}-1"
    snapshots = f"{rds}:cluster-snapshot:*"
    groups = tuple(f"{rds}:{kind}:*" for kind in ("cluster-pg", "og", "pg", "subgrp"))
    password = names.secret_arn(account, region, names.database_password(environment))
    runs = names.execution_arn(account, region, environment)
    results = names.objects_arn(comms_bucket, "swipe/swipe-job-output/")

    def may(sid: str, service: str, actions: str, *resources: str) -> Statement:
        return Statement(sid=sid, actions=tuple(f"{service}:{one}" for one in actions.split()), resources=resources)

    return (
        may("FindCluster", "rds", "DescribeDBClusters", f"{rds}:cluster:{cluster}", copy),
        may("FindInstance", "rds", "DescribeDBInstances", instance),
        may("FindSnapshots", "rds", "DescribeDBClusterSnapshots", f"{rds}:cluster:{cluster}", snapshots),
        may("Restore", "rds", "RestoreDBClusterFromSnapshot", copy, snapshots, *groups),
        may("Serve", "rds", "CreateDBInstance", instance, copy, *groups),
        may("Tag", "rds", "AddTagsToResource", copy, instance),
        may("Change", "rds", "ModifyDBCluster", copy, *groups),
        may("RemoveCluster", "rds", "DeleteDBCluster", copy),
        may("RemoveInstance", "rds", "DeleteDBInstance", instance),
        may("Password", "secretsmanager", "GetSecretValue", password),
        may("FindWorkflow", "s3", "ListBucket", names.bucket_arn(wdl_bucket)),
        may("Compare", "states", "StartExecution", names.state_machine_arn(account, region, environment)),
        may("Follow", "states", "DescribeExecution StopExecution", runs),
        may("Report", "s3", "GetObject", results),
    )

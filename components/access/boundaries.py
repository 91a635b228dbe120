"""The most that roles of the program can do, whatever their own policies say: permissions boundaries.

Three, since who changes a role's policy decides how far it may reach: an administrator for roles that reach data and
for those that EKS works with, CI for most of those that other services of AWS work with (``names.DELEGATED_PATH``). No
boundary allows sts:AssumeRole or a change of IAM: no role of the program enters another, or makes one.
"""

from __future__ import annotations

from typing import Final

from .. import names, orchestrator_names
from . import clusters, roles
from .machine import LOG_DELIVERY
from .resources import PULL
from .scope import Scope
from .statements import Statement

_READ_OBJECTS: Final = ("s3:GetObject", "s3:GetObjectTagging")
_CHANGE_OBJECTS: Final = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:PutObject",
    "s3:PutObjectTagging",
)
"""Not versions: what a job deletes can be brought back."""
_REGISTRY: Final = (*PULL, "ecr:GetAuthorizationToken")


def by_word(scope: Scope) -> dict[str, tuple[str, tuple[Statement, ...]]]:
    """Name and statements of each boundary, by a word for it. That of clusters is there without one too: AWS deletes no
    boundary that a role still has, and a cluster's roles go after the settings have changed."""
    return {
        "data": (names.DATA_BOUNDARY, data(scope)),
        "delegated": (names.DELEGATED_BOUNDARY, delegated(scope)),
        "cluster": (names.CLUSTER_BOUNDARY, cluster(scope)),
    }


def data(scope: Scope) -> tuple[Statement, ...]:
    """Jobs, releases, operators, readers, and pods with a secret."""
    objects = (*_READ_OBJECTS, *_CHANGE_OBJECTS)
    buckets = (*scope.data_buckets, *scope.workspaces, *scope.readable_buckets)
    queries = ("batch:DescribeJobs", "batch:ListJobs", "cloudwatch:PutMetricData", "s3:ListAllMyBuckets")
    runs = tuple(
        f"states:{one}"
        for one in (
            "DescribeExecution",
            "DescribeStateMachine",
            "GetExecutionHistory",
            "ListExecutions",
            "StartExecution",
            "StopExecution",
        )
    )
    machines = tuple(
        scope.arn("states", f"{kind}:{orchestrator_names.app('*')}") for kind in ("stateMachine", "execution")
    )
    read_log = ("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents")
    logs = (scope.arn("logs", f"log-group:{orchestrator_names.job_log_group('*')}"),)
    secrets = tuple(names.secret_arn(scope.account, scope.region, f"{name}/v2_db_*") for name in scope.environments)
    values = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
    return (
        Statement(sid="Buckets", actions=("s3:ListBucket",), resources=tuple(map(names.bucket_arn, buckets))),
        Statement(sid="Objects", actions=objects, resources=tuple(map(names.objects_arn, buckets))),
        Statement(sid="Account", actions=(*queries, *_REGISTRY), resources=("*",)),
        Statement(sid="Runs", actions=runs, resources=machines),
        Statement(sid="Logs", actions=read_log, resources=logs),
        *((Statement(sid="Secrets", actions=values, resources=secrets),) if secrets else ()),
    )


def delegated(scope: Scope) -> tuple[Statement, ...]:
    """State machines, the machines of jobs and what starts these, and the record of connections."""
    host = tuple(action for statement in roles.host(scope.account, scope.region, "*") for action in statement.actions)
    batch = ("batch:DescribeJobs", "batch:SubmitJob", "batch:TagResource", "batch:TerminateJob")
    rule = ("events:DescribeRule", "events:PutRule", "events:PutTargets")
    log = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    groups = (orchestrator_names.job_log_group("*"), names.flow_log_group("*"))
    workspaces = tuple(map(names.bucket_arn, scope.workspaces))
    comms = tuple(map(names.objects_arn, scope.comms_buckets))
    wdl = tuple(map(names.objects_arn, scope.wdl_buckets))
    of_environments = (
        Statement(sid="Workspaces", actions=("s3:ListBucket",), resources=workspaces),
        Statement(sid="Comms", actions=("s3:GetObject", "s3:PutObject"), resources=comms),
        Statement(sid="Workflows", actions=("s3:GetObject",), resources=wdl),
    )
    return (
        Statement(sid="Account", actions=(*_REGISTRY, *host, *LOG_DELIVERY, *batch), resources=("*",)),
        Statement(
            sid="Rule", actions=rule, resources=(scope.arn("events", f"rule/{orchestrator_names.MANAGED_RULE}"),)
        ),
        Statement(
            sid="Messages", actions=("sqs:SendMessage",), resources=(scope.arn("sqs", orchestrator_names.app("*")),)
        ),
        Statement(sid="Logs", actions=log, resources=tuple(scope.arn("logs", f"log-group:{one}") for one in groups)),
        *(of_environments if workspaces else ()),
    )


def cluster(scope: Scope) -> tuple[Statement, ...]:
    """EKS and the cluster's machines, for which AWS's own policies say more closely what they may."""
    return clusters.boundary(scope)

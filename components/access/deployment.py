"""What GitHub's roles may do: preview a change, look for drift, deploy.

An administrator makes every role, says who may enter it, and changes these roles, the boundaries and every role that
reaches data; and what opens data to others or lets it expire: bucket policies, public access blocks, ownership,
lifecycle and versioning of data buckets. A deployment changes the rest. Of roles it changes the policies below
:data:`names.DELEGATED_PATH` alone, within a boundary that reaches no data: it could enter a role whose trust it
changes, and submit a job that has the role of an ingest.

Actions: AWS service authorization reference and the calls of the provider's resource types; since 2025 the provider
asks for the tags of a bucket by S3's calls for tags of any resource first.

What is allowed besides, for networks and orchestrators (``access.orchestration``), databases (``access.databases``), a
cluster (``access.clusters``) and CDNs (``access.delivery``), is in policies of their own: an inline policy has no room
for it.
"""

from __future__ import annotations

from typing import Final

from .. import names
from . import clusters, databases, delivery, orchestration, states
from .scope import Scope
from .statements import Condition, Statement

Further = dict[str, tuple[Statement, ...]]
"""Statements by a word for each policy."""
_READ_BUCKET: Final = (
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListTagsForResource",
)
_CHANGE_BUCKET: Final = (
    "s3:PutBucketCORS",
    "s3:PutBucketLogging",
    "s3:PutBucketTagging",
    "s3:TagResource",
    "s3:UntagResource",
)
"""Changes that neither open data to anybody nor lose any."""
_CHANGE_WORKSPACE: Final = ("s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration")
_READ_FILES: Final = ("s3:GetObject", "s3:GetObjectTagging")
_CHANGE_FILES: Final = (
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:PutObject",
    "s3:PutObjectTagging",
)
_READ_IAM: Final = (
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
)
_CHANGE_POLICIES: Final = ("iam:DeleteRolePolicy", "iam:PutRolePolicy")
_TAG_ROLES: Final = ("iam:TagRole", "iam:UntagRole")


def preview(scope: Scope) -> tuple[Statement, ...]:
    """The state, and what the program looks up; nothing else is read, since a preview compares with the state."""
    boundary = names.policy_arn(scope.account, names.DATA_BOUNDARY)
    return (
        *states.read(scope),
        Statement(sid="FindBootstrap", actions=("iam:GetPolicy", "iam:GetPolicyVersion"), resources=(boundary,)),
        *_imported(scope),
        *(orchestration.lookups() if scope.orchestrated else ()),
        *delivery.looks_up_hosts(scope.cdn_zones or ()),
    )


def drift(scope: Scope) -> tuple[Statement, ...]:
    """The state, and the settings of what is deployed. Of data only the WDL files, which are the program's."""
    return (
        *states.read(scope),
        *_reads(scope),
        *(orchestration.reads(scope) if scope.orchestrated else ()),
        *(delivery.reads(scope.cdn_zones) if scope.cdn_zones is not None else ()),
    )


def deploy(scope: Scope) -> tuple[Statement, ...]:
    """What ``up`` needs once an administrator has brought the account up first; it makes and deletes no bucket."""
    bounded = Condition(
        operator="StringEquals",
        key="iam:PermissionsBoundary",
        values=(names.policy_arn(scope.account, names.DELEGATED_BOUNDARY),),
    )
    delegated, workspaces = names.delegated_roles(scope.account), tuple(map(names.bucket_arn, scope.workspaces))
    files = tuple(map(names.objects_arn, scope.wdl_buckets))
    wdl = tuple(map(names.bucket_arn, scope.wdl_buckets))
    workspace_changes = (
        Statement(sid="Workspaces", actions=_CHANGE_WORKSPACE, resources=workspaces),
        Statement(sid="WorkflowVersions", actions=("s3:ListBucketVersions",), resources=wdl),
        Statement(sid="Workflows", actions=_CHANGE_FILES, resources=files),
    )
    return (
        *states.read(scope),
        states.write(scope),
        *_reads(scope),
        Statement(sid="Buckets", actions=_CHANGE_BUCKET, resources=_buckets(scope)),
        *(workspace_changes if workspaces else ()),
        Statement(sid="RolePolicies", actions=_CHANGE_POLICIES, resources=(delegated,), conditions=(bounded,)),
        Statement(sid="RoleTags", actions=_TAG_ROLES, resources=(delegated,)),
    )


def further_lookups(scope: Scope) -> Further:
    """What previews ask besides."""
    return {"cluster": clusters.lookups()} if scope.cluster else {}


def further_reads(scope: Scope) -> Further:
    """What drift detection reads besides."""
    databases_there = {"databases": databases.reads(scope)} if scope.databases else {}
    return {**databases_there, **({"cluster": clusters.reads(scope)} if scope.cluster else {})}


def further_changes(scope: Scope) -> Further:
    """What deployments may do besides."""
    further = Further()
    if scope.orchestrated:
        further["orchestrators"] = orchestration.changes(scope)
        further["network"] = orchestration.network_changes(scope)
    if scope.databases:
        further["databases"] = databases.reads(scope)
    if scope.cluster:
        further["cluster"] = clusters.changes(scope)
    if scope.cdn_zones is not None:
        further["cdn"] = delivery.changes(scope)
    return further


def _reads(scope: Scope) -> tuple[Statement, ...]:
    account = scope.account
    files = Statement(
        sid="ReadWorkflows", actions=_READ_FILES, resources=tuple(map(names.objects_arn, scope.wdl_buckets))
    )
    of_iam = (
        *(names.role_arn(account, names.ANY_NAME, path) for path in ("/", names.DELEGATED_PATH)),
        names.policy_arn(account, names.ANY_NAME),
    )
    return (
        Statement(sid="ReadBuckets", actions=_READ_BUCKET, resources=_buckets(scope)),
        *((files,) if files.resources else ()),
        Statement(sid="ReadRoles", actions=_READ_IAM, resources=of_iam),
    )


def _imported(scope: Scope) -> tuple[Statement, ...]:
    """The program and the engine read what is taken in while they preview."""
    buckets = tuple(map(names.bucket_arn, scope.imported_buckets))
    return (
        *((Statement(sid="ReadImported", actions=_READ_BUCKET, resources=buckets),) if buckets else ()),
        *orchestration.imported_reads(scope),
        *(databases.imported_reads(scope) if scope.imported_databases else ()),
    )


def _buckets(scope: Scope) -> tuple[str, ...]:
    return tuple(map(names.bucket_arn, (*scope.data_buckets, *scope.workspaces)))

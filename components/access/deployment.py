"""What GitHub's preview and deploy roles may do, and the boundary that no role of the program exceeds.

The boundary, the GitHub roles and the token issuer are made and changed by an administrator alone (the first ``up``
runs as one): a deploy role that could change them could make itself anything. Actions: AWS service authorization
reference and the calls of the provider's resource types (read, create, update, delete).

``orchestrators_in``: the region of the account's orchestrators; without any, nothing that they alone need is allowed
(``access.orchestration``). ``cdn_zones``: the Route 53 zones of the account's data CDNs; None: it has no CDN
(``access.delivery``). What is allowed besides, for databases (``access.databases``) and a cluster
(``access.clusters``), is in policies of its own: an inline policy has no room for it.
"""

from __future__ import annotations

from components import names
from components.access import clusters, databases, delivery, orchestration
from components.access.statements import Condition, Statement

_ANY_BUCKET = "arn:aws:s3:::*"
_WORKSPACES = ("arn:aws:s3:::*swipe-wdl*", "arn:aws:s3:::*swipe-comms*")
_READ_BUCKET = (
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
)
_WRITE_BUCKET = (
    "s3:CreateBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketCORS",
    "s3:PutBucketLogging",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
)
_WRITE_STATE = ("s3:DeleteObject", "s3:PutObject")
_READ_IAM = (
    "iam:GetOpenIDConnectProvider",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
)
_BOUND = ("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
"""The calls on roles for which IAM knows the key ``iam:PermissionsBoundary``, of those the program makes."""
_UNBOUND = (
    "iam:DeleteRole",
    "iam:ListInstanceProfilesForRole",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)
_CHANGE_POLICY = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:TagPolicy",
    "iam:UntagPolicy",
)


Zones = tuple[str, ...] | None


def preview(account: str, orchestrators_in: str | None = None, cdn_zones: Zones = None) -> tuple[Statement, ...]:
    """What ``preview`` and ``refresh`` read of the program's resources; no data but the WDL files."""
    role = names.role_arn(account, names.GITHUB_PREVIEW)
    more = orchestration.reads(account, orchestrators_in) if orchestrators_in else ()
    if cdn_zones is not None:
        more = (*more, *delivery.reads(cdn_zones))
    return (*_reads(account), *more, Statement(sid="Itself", actions=("sts:AssumeRole",), resources=(role,)))


def deploy(account: str, orchestrators_in: str | None = None, cdn_zones: Zones = None) -> tuple[Statement, ...]:
    """What ``up`` needs once an administrator has brought the account up first.

    It deletes the environments' own buckets alone, which hold nothing that lasts; any other is an administrator's to
    delete.
    """
    role = names.role_arn(account, names.GITHUB_DEPLOY)
    workspace_objects = tuple(f"{bucket}/*" for bucket in _WORKSPACES)
    change = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject", "s3:PutObjectTagging")
    return (
        *_reads(account),
        Statement(sid="Itself", actions=("sts:AssumeRole",), resources=(role,)),
        Statement(sid="Buckets", actions=_WRITE_BUCKET, resources=(_ANY_BUCKET,)),
        Statement(sid="AccountBlock", actions=("s3:PutAccountPublicAccessBlock",), resources=("*",)),
        Statement(sid="Workspaces", actions=("s3:DeleteBucket", "s3:ListBucketVersions"), resources=_WORKSPACES),
        Statement(sid="Workflows", actions=change, resources=workspace_objects),
        Statement(sid="State", actions=_WRITE_STATE, resources=(names.objects_arn(names.STATE_BUCKETS),)),
        Statement(sid="BoundRoles", actions=_BOUND, resources=(_any_role(account),), conditions=(_bounded(account),)),
        Statement(sid="Roles", actions=_UNBOUND, resources=(_any_role(account),)),
        *(orchestration.changes(account, orchestrators_in) if orchestrators_in else ()),
        *(delivery.changes(cdn_zones) if cdn_zones is not None else ()),
        _roots_stay(account),
    )


def boundary(
    account: str,
    orchestrators_in: str | None = None,
    cdn_zones: Zones = None,
    *,
    databases_here: bool = False,
    cluster_here: bool = False,
) -> tuple[Statement, ...]:
    """The most that any role of the program can do, whatever its own policy says."""
    bound = (*_BOUND, *(clusters.ATTACHED if cluster_here else ()))
    services = (
        "cloudwatch:PutMetricData",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "kms:Decrypt",
        "s3:*",
        "secretsmanager:GetSecretValue",
        "states:*",
        "sts:AssumeRole",
    )
    return (
        Statement(sid="Services", actions=services, resources=("*",)),
        Statement(sid="ReadIam", actions=_READ_IAM, resources=("*",)),
        # Not every role of the account: whoever could change the trust of the administrators' role would be one.
        Statement(sid="Roles", actions=(*_BOUND, *_UNBOUND), resources=(_any_role(account),)),
        Statement(
            sid="BoundOnly",
            effect="Deny",
            actions=bound,
            resources=("*",),
            conditions=(_bounded(account, "StringNotEquals"),),
        ),
        *(orchestration.most(account, orchestrators_in, cluster=cluster_here) if orchestrators_in else ()),
        *((delivery.most(),) if cdn_zones is not None else ()),
        *(databases.most(account) if databases_here else ()),
        *(clusters.most(account) if cluster_here else ()),
        _roots_stay(account, *(clusters.ATTACHED if cluster_here else ())),
    )


def _reads(account: str) -> tuple[Statement, ...]:
    roles = (_any_role(account), _any_policy(account))
    issuer = names.oidc_provider_arn(account, names.GITHUB_ISSUER)
    objects = ("s3:GetObject", "s3:GetObjectTagging")
    return (
        Statement(sid="ReadBuckets", actions=_READ_BUCKET, resources=(_ANY_BUCKET,)),
        Statement(sid="ReadAccountBlock", actions=("s3:GetAccountPublicAccessBlock",), resources=("*",)),
        Statement(sid="ReadWorkflows", actions=objects, resources=(f"{_WORKSPACES[0]}/*",)),
        Statement(sid="ReadState", actions=("s3:GetObject",), resources=(names.objects_arn(names.STATE_BUCKETS),)),
        Statement(sid="ReadRoles", actions=_READ_IAM, resources=(*roles, issuer)),
    )


def _any_role(account: str) -> str:
    return names.role_arn(account, names.ANY_ROLE)


def _any_policy(account: str) -> str:
    """The boundary, and further policies of the GitHub roles."""
    return names.policy_arn(account, names.ANY_ROLE)


def _bounded(account: str, operator: str = "StringEquals") -> Condition:
    boundary_arn = names.policy_arn(account, names.BOUNDARY)
    return Condition(operator=operator, key="iam:PermissionsBoundary", values=(boundary_arn,))


def _roots_stay(account: str, *more: str) -> Statement:
    """The boundary and the GitHub roles are changed by an administrator alone. ``more``: further calls that change."""
    roots = (names.GITHUB_PREVIEW, names.GITHUB_DEPLOY)
    return Statement(
        sid="RootsStay",
        effect="Deny",
        actions=(*_BOUND, *_UNBOUND, *_CHANGE_POLICY, *more),
        resources=(*(names.role_arn(account, role) for role in roots), _any_policy(account)),
    )

"""What previews, drift detection and deployments of a cluster and its services call, and what the roles do at most that
EKS works with.

Granted only where an account has a cluster. Rests on: the service authorization reference, the calls of the provider's
resource types, and AWS's own policies for the roles of EKS Auto Mode, which launch machines and register targets; its
instance profiles begin with `eks`. The cluster with all that EKS keeps of it (endpoint, version, who gets in, add-ons,
the roles of pods), its key and its log are an administrator's: whoever changes them can become the cluster's
administrator, open it to the internet, or remove its audit log. A deployment changes what is in it, and load balancers.
"""

from __future__ import annotations

from typing import Final

from .. import names
from .scope import Scope
from .statements import Condition, Statement

_LINKED: Final = ("eks.amazonaws.com", "elasticloadbalancing.amazonaws.com", "vpcorigin.cloudfront.amazonaws.com")
"""Services that make a role for themselves with the rights of whoever asks them first."""
_LOOK: Final = (
    "ec2:DescribeManagedPrefixLists",
    "ec2:GetManagedPrefixListEntries",
    "elasticloadbalancing:Describe*",
    "kms:ListAliases",
)
_READ_KEY: Final = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags")
_READ_EKS: Final = ("eks:Describe*", "eks:List*")
_MAKE_BALANCERS: Final = (
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
)
_CHANGE_BALANCERS: Final = (
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyListenerAttributes",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RemoveTags",
    "elasticloadbalancing:SetRulePriorities",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
)


def lookups() -> tuple[Statement, ...]:
    """What the program asks, and how the provider gets into the cluster; what is in it, its access entry says."""
    asked = ("ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries", "eks:DescribeCluster")
    return (Statement(sid="FindCluster", actions=asked, resources=("*",)),)


def reads(scope: Scope) -> tuple[Statement, ...]:
    """What a refresh looks at."""
    return (
        Statement(sid="LookAtCluster", actions=(*_LOOK, *_READ_EKS), resources=("*",)),
        Statement(sid="ReadClusterKey", actions=_READ_KEY, resources=(_keys(scope),)),
        Statement(sid="ReadClusterLog", actions=("logs:ListTagsForResource",), resources=(_log(scope),)),
    )


def changes(scope: Scope) -> tuple[Statement, ...]:
    """What a deployment looks at and changes."""
    after_kill = Statement(sid="FindKeys", actions=("kms:ListKeys",), resources=("*",))
    return (*reads(scope), after_kill, *_balancers(scope))


def boundary(scope: Scope) -> tuple[Statement, ...]:
    """What the boundary of the cluster's own roles allows; AWS's policies of these roles say it more closely."""
    services = ("ec2:*", "eks-auth:*", "eks:*", "elasticloadbalancing:*", "kms:CreateGrant", "kms:DescribeKey")
    registry = (
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
    )
    profile = f"arn:aws:iam::{scope.account}:instance-profile/eks*"
    return (
        Statement(sid="Cluster", actions=(*services, *registry, "iam:ListInstanceProfiles"), resources=("*",)),
        Statement(sid="Machines", actions=("iam:*InstanceProfile",), resources=(profile,)),
        Statement(
            sid="MachinesRole",
            actions=("iam:PassRole",),
            resources=(names.role_arn(scope.account, names.NODE_ROLE),),
            conditions=(_passed("ec2.amazonaws.com"),),
        ),
        _linked(scope),
    )


def _balancers(scope: Scope) -> tuple[Statement, ...]:
    """What has the project's tag is changed; the tag is put on what is made."""
    anything = (scope.arn("elasticloadbalancing", "*"),)
    making = Condition(operator="StringLike", key="elasticloadbalancing:CreateAction", values=("*",))
    tag = ("elasticloadbalancing:AddTags",)
    return (
        Statement(sid="MakeBalancers", actions=_MAKE_BALANCERS, resources=anything),
        Statement(sid="TagMadeBalancers", actions=tag, resources=anything, conditions=(making,)),
        Statement(sid="ChangeBalancers", actions=_CHANGE_BALANCERS, resources=anything, conditions=(scope.own(),)),
    )


def _linked(scope: Scope) -> Statement:
    return Statement(
        sid="ClustersRoles",
        actions=("iam:CreateServiceLinkedRole",),
        resources=tuple(names.role_arn(scope.account, f"aws-service-role/{service}/*") for service in _LINKED),
        conditions=(Condition(operator="StringEquals", key="iam:AWSServiceName", values=_LINKED),),
    )


def _passed(*services: str) -> Condition:
    return Condition(operator="StringEquals", key="iam:PassedToService", values=services)


def _keys(scope: Scope) -> str:
    """A key has an id in its ARN, which is not known beforehand."""
    return scope.arn("kms", "key/*")


def _log(scope: Scope) -> str:
    return scope.arn("logs", f"log-group:{names.CLUSTER_LOG_GROUP}")

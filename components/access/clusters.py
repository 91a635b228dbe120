"""What previews and deployments of a cluster and its services call, and what their roles and its own do at most.

Granted only where an account has a cluster. Rests on: the service authorization reference, the calls of the provider's
resource types, and AWS's own policies for the roles of EKS Auto Mode, which launch machines and register targets; its
instance profiles begin with `eks`. The key of the cluster's Secrets is an administrator's to delete, as data is.
"""

from __future__ import annotations

from typing import Final

from components import names
from components.access.statements import Condition, Statement

PASSED_TO: Final = ("eks.amazonaws.com", "pods.eks.amazonaws.com")
ATTACHED: Final = ("iam:AttachRolePolicy", "iam:DetachRolePolicy")
"""Policies of AWS's own, to the cluster's roles; IAM knows the key ``iam:PermissionsBoundary`` for both."""
LINKED: Final = ("eks.amazonaws.com", "elasticloadbalancing.amazonaws.com", "vpcorigin.cloudfront.amazonaws.com")
"""Services that make a role for themselves with the rights of whoever asks them first."""
_LOOK: Final = (
    "ec2:DescribeManagedPrefixLists",
    "ec2:GetManagedPrefixListEntries",
    "elasticloadbalancing:Describe*",
    "kms:ListAliases",
    "kms:ListKeys",
)
_READ_KEY: Final = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags")
_READ_EKS: Final = ("eks:Describe*", "eks:List*")
_CHANGE_EKS: Final = (
    "eks:AssociateAccessPolicy",
    "eks:AssociateEncryptionConfig",
    "eks:CreateAccessEntry",
    "eks:CreateAddon",
    "eks:CreatePodIdentityAssociation",
    "eks:DeleteAccessEntry",
    "eks:DeleteAddon",
    "eks:DeleteCluster",
    "eks:DeletePodIdentityAssociation",
    "eks:DisassociateAccessPolicy",
    "eks:TagResource",
    "eks:UntagResource",
    "eks:UpdateAccessEntry",
    "eks:UpdateAddon",
    "eks:UpdateClusterConfig",
    "eks:UpdateClusterVersion",
    "eks:UpdatePodIdentityAssociation",
)
_CHANGE_BALANCERS: Final = (
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RemoveTags",
    "elasticloadbalancing:SetRulePriorities",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
)
_CHANGE_KEY: Final = (
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:DeleteAlias",
    "kms:EnableKeyRotation",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_LOG: Final = (
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
)


def reads(account: str, region: str) -> tuple[Statement, ...]:
    """What a preview and a refresh look at; what is in the cluster, its access entry says."""
    return (
        Statement(sid="LookAtCluster", actions=(*_LOOK, *_READ_EKS), resources=("*",)),
        Statement(sid="ReadClusterKey", actions=_READ_KEY, resources=(_keys(account, region),)),
        Statement(sid="ReadClusterLog", actions=("logs:ListTagsForResource",), resources=(_log(account, region),)),
    )


def changes(account: str, region: str) -> tuple[Statement, ...]:
    """What a deployment looks at, makes and changes."""
    key, without_name = _keys(account, region), ("eks:CreateCluster", "kms:CreateKey")
    aliases = f"arn:aws:kms:{region}:{account}:{names.CLUSTER_KEY}"
    balancers = f"arn:aws:elasticloadbalancing:{region}:{account}:*"
    return (
        Statement(sid="LookAtCluster", actions=(*_LOOK, *_READ_EKS, *without_name), resources=("*",)),
        Statement(sid="ChangeCluster", actions=_CHANGE_EKS, resources=(f"arn:aws:eks:{region}:{account}:*",)),
        Statement(sid="ChangeBalancers", actions=_CHANGE_BALANCERS, resources=(balancers,)),
        Statement(sid="ChangeClusterKey", actions=(*_READ_KEY, *_CHANGE_KEY), resources=(key, aliases)),
        Statement(sid="ChangeClusterLog", actions=_LOG, resources=(_log(account, region),)),
        Statement(
            sid="AttachToBoundRoles",
            actions=ATTACHED,
            resources=(names.role_arn(account, names.ANY_ROLE),),
            conditions=(_bounded(account), _by_aws()),
        ),
        *_hand_over(account),
    )


def most(account: str) -> tuple[Statement, ...]:
    """What the boundary allows beyond what orchestrators need; EC2 as a whole, whose machines the cluster launches."""
    profiles = ("iam:*InstanceProfile", "iam:*InstanceProfiles")
    services = ("ec2:*", "eks-auth:*", "eks:*", "elasticloadbalancing:*", "kms:CreateKey", "kms:List*")
    secret = ("secretsmanager:DescribeSecret",)
    return (
        Statement(
            sid="Cluster",
            actions=(*services, *_READ_KEY, *_CHANGE_KEY, *secret, *profiles, *ATTACHED),
            resources=("*",),
        ),
        *_hand_over(account),
    )


def _hand_over(account: str) -> tuple[Statement, ...]:
    """Roles of the program given to EKS, and the services' own roles."""
    passed = Condition(operator="StringEquals", key="iam:PassedToService", values=PASSED_TO)
    linked = Condition(operator="StringEquals", key="iam:AWSServiceName", values=LINKED)
    service_roles = tuple(names.role_arn(account, f"aws-service-role/{service}/*") for service in LINKED)
    return (
        Statement(
            sid="PassToCluster",
            actions=("iam:PassRole",),
            resources=(names.role_arn(account, names.ANY_ROLE),),
            conditions=(passed,),
        ),
        Statement(
            sid="ClustersRoles",
            actions=("iam:CreateServiceLinkedRole",),
            resources=service_roles,
            conditions=(linked,),
        ),
    )


def _bounded(account: str) -> Condition:
    boundary = names.policy_arn(account, names.BOUNDARY)
    return Condition(operator="StringEquals", key="iam:PermissionsBoundary", values=(boundary,))


def _by_aws() -> Condition:
    policies = tuple(map(names.aws_policy_arn, ("AmazonEKS*", "AmazonEC2ContainerRegistryPullOnly")))
    return Condition(operator="ArnLike", key="iam:PolicyARN", values=policies)


def _keys(account: str, region: str) -> str:
    """A key has an id in its ARN, which is not known beforehand."""
    return f"arn:aws:kms:{region}:{account}:key/*"


def _log(account: str, region: str) -> str:
    return f"arn:aws:logs:{region}:{account}:log-group:{names.CLUSTER_LOG_GROUP}"

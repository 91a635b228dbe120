"""What previews and deployments of networks and orchestrators call, and what their roles do at most.

Granted only where an account has orchestrators. Rests on: the service authorization reference and the calls of the
provider's resource types; ``Describe`` calls of EC2 and CloudWatch Logs know no resources; what EC2 makes has an id in
its ARN, so the account and the region are all that can be named beforehand; the ECS cluster of a compute environment
has that one's name within its own (``AWSBatch-name-id``); Batch makes its service-linked role with
the rights of whoever makes the first compute environment.
"""

from __future__ import annotations

from typing import Final

from components import names
from components.access import roles
from components.access.statements import Condition, Statement

PASSED_TO: Final = (
    "ec2.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "states.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""The services that work with roles of the program."""
_DESCRIBE: Final = (
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobDefinitions",
    "batch:DescribeJobQueues",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeAddresses",
    "ec2:DescribeAddressesAttribute",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribePrefixLists",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "logs:DescribeLogGroups",
    "states:ValidateStateMachineDefinition",
)
_READ: Final = {
    "batch": ("ListTagsForResource",),
    "cloudwatch": ("ListTagsForResource",),
    "ecr": ("DescribeRepositories", "GetLifecyclePolicy", "GetRepositoryPolicy", "ListTagsForResource"),
    "ecs": ("DescribeClusters",),
    "events": ("DescribeRule", "ListTagsForResource", "ListTargetsByRule"),
    "iam": ("GetInstanceProfile",),
    "logs": ("ListTagsForResource",),
    "sns": ("GetTopicAttributes", "ListTagsForResource"),
    "sqs": ("GetQueueAttributes", "GetQueueUrl", "ListQueueTags"),
    "states": ("DescribeStateMachine", "ListStateMachineVersions", "ListTagsForResource"),
}
_TAG: Final = ("TagResource", "UntagResource")
_CHANGE: Final = {
    "batch": (
        "CreateComputeEnvironment",
        "CreateJobQueue",
        "DeleteComputeEnvironment",
        "DeleteJobQueue",
        "DeregisterJobDefinition",
        "RegisterJobDefinition",
        "UpdateComputeEnvironment",
        "UpdateJobQueue",
        *_TAG,
    ),
    "cloudwatch": ("DeleteAlarms", "PutMetricAlarm", *_TAG),
    "ec2": (
        "AllocateAddress",
        "AssociateRouteTable",
        "AttachInternetGateway",
        "AuthorizeSecurityGroupEgress",
        "CreateFlowLogs",
        "CreateInternetGateway",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
        "CreateNatGateway",
        "CreateRoute",
        "CreateRouteTable",
        "CreateSecurityGroup",
        "CreateSubnet",
        "CreateTags",
        "CreateVpc",
        "CreateVpcEndpoint",
        "DeleteFlowLogs",
        "DeleteInternetGateway",
        "DeleteLaunchTemplate",
        "DeleteNatGateway",
        "DeleteRoute",
        "DeleteRouteTable",
        "DeleteSecurityGroup",
        "DeleteSubnet",
        "DeleteTags",
        "DeleteVpc",
        "DeleteVpcEndpoints",
        "DetachInternetGateway",
        "DisassociateAddress",
        "DisassociateRouteTable",
        "ModifyLaunchTemplate",
        "ModifySecurityGroupRules",
        "ModifySubnetAttribute",
        "ModifyVpcAttribute",
        "ModifyVpcEndpoint",
        "ReleaseAddress",
        "ReplaceRoute",
        "RevokeSecurityGroupEgress",
        "RevokeSecurityGroupIngress",
    ),
    # No DeleteRepository: images are an administrator's to delete, as data is.
    "ecr": (
        "CreateRepository",
        "DeleteLifecyclePolicy",
        "DeleteRepositoryPolicy",
        "PutImageScanningConfiguration",
        "PutImageTagMutability",
        "PutLifecyclePolicy",
        "SetRepositoryPolicy",
        *_TAG,
    ),
    "events": ("DeleteRule", "PutRule", "PutTargets", "RemoveTargets", *_TAG),
    "iam": (
        "AddRoleToInstanceProfile",
        "CreateInstanceProfile",
        "DeleteInstanceProfile",
        "RemoveRoleFromInstanceProfile",
        "TagInstanceProfile",
        "UntagInstanceProfile",
    ),
    "logs": ("CreateLogGroup", "DeleteLogGroup", "DeleteRetentionPolicy", "PutRetentionPolicy", *_TAG),
    "sns": ("CreateTopic", "DeleteTopic", "SetTopicAttributes", *_TAG),
    "sqs": ("CreateQueue", "DeleteQueue", "SetQueueAttributes", "TagQueue", "UntagQueue"),
    "states": ("CreateStateMachine", "DeleteStateMachine", "UpdateStateMachine", *_TAG),
}


def reads(account: str, region: str) -> tuple[Statement, ...]:
    """What a preview and a refresh look at."""
    return (_describe(), *_statements("Read", _READ, account, region))


def changes(account: str, region: str) -> tuple[Statement, ...]:
    """What a deployment looks at, makes, changes and deletes: in one statement a service, since sizes are limited."""
    both = {service: (*_READ.get(service, ()), *_CHANGE.get(service, ())) for service in {**_READ, **_CHANGE}}
    return (_describe(), *_statements("Change", both, account, region), *_hand_over(account))


def _describe() -> Statement:
    return Statement(sid="Describe", actions=_DESCRIBE, resources=("*",))


def _hand_over(account: str) -> tuple[Statement, ...]:
    """Roles of the program given to services, and Batch's own role."""
    passed = Condition(operator="StringEquals", key="iam:PassedToService", values=PASSED_TO)
    linked = Condition(operator="StringEquals", key="iam:AWSServiceName", values=("batch.amazonaws.com",))
    role = names.role_arn(account, "aws-service-role/batch.amazonaws.com/*")
    return (
        Statement(
            sid="PassRoles",
            actions=("iam:PassRole",),
            resources=(names.role_arn(account, names.ANY_ROLE),),
            conditions=(passed,),
        ),
        Statement(sid="BatchsRole", actions=("iam:CreateServiceLinkedRole",), resources=(role,), conditions=(linked,)),
    )


def most(account: str, region: str, *, cluster: bool = False) -> tuple[Statement, ...]:
    """What the boundary allows beyond data: for jobs, machines, the state machine, the flow log and deployments.
    ``cluster``: the account has one, so that the boundary allows EC2 as a whole (``access.clusters``)."""
    services = ("batch:*", "cloudwatch:*", "ecr:*", "events:*", "logs:*", "sns:*", "sqs:*")
    agent = tuple(action for statement in roles.host() for action in statement.actions)
    looks = () if cluster else tuple(action for action in _DESCRIBE if action.startswith("ec2:"))
    changed = () if cluster else tuple(f"ec2:{action}" for action in _CHANGE["ec2"])
    own = {"ecs": _READ["ecs"], "iam": (*_READ["iam"], *_CHANGE["iam"])}
    return (
        Statement(sid="Orchestration", actions=(*services, *agent, *looks, *changed), resources=("*",)),
        *_statements("Bound", own, account, region),
        *_hand_over(account),
    )


def _statements(word: str, actions: dict[str, tuple[str, ...]], account: str, region: str) -> tuple[Statement, ...]:
    """One statement a service, each on what the program names there."""
    return tuple(
        Statement(
            sid=f"{word}{service.capitalize()}",
            actions=tuple(f"{service}:{action}" for action in found),
            resources=_resources(service, account, region),
        )
        for service, found in actions.items()
    )


def _resources(service: str, account: str, region: str) -> tuple[str, ...]:
    """Everything of the program in a service: by its prefix, and where names are ids, everything in the region."""
    prefix = names.ANY_ROLE
    kinds = {
        "batch": (f"compute-environment/{prefix}", f"job-definition/{prefix}", f"job-queue/{prefix}"),
        "cloudwatch": (f"alarm:{prefix}",),
        "ec2": ("*",),
        "ecr": ("repository/*",),
        "ecs": (f"cluster/*{prefix}",),
        "events": (f"rule/{prefix}",),
        "logs": tuple(
            f"log-group:{folder}/{prefix}" for folder in ("/aws/batch", "/aws/vendedlogs/states", "/aws/vpc")
        ),
        "sns": (prefix,),
        "sqs": (prefix,),
        "states": (f"stateMachine:{prefix}",),
    }
    if service == "iam":
        return (f"arn:aws:iam::{account}:instance-profile/{prefix}",)
    return tuple(f"arn:aws:{service}:{region}:{account}:{kind}" for kind in kinds[service])

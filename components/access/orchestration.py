"""What previews, drift detection and deployments of networks and orchestrators call.

Granted only where an account has orchestrators. Rests on: the service authorization reference and the calls of the
provider's resource types; ``Describe`` calls of EC2 and CloudWatch Logs know no resources; what EC2 makes has an id in
its ARN, so that it is known by its tags alone, which a call that makes it may set, and nobody else on what has none;
the ECS cluster of a compute environment has that one's name within its own (``AWSBatch-name-id``); Batch makes its
service-linked role with the rights of whoever makes the first compute environment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import names, orchestrator_names
from .scope import Scope
from .statements import Condition, Statement

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
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
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
    "cloudwatch": ("ListTagsForResource",),
    "ecr": ("DescribeRepositories", "GetLifecyclePolicy", "GetRepositoryPolicy", "ListTagsForResource"),
    "events": ("DescribeRule", "ListTagsForResource", "ListTargetsByRule"),
    "iam": ("GetInstanceProfile",),
    "logs": ("ListTagsForResource",),
    "sns": ("GetTopicAttributes", "ListTagsForResource"),
    "sqs": ("GetQueueAttributes", "ListQueueTags"),
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
    # Who may push, whether a tag can be moved and which images expire decide what other accounts run: an
    # administrator's.
    "ecr": ("PutImageScanningConfiguration", *_TAG),
    # `portal up` counts the tasks on earlier machines.
    "ecs": ("DescribeClusters",),
    "events": ("DeleteRule", "PutRule", "PutTargets", "RemoveTargets", *_TAG),
    "iam": ("TagInstanceProfile", "UntagInstanceProfile"),
    "logs": ("CreateLogGroup", "DeleteLogGroup", "DeleteRetentionPolicy", "PutRetentionPolicy", *_TAG),
    "sns": ("CreateTopic", "DeleteTopic", "SetTopicAttributes", *_TAG),
    "sqs": ("CreateQueue", "DeleteQueue", "GetQueueUrl", "SetQueueAttributes", "TagQueue", "UntagQueue"),
    "states": ("CreateStateMachine", "DeleteStateMachine", "UpdateStateMachine", *_TAG),
}
_MAKE_EC2: Final = (
    "AllocateAddress",
    "AuthorizeSecurityGroupEgress",
    "CreateFlowLogs",
    "CreateInternetGateway",
    "CreateLaunchTemplate",
    "CreateNatGateway",
    "CreateRouteTable",
    "CreateSecurityGroup",
    "CreateSubnet",
    "CreateVpcEndpoint",
)
"""Also on what has no tags yet. A rule of a security group is made in a group. No CreateVpc: a new network has a
default security group without the tag, which the provider empties and tags."""
_CHANGE_EC2: Final = (
    "AssociateRouteTable",
    "AttachInternetGateway",
    "CreateLaunchTemplateVersion",
    "CreateRoute",
    "CreateTags",
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
    "ReplaceRouteTableAssociation",
    "RevokeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
)
"""On what bears the project's tag."""


def lookups() -> tuple[Statement, ...]:
    """What the provider asks in previews: whether a definition that changes is valid."""
    return (Statement(sid="Validate", actions=("states:ValidateStateMachineDefinition",), resources=("*",)),)


def reads(scope: Scope) -> tuple[Statement, ...]:
    """What a refresh looks at."""
    return (_describe(), *_statements("Read", _READ, scope))


def imported_reads(scope: Scope) -> tuple[Statement, ...]:
    """What a preview looks at of repositories that are taken in."""
    return _statements("ReadImported", {"ecr": _READ["ecr"]}, replace(scope, repositories=scope.imported_repositories))


def changes(scope: Scope) -> tuple[Statement, ...]:
    """What a deployment looks at and changes outside the network: one statement a service, since sizes are limited."""
    both = {service: (*_READ.get(service, ()), *_CHANGE.get(service, ())) for service in {**_READ, **_CHANGE}}
    return (*_statements("Change", both, scope), *_hand_over(scope))


def network_changes(scope: Scope) -> tuple[Statement, ...]:
    """Tags are put on what a call makes, and on what has the project's already: so nothing else gets it."""
    anything = (scope.arn("ec2", "*"),)
    making = Condition(operator="StringLike", key="ec2:CreateAction", values=("*",))
    return (
        # Before it deletes a subnet or a security group, the provider looks at what is in it.
        _describe("ec2:DescribeNetworkInterfaces"),
        Statement(sid="MakeEc2", actions=tuple(f"ec2:{one}" for one in _MAKE_EC2), resources=anything),
        Statement(sid="TagMadeEc2", actions=("ec2:CreateTags",), resources=anything, conditions=(making,)),
        Statement(
            sid="ChangeEc2",
            actions=tuple(f"ec2:{one}" for one in _CHANGE_EC2),
            resources=anything,
            conditions=(scope.own(),),
        ),
    )


def _describe(*more: str) -> Statement:
    return Statement(sid="Describe", actions=(*_DESCRIBE, *more), resources=("*",))


def _hand_over(scope: Scope) -> tuple[Statement, ...]:
    """Roles of the program given to services, and Batch's own role."""
    account = scope.account
    by_name = tuple(names.role_arn(account, one) for one in (names.HOST_ROLES, *names.job_roles()))
    passed = Condition(operator="StringEquals", key="iam:PassedToService", values=PASSED_TO)
    linked = Condition(operator="StringEquals", key="iam:AWSServiceName", values=("batch.amazonaws.com",))
    role = names.role_arn(account, "aws-service-role/batch.amazonaws.com/*")
    return (
        Statement(
            sid="PassRoles",
            actions=("iam:PassRole",),
            resources=(names.delegated_roles(account), *by_name),
            conditions=(passed,),
        ),
        Statement(sid="BatchsRole", actions=("iam:CreateServiceLinkedRole",), resources=(role,), conditions=(linked,)),
    )


def _statements(word: str, actions: dict[str, tuple[str, ...]], scope: Scope) -> tuple[Statement, ...]:
    """One statement a service, each on what the program names there."""
    return tuple(
        Statement(
            sid=f"{word}{service.capitalize()}",
            actions=tuple(f"{service}:{action}" for action in listed),
            resources=resources,
        )
        for service, listed in actions.items()
        if (resources := _resources(service, scope))
    )


def _resources(service: str, scope: Scope) -> tuple[str, ...]:
    """Everything of the program in a service, by the names that it gives."""
    app = orchestrator_names.app("*")
    kinds = {
        "batch": tuple(f"{kind}/{app}" for kind in ("compute-environment", "job-definition", "job-queue")),
        "cloudwatch": (f"alarm:{app}",),
        "ecr": tuple(f"repository/{name}" for name in scope.repositories),
        "ecs": (f"cluster/*{app}",),
        "events": (f"rule/{app}",),
        "logs": tuple(
            f"log-group:{group}"
            for group in (
                orchestrator_names.job_log_group("*"),
                orchestrator_names.machine_log_group("*"),
                names.flow_log_group("*"),
            )
        ),
        "sns": (app,),
        "sqs": (app,),
        "states": (f"stateMachine:{app}",),
    }
    if service == "iam":
        return (f"arn:aws:iam::{scope.account}:instance-profile/{names.HOST_ROLES}",)
    return tuple(scope.arn(service, kind) for kind in kinds[service])

"""What an account has, by resource type, under the ids that the state has for it: for comparison with the state.

Left out: what AWS makes by itself with something else (a VPC's main route table, the role of Batch, the rule through
which Step Functions follows jobs).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.journey.conftest import DEV, Cloud, Project

Client = Callable[[str], Any]


def _pages(client: Any, call: str, key: str, **request: Any) -> list[Any]:
    if not client.can_paginate(call):
        return getattr(client, call)(**request)[key]
    return [row for page in client.get_paginator(call).paginate(**request) for row in page[key]]


def _plain(service: str, call: str, key: str, id_: str, **request: Any) -> Callable[[Client], set[str]]:
    return lambda client: {row[id_] if id_ else row for row in _pages(client(service), call, key, **request)}


def _roles(client: Client) -> set[str]:
    roles = _pages(client("iam"), "list_roles", "Roles")
    return {role["RoleName"] for role in roles if not role["Path"].startswith("/aws-service-role/")}


def _inline_policies(client: Client) -> set[str]:
    return {
        f"{role}:{policy}"
        for role in _roles(client)
        for policy in _pages(client("iam"), "list_role_policies", "PolicyNames", RoleName=role)
    }


def _tables(client: Client) -> set[str]:
    tables = _pages(client("ec2"), "describe_route_tables", "RouteTables")
    return {
        table["RouteTableId"] for table in tables if not any(one.get("Main") for one in table.get("Associations", []))
    }


def _associations(client: Client) -> set[str]:
    tables = _pages(client("ec2"), "describe_route_tables", "RouteTables")
    return {one["RouteTableAssociationId"] for table in tables for one in table["Associations"] if one.get("SubnetId")}


def _nat_gateways(client: Client) -> set[str]:
    found = _pages(client("ec2"), "describe_nat_gateways", "NatGateways")
    return {one["NatGatewayId"] for one in found if one["State"] != "deleted"}


def _groups(*, default: bool) -> Callable[[Client], set[str]]:
    def found(client: Client) -> set[str]:
        groups = _pages(client("ec2"), "describe_security_groups", "SecurityGroups")
        return {group["GroupId"] for group in groups if (group["GroupName"] == "default") == default}

    return found


def _rules(client: Client) -> set[str]:
    names = {rule["Name"] for rule in _pages(client("events"), "list_rules", "Rules")}
    return {name for name in names if not name.startswith("StepFunctionsGetEvents")}


def _targets(client: Client) -> set[str]:
    return {
        f"{rule}-{target['Id']}"
        for rule in _rules(client)
        for target in _pages(client("events"), "list_targets_by_rule", "Targets", Rule=rule)
    }


def _queues(client: Client) -> set[str]:
    return set(client("sqs").list_queues().get("QueueUrls", []))


INVENTORY: Final[dict[str, Callable[[Client], set[str]]]] = {
    "aws:batch/computeEnvironment:ComputeEnvironment": _plain(
        "batch", "describe_compute_environments", "computeEnvironments", "computeEnvironmentName"
    ),
    "aws:batch/jobDefinition:JobDefinition": _plain(
        "batch", "describe_job_definitions", "jobDefinitions", "jobDefinitionArn", status="ACTIVE"
    ),
    "aws:batch/jobQueue:JobQueue": _plain("batch", "describe_job_queues", "jobQueues", "jobQueueArn"),
    "aws:cloudwatch/eventRule:EventRule": _rules,
    "aws:cloudwatch/eventTarget:EventTarget": _targets,
    "aws:cloudwatch/logGroup:LogGroup": _plain("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _plain("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _groups(default=True),
    "aws:ec2/eip:Eip": _plain("ec2", "describe_addresses", "Addresses", "AllocationId"),
    "aws:ec2/flowLog:FlowLog": _plain("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    "aws:ec2/internetGateway:InternetGateway": _plain(
        "ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": _plain(
        "ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"
    ),
    "aws:ec2/natGateway:NatGateway": _nat_gateways,
    "aws:ec2/routeTable:RouteTable": _tables,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _associations,
    "aws:ec2/securityGroup:SecurityGroup": _groups(default=False),
    "aws:ec2/subnet:Subnet": _plain("ec2", "describe_subnets", "Subnets", "SubnetId"),
    "aws:ec2/vpc:Vpc": _plain("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _plain("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "aws:ecr/repository:Repository": _plain("ecr", "describe_repositories", "repositories", "repositoryName"),
    "aws:iam/instanceProfile:InstanceProfile": _plain(
        "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _plain(
        "iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"
    ),
    "aws:iam/policy:Policy": _plain("iam", "list_policies", "Policies", "Arn", Scope="Local"),
    "aws:iam/role:Role": _roles,
    "aws:iam/rolePolicy:RolePolicy": _inline_policies,
    "aws:s3/bucket:Bucket": _plain("s3", "list_buckets", "Buckets", "Name"),
    "aws:sfn/stateMachine:StateMachine": _plain(
        "stepfunctions", "list_state_machines", "stateMachines", "stateMachineArn"
    ),
    "aws:sns/topic:Topic": _plain("sns", "list_topics", "Topics", "TopicArn"),
    "aws:sns/topicSubscription:TopicSubscription": _plain(
        "sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"
    ),
    "aws:sqs/queue:Queue": _queues,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _plain(
        "ec2", "describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"
    ),
}


def in_account(cloud: Cloud, account: str = DEV) -> dict[str, set[str]]:
    """Ids of everything that the account has, by type."""
    return {kind: listed(lambda service: cloud.client(service, account)) for kind, listed in INVENTORY.items()}


def made_since(cloud: Cloud, before: dict[str, set[str]], account: str = DEV) -> dict[str, set[str]]:
    """What the account has and did not have before."""
    return {kind: ids - before[kind] for kind, ids in in_account(cloud, account).items()}


def in_state(project: Project, stack: str = "dev") -> dict[str, set[str]]:
    """Ids of what the state holds, of the types that the account was asked for."""
    held = project.state(stack)
    return {kind: {one["id"] for one in held if one["type"] == kind} for kind in INVENTORY}

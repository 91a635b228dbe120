"""What an account has, by resource type, under the ids that the state has for it: for comparison with the state.

Left out: what AWS makes by itself with something else (a VPC's main route table, the role of Batch, the rule through
which Step Functions follows jobs, the security group of VPC origins).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from localcloud.server.organization import ORGANIZATION_ROLE
from tests.journey.conftest import DEV, Cloud, Project

Client = Callable[..., Any]
GROUPS_OF_AWS: Final = ("CloudFront-VPCOrigins-Service-SG", "eks-cluster-sg-")
"""Names of security groups that AWS makes itself begin so."""


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


def _routes(client: Client) -> set[str]:
    """As pulumi-aws names them: by the table and a hash of the destination."""
    tables = _pages(client("ec2"), "describe_route_tables", "RouteTables")
    return {
        f"r-{table['RouteTableId']}{zlib.crc32(route['DestinationCidrBlock'].encode())}"
        for table in tables
        for route in table["Routes"]
        if route["Origin"] == "CreateRoute" and "DestinationCidrBlock" in route
    }


def _associations(client: Client) -> set[str]:
    tables = _pages(client("ec2"), "describe_route_tables", "RouteTables")
    return {one["RouteTableAssociationId"] for table in tables for one in table["Associations"] if one.get("SubnetId")}


def _nat_gateways(client: Client) -> set[str]:
    found = _pages(client("ec2"), "describe_nat_gateways", "NatGateways")
    return {one["NatGatewayId"] for one in found if one["State"] != "deleted"}


def _endpoints(client: Client) -> set[str]:
    found = _pages(client("ec2"), "describe_vpc_endpoints", "VpcEndpoints")
    return {one["VpcEndpointId"] for one in found if one["State"].lower() != "deleted"}


def _groups(*, default: bool) -> Callable[[Client], set[str]]:
    def found(client: Client) -> set[str]:
        groups = _pages(client("ec2"), "describe_security_groups", "SecurityGroups")
        own = [group for group in groups if not group["GroupName"].startswith(GROUPS_OF_AWS)]
        return {group["GroupId"] for group in own if (group["GroupName"] == "default") == default}

    return found


def _group_rules(*, egress: bool) -> Callable[[Client], set[str]]:
    def found(client: Client) -> set[str]:
        rules = _pages(client("ec2"), "describe_security_group_rules", "SecurityGroupRules")
        groups = _groups(default=False)(client) | _groups(default=True)(client)
        return {
            rule["SecurityGroupRuleId"]
            for rule in rules
            if rule["IsEgress"] == egress and not _of_a_cluster(rule, groups)
        }

    return found


def _of_a_cluster(rule: dict[str, Any], groups: set[str]) -> bool:
    """Whether EKS made the rule: a cluster's own group lets itself in, and out to everywhere."""
    return rule["GroupId"] not in groups and rule.get("ReferencedGroupInfo", {}).get("GroupId") in (
        None,
        rule["GroupId"],
    )


def _clusters(client: Client) -> set[str]:
    return set(_pages(client("eks"), "list_clusters", "clusters"))


def _of_clusters(call: str, key: str) -> Callable[[Client], set[tuple[str, str]]]:
    """What every cluster has of a kind: its name and theirs."""
    return lambda client: {
        (name, one) for name in _clusters(client) for one in _pages(client("eks"), call, key, clusterName=name)
    }


def _access_entries(client: Client) -> set[str]:
    """But those that EKS makes itself: of the cluster's role, of built-in pools' and of whoever made the cluster."""
    eks = client("eks")
    described = {name: eks.describe_cluster(name=name)["cluster"] for name in _clusters(client)}
    roles = {name: (one["roleArn"], one["computeConfig"].get("nodeRoleArn")) for name, one in described.items()}
    entries = _of_clusters("list_access_entries", "accessEntries")(client)
    return {
        f"{name}:{principal}"
        for name, principal in entries
        if principal not in roles[name] and not principal.endswith(f":role/{ORGANIZATION_ROLE}")
    }


def _policy_associations(client: Client) -> set[str]:
    return {
        f"{cluster}#{principal}#{one['policyArn']}"
        for cluster, _, principal in (entry.partition(":") for entry in _access_entries(client))
        for one in _pages(
            client("eks"),
            "list_associated_access_policies",
            "associatedAccessPolicies",
            clusterName=cluster,
            principalArn=principal,
        )
    }


def _pod_identities(client: Client) -> set[str]:
    eks, call = client("eks"), "list_pod_identity_associations"
    return {
        one["associationId"]
        for name in _clusters(client)
        for one in _pages(eks, call, "associations", clusterName=name)
    }


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


def _queue_policies(client: Client) -> set[str]:
    asked = {"AttributeNames": ["Policy"]}
    return {
        url for url in _queues(client) if client("sqs").get_queue_attributes(QueueUrl=url, **asked).get("Attributes")
    }


def _buckets(client: Client) -> set[str]:
    return {row["Name"] for row in client("s3").list_buckets()["Buckets"]}


def _objects(client: Client) -> set[str]:
    s3 = client("s3")
    pages = {bucket: s3.get_paginator("list_objects_v2").paginate(Bucket=bucket) for bucket in _buckets(client)}
    return {
        f"{bucket}/{row['Key']}"
        for bucket, found in pages.items()
        for page in found
        for row in page.get("Contents", [])
    }


def _of_buckets(call: str, key: str) -> Callable[[Client], set[str]]:
    """Buckets that have a setting which none has from the beginning."""

    def found(client: Client) -> set[str]:
        return {bucket for bucket in _buckets(client) if _answer(client("s3"), call, Bucket=bucket).get(key)}

    return found


def _of_repositories(call: str) -> Callable[[Client], set[str]]:
    def found(client: Client) -> set[str]:
        names = {row["repositoryName"] for row in _pages(client("ecr"), "describe_repositories", "repositories")}
        return {name for name in names if _answer(client("ecr"), call, repositoryName=name)}

    return found


def _answer(client: Any, call: str, **request: Any) -> dict[str, Any]:
    """What AWS answers; nothing if what is asked for is not there."""
    try:
        return getattr(client, call)(**request)
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in {400, 404}:
            raise
        return {}


def _cloudfront(call: str, listed: str, member: str = "") -> Callable[[Client], set[str]]:
    """Of policies AWS has its own, which are left out."""

    def found(client: Client) -> set[str]:
        asked = {"Type": "custom"} if member else {}
        rows = getattr(client("cloudfront"), call)(**asked)[listed].get("Items") or []
        return {(row[member] if member else row)["Id"] for row in rows}

    return found


def _deliveries(call: str, key: str, id_: str) -> Callable[[Client], set[str]]:
    """What delivers CloudFront's logs is in us-east-1."""
    return lambda client: {row[id_] for row in getattr(client("logs", region_name="us-east-1"), call)().get(key) or []}


def _load_balancers(client: Client) -> list[str]:
    return [one["LoadBalancerArn"] for one in _pages(client("elbv2"), "describe_load_balancers", "LoadBalancers")]


def _listeners(client: Client) -> set[str]:
    return {
        one["ListenerArn"]
        for arn in _load_balancers(client)
        for one in _pages(client("elbv2"), "describe_listeners", "Listeners", LoadBalancerArn=arn)
    }


def _listener_rules(client: Client) -> set[str]:
    rules = [
        one for arn in _listeners(client) for one in _pages(client("elbv2"), "describe_rules", "Rules", ListenerArn=arn)
    ]
    return {one["RuleArn"] for one in rules if not one["IsDefault"]}


def _attachments(client: Client) -> set[str]:
    return {
        f"{role}/{policy['PolicyArn']}"
        for role in _roles(client)
        for policy in _pages(client("iam"), "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    }


def _secret_versions(client: Client) -> set[str]:
    """Those that are read: one that a killed update put and the next put again is the previous one."""
    secrets = [row["ARN"] for row in _pages(client("secretsmanager"), "list_secrets", "SecretList")]
    return {
        f"{secret}|{version['VersionId']}"
        for secret in secrets
        for version in _pages(client("secretsmanager"), "list_secret_version_ids", "Versions", SecretId=secret)
        if "AWSCURRENT" in version["VersionStages"]
    }


def _account_block(client: Client) -> set[str]:
    account = client("sts").get_caller_identity()["Account"]
    return {account} if _answer(client("s3control"), "get_public_access_block", AccountId=account) else set()


INHERENT: Final = {
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:sns/topicPolicy:TopicPolicy",
}
"""Settings that AWS gives each bucket and topic from the beginning: there is always one, whoever made it."""


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
    "aws:cloudfront/cachePolicy:CachePolicy": _cloudfront("list_cache_policies", "CachePolicyList", "CachePolicy"),
    "aws:cloudfront/distribution:Distribution": _cloudfront("list_distributions", "DistributionList"),
    "aws:cloudfront/originAccessControl:OriginAccessControl": _cloudfront(
        "list_origin_access_controls", "OriginAccessControlList"
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _cloudfront(
        "list_response_headers_policies", "ResponseHeadersPolicyList", "ResponseHeadersPolicy"
    ),
    "aws:cloudfront/vpcOrigin:VpcOrigin": _cloudfront("list_vpc_origins", "VpcOriginList"),
    "aws:cloudwatch/logDelivery:LogDelivery": _deliveries("describe_deliveries", "deliveries", "id"),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": _deliveries(
        "describe_delivery_destinations", "deliveryDestinations", "name"
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": _deliveries(
        "describe_delivery_sources", "deliverySources", "name"
    ),
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
    "aws:ec2/route:Route": _routes,
    "aws:ec2/routeTable:RouteTable": _tables,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _associations,
    "aws:ec2/securityGroup:SecurityGroup": _groups(default=False),
    "aws:ec2/subnet:Subnet": _plain("ec2", "describe_subnets", "Subnets", "SubnetId"),
    "aws:ec2/vpc:Vpc": _plain("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoints,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _of_repositories("get_lifecycle_policy"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _of_repositories("get_repository_policy"),
    "aws:ecr/repository:Repository": _plain("ecr", "describe_repositories", "repositories", "repositoryName"),
    "aws:eks/accessEntry:AccessEntry": _access_entries,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _policy_associations,
    "aws:eks/addon:Addon": lambda client: {":".join(one) for one in _of_clusters("list_addons", "addons")(client)},
    "aws:eks/cluster:Cluster": _clusters,
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _pod_identities,
    "aws:iam/instanceProfile:InstanceProfile": _plain(
        "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _plain(
        "iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"
    ),
    "aws:iam/policy:Policy": _plain("iam", "list_policies", "Policies", "Arn", Scope="Local"),
    "aws:iam/role:Role": _roles,
    "aws:iam/rolePolicy:RolePolicy": _inline_policies,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _attachments,
    "aws:lb/listener:Listener": _listeners,
    "aws:lb/listenerRule:ListenerRule": _listener_rules,
    "aws:lb/loadBalancer:LoadBalancer": lambda client: set(_load_balancers(client)),
    "aws:lb/targetGroup:TargetGroup": _plain("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    "aws:rds/cluster:Cluster": _plain("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
    "aws:rds/clusterInstance:ClusterInstance": _plain(
        "rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": _plain(
        "rds", "describe_db_cluster_parameter_groups", "DBClusterParameterGroups", "DBClusterParameterGroupName"
    ),
    "aws:rds/subnetGroup:SubnetGroup": _plain(
        "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"
    ),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": _account_block,
    "aws:s3/bucket:Bucket": _buckets,
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _of_buckets("get_bucket_cors", "CORSRules"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _of_buckets(
        "get_bucket_lifecycle_configuration", "Rules"
    ),
    "aws:s3/bucketLogging:BucketLogging": _of_buckets("get_bucket_logging", "LoggingEnabled"),
    "aws:s3/bucketObjectv2:BucketObjectv2": _objects,
    "aws:s3/bucketPolicy:BucketPolicy": _of_buckets("get_bucket_policy", "Policy"),
    "aws:s3/bucketVersioning:BucketVersioning": _of_buckets("get_bucket_versioning", "Status"),
    "aws:secretsmanager/secret:Secret": _plain("secretsmanager", "list_secrets", "SecretList", "ARN"),
    "aws:secretsmanager/secretVersion:SecretVersion": _secret_versions,
    "aws:sfn/stateMachine:StateMachine": _plain(
        "stepfunctions", "list_state_machines", "stateMachines", "stateMachineArn"
    ),
    "aws:sns/topic:Topic": _plain("sns", "list_topics", "Topics", "TopicArn"),
    "aws:sns/topicSubscription:TopicSubscription": _plain(
        "sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"
    ),
    "aws:sqs/queue:Queue": _queues,
    "aws:sqs/queuePolicy:QueuePolicy": _queue_policies,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _group_rules(egress=True),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _group_rules(egress=False),
}


def in_account(cloud: Cloud, account: str = DEV) -> dict[str, set[str]]:
    """Ids of everything that the account has, by type."""
    client = lambda service, **config: cloud.client(service, account, **config)  # noqa: E731
    return {kind: listed(client) for kind, listed in INVENTORY.items()}


def made_since(cloud: Cloud, before: dict[str, set[str]], account: str = DEV) -> dict[str, set[str]]:
    """What the account has and did not have before."""
    return {kind: ids - before[kind] for kind, ids in in_account(cloud, account).items()}


def in_state(project: Project, stack: str = "dev") -> dict[str, set[str]]:
    """Ids of what the state holds, of the types that the account was asked for."""
    held = project.state(stack)
    return {kind: {one["id"] for one in held if one["type"] == kind} for kind in INVENTORY}

"""How an account is asked for all that it has of a type, under the ids that the state has for it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.journey.in_cluster import made_by_pulumi
from tests.localcloud.clouds import ORGANIZATION_ROLE

Client = Callable[..., Any]


GROUPS_OF_AWS: Final = ("CloudFront-VPCOrigins-Service-SG", "eks-cluster-sg-")


def pages(client: Any, call: str, key: str, **request: Any) -> list[Any]:
    if not client.can_paginate(call):
        return getattr(client, call)(**request)[key]
    return [row for page in client.get_paginator(call).paginate(**request) for row in page[key]]


def plain(service: str, call: str, key: str, id_: str, **request: Any) -> Callable[[Client], set[str]]:
    return lambda client: {row[id_] if id_ else row for row in pages(client(service), call, key, **request)}


def roles(client: Client) -> set[str]:
    roles = pages(client("iam"), "list_roles", "Roles")
    return {role["RoleName"] for role in roles if not role["Path"].startswith("/aws-service-role/")}


def inline_policies(client: Client) -> set[str]:
    return {
        f"{role}:{policy}"
        for role in roles(client)
        for policy in pages(client("iam"), "list_role_policies", "PolicyNames", RoleName=role)
    }


def tables(client: Client) -> set[str]:
    tables = pages(client("ec2"), "describe_route_tables", "RouteTables")
    return {
        table["RouteTableId"] for table in tables if not any(one.get("Main") for one in table.get("Associations", []))
    }


def routes(client: Client) -> set[str]:
    """As pulumi-aws names them: by the table and a hash of the destination."""
    tables = pages(client("ec2"), "describe_route_tables", "RouteTables")
    return {
        f"r-{table['RouteTableId']}{zlib.crc32(route['DestinationCidrBlock'].encode())}"
        for table in tables
        for route in table["Routes"]
        if route["Origin"] == "CreateRoute" and "DestinationCidrBlock" in route
    }


def associations(client: Client) -> set[str]:
    tables = pages(client("ec2"), "describe_route_tables", "RouteTables")
    return {one["RouteTableAssociationId"] for table in tables for one in table["Associations"] if one.get("SubnetId")}


def nat_gateways(client: Client) -> set[str]:
    found = pages(client("ec2"), "describe_nat_gateways", "NatGateways")
    return {one["NatGatewayId"] for one in found if one["State"] != "deleted"}


def endpoints(client: Client) -> set[str]:
    found = pages(client("ec2"), "describe_vpc_endpoints", "VpcEndpoints")
    return {one["VpcEndpointId"] for one in found if one["State"].lower() != "deleted"}


def groups(*, default: bool) -> Callable[[Client], set[str]]:
    def found(client: Client) -> set[str]:
        groups = pages(client("ec2"), "describe_security_groups", "SecurityGroups")
        own = [group for group in groups if not group["GroupName"].startswith(GROUPS_OF_AWS)]
        return {group["GroupId"] for group in own if (group["GroupName"] == "default") == default}

    return found


def group_rules(*, egress: bool) -> Callable[[Client], set[str]]:
    def found(client: Client) -> set[str]:
        rules = pages(client("ec2"), "describe_security_group_rules", "SecurityGroupRules")
        own = groups(default=False)(client) | groups(default=True)(client)
        return {
            rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] == egress and not of_a_cluster(rule, own)
        }

    return found


def of_a_cluster(rule: dict[str, Any], groups: set[str]) -> bool:
    """Whether EKS made the rule: a cluster's own group lets itself in, and out to everywhere."""
    return rule["GroupId"] not in groups and rule.get("ReferencedGroupInfo", {}).get("GroupId") in (
        None,
        rule["GroupId"],
    )


def clusters(client: Client) -> set[str]:
    return set(pages(client("eks"), "list_clusters", "clusters"))


def of_clusters(call: str, key: str) -> Callable[[Client], set[tuple[str, str]]]:
    """What every cluster has of a kind: its name and theirs."""
    return lambda client: {
        (name, one) for name in clusters(client) for one in pages(client("eks"), call, key, clusterName=name)
    }


def access_entries(client: Client) -> set[str]:
    """But those that EKS makes itself: of the cluster's role, of built-in pools' and of whoever made the cluster."""
    eks = client("eks")
    described = {name: eks.describe_cluster(name=name)["cluster"] for name in clusters(client)}
    roles = {name: (one["roleArn"], one["computeConfig"].get("nodeRoleArn")) for name, one in described.items()}
    entries = of_clusters("list_access_entries", "accessEntries")(client)
    return {
        f"{name}:{principal}"
        for name, principal in entries
        if principal not in roles[name] and not principal.endswith(f":role/{ORGANIZATION_ROLE}")
    }


def policy_associations(client: Client) -> set[str]:
    return {
        f"{cluster}#{principal}#{one['policyArn']}"
        for cluster, _, principal in (entry.partition(":") for entry in access_entries(client))
        for one in pages(
            client("eks"),
            "list_associated_access_policies",
            "associatedAccessPolicies",
            clusterName=cluster,
            principalArn=principal,
        )
    }


def pod_identities(client: Client) -> set[str]:
    eks, call = client("eks"), "list_pod_identity_associations"
    return {
        one["associationId"] for name in clusters(client) for one in pages(eks, call, "associations", clusterName=name)
    }


def rules(client: Client) -> set[str]:
    names = {rule["Name"] for rule in pages(client("events"), "list_rules", "Rules")}
    return {name for name in names if not name.startswith("StepFunctionsGetEvents")}


def targets(client: Client) -> set[str]:
    return {
        f"{rule}-{target['Id']}"
        for rule in rules(client)
        for target in pages(client("events"), "list_targets_by_rule", "Targets", Rule=rule)
    }


def queues(client: Client) -> set[str]:
    return set(client("sqs").list_queues().get("QueueUrls", []))


def queue_policies(client: Client) -> set[str]:
    asked = {"AttributeNames": ["Policy"]}
    return {
        url for url in queues(client) if client("sqs").get_queue_attributes(QueueUrl=url, **asked).get("Attributes")
    }


def buckets(client: Client) -> set[str]:
    return {row["Name"] for row in client("s3").list_buckets()["Buckets"]}


def objects(client: Client) -> set[str]:
    s3 = client("s3")
    pages = {bucket: s3.get_paginator("list_objects_v2").paginate(Bucket=bucket) for bucket in buckets(client)}
    return {
        f"{bucket}/{row['Key']}"
        for bucket, found in pages.items()
        for page in found
        for row in page.get("Contents", [])
    }


def of_buckets(call: str, key: str) -> Callable[[Client], set[str]]:
    """Buckets that have a setting which none has from the beginning."""

    def found(client: Client) -> set[str]:
        return {bucket for bucket in buckets(client) if answer(client("s3"), call, Bucket=bucket).get(key)}

    return found


def of_repositories(call: str) -> Callable[[Client], set[str]]:
    def found(client: Client) -> set[str]:
        names = {row["repositoryName"] for row in pages(client("ecr"), "describe_repositories", "repositories")}
        return {name for name in names if answer(client("ecr"), call, repositoryName=name)}

    return found


def answer(client: Any, call: str, **request: Any) -> dict[str, Any]:
    """What AWS answers; nothing if what is asked for is not there."""
    try:
        return getattr(client, call)(**request)
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in {400, 404}:
            raise
        return {}


def cloudfront(call: str, listed: str, member: str = "") -> Callable[[Client], set[str]]:
    """Of policies AWS has its own, which are left out."""

    def found(client: Client) -> set[str]:
        asked = {"Type": "custom"} if member else {}
        rows = getattr(client("cloudfront"), call)(**asked)[listed].get("Items") or []
        return {(row[member] if member else row)["Id"] for row in rows}

    return found


def deliveries(call: str, key: str, id_: str) -> Callable[[Client], set[str]]:
    """What delivers CloudFront's logs is in us-east-1."""
    return lambda client: {row[id_] for row in getattr(client("logs", region_name="us-east-1"), call)().get(key) or []}


def load_balancers(client: Client) -> list[str]:
    return [one["LoadBalancerArn"] for one in pages(client("elbv2"), "describe_load_balancers", "LoadBalancers")]


def listeners(client: Client) -> set[str]:
    return {
        one["ListenerArn"]
        for arn in load_balancers(client)
        for one in pages(client("elbv2"), "describe_listeners", "Listeners", LoadBalancerArn=arn)
    }


def listener_rules(client: Client) -> set[str]:
    rules = [
        one for arn in listeners(client) for one in pages(client("elbv2"), "describe_rules", "Rules", ListenerArn=arn)
    ]
    return {one["RuleArn"] for one in rules if not one["IsDefault"]}


def attachments(client: Client) -> set[str]:
    return {
        f"{role}/{policy['PolicyArn']}"
        for role in roles(client)
        for policy in pages(client("iam"), "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    }


def secret_versions(client: Client) -> set[str]:
    """Those that are read: one that a killed update put and the next put again is the previous one."""
    secrets = [row["ARN"] for row in pages(client("secretsmanager"), "list_secrets", "SecretList")]
    return {
        f"{secret}|{version['VersionId']}"
        for secret in secrets
        for version in pages(client("secretsmanager"), "list_secret_version_ids", "Versions", SecretId=secret)
        if "AWSCURRENT" in version["VersionStages"]
    }


def keys(client: Client) -> set[str]:
    """Customer managed ones that are not about to go."""
    kms = client("kms")
    described = [kms.describe_key(KeyId=row["KeyId"])["KeyMetadata"] for row in pages(kms, "list_keys", "Keys")]
    return {
        key["KeyId"] for key in described if key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"
    }


def aliases(client: Client) -> set[str]:
    names = {row["AliasName"] for row in pages(client("kms"), "list_aliases", "Aliases")}
    return {name for name in names if not name.startswith("alias/aws/")}


def web_acls(client: Client) -> set[str]:
    """CloudFront's, which are in us-east-1."""
    return {row["Id"] for row in client("wafv2", region_name="us-east-1").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]}


def objects_in_cluster(token: str) -> Callable[[Client], set[str]]:
    return lambda client: made_by_pulumi(account(client), token)


def account(client: Client) -> str:
    return str(client("sts").get_caller_identity()["Account"])


def budgets(client: Client) -> set[str]:
    own = account(client)
    rows = pages(client("budgets"), "describe_budgets", "Budgets", AccountId=own)
    return {f"{own}:{row['BudgetName']}" for row in rows}


def account_block(client: Client) -> set[str]:
    own = account(client)
    return {own} if answer(client("s3control"), "get_public_access_block", AccountId=own) else set()

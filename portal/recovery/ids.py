"""Ids that follow from a resource's inputs, its account and its region: by type, as pulumi-aws gives them.

Rests on: the import section of each type's page in the pulumi-aws registry, and its own id where an import takes
another (a route: its table's id and a hash of its destination).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from portal.recovery.places import Place

Inputs = Mapping[str, Any]
Id = Callable[[Inputs, Place], str]

DESTINATIONS: Final = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")


def _policy_arn(inputs: Inputs, place: Place) -> str:
    return f"arn:aws:iam::{place.account}:policy{inputs.get('path') or '/'}{inputs['name']}"


def _oidc_arn(inputs: Inputs, place: Place) -> str:
    return f"arn:aws:iam::{place.account}:oidc-provider/{str(inputs['url']).removeprefix('https://')}"


def _route(inputs: Inputs, _: Place) -> str:
    destination = next(str(inputs[name]) for name in DESTINATIONS if inputs.get(name))
    return f"r-{inputs['routeTableId']}{zlib.crc32(destination.encode())}"


def _on_bus(*words: str, joint: str) -> Id:
    """Of a rule and its targets: the bus comes first, unless it is the default one."""

    def id_of(inputs: Inputs, _: Place) -> str:
        bus = str(inputs.get("eventBusName") or "default")
        return joint.join([*([] if bus == "default" else [bus]), *(str(inputs[word]) for word in words)])

    return id_of


def _policy_of_entry(inputs: Inputs, _: Place) -> str:
    return "#".join(str(inputs[name]) for name in ("clusterName", "principalArn", "policyArn"))


def _input(name: str) -> Id:
    return lambda inputs, _: str(inputs[name])


def _joined(one: str, joint: str, other: str) -> Id:
    return lambda inputs, _: f"{inputs[one]}{joint}{inputs[other]}"


def _arn(service: str, before: str = "") -> Id:
    """The ARN of a thing by its name."""
    return lambda inputs, place: f"arn:aws:{service}:{place.region}:{place.account}:{before}{inputs['name']}"


def of_object(inputs: Inputs) -> str:
    """Of an object in a cluster, as pulumi-kubernetes gives it: namespace and name."""
    metadata = inputs["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


IDS: Final[dict[str, Id]] = {
    "aws:batch/computeEnvironment:ComputeEnvironment": _input("name"),
    "aws:batch/jobQueue:JobQueue": _arn("batch", "job-queue/"),
    "aws:budgets/budget:Budget": lambda inputs, place: f"{place.account}:{inputs['name']}",
    "aws:cloudwatch/eventRule:EventRule": _on_bus("name", joint="/"),
    "aws:cloudwatch/eventTarget:EventTarget": _on_bus("rule", "targetId", joint="-"),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": _input("name"),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": _input("name"),
    "aws:cloudwatch/logGroup:LogGroup": _input("name"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": _input("policyName"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _input("name"),
    "aws:ec2/route:Route": _route,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _input("repository"),
    "aws:ecr/repository:Repository": _input("name"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _input("repository"),
    "aws:eks/accessEntry:AccessEntry": _joined("clusterName", ":", "principalArn"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _policy_of_entry,
    "aws:eks/addon:Addon": _joined("clusterName", ":", "addonName"),
    "aws:eks/cluster:Cluster": _input("name"),
    "aws:iam/instanceProfile:InstanceProfile": _input("name"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _oidc_arn,
    "aws:iam/policy:Policy": _policy_arn,
    "aws:iam/role:Role": _input("name"),
    "aws:iam/rolePolicy:RolePolicy": _joined("role", ":", "name"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _joined("role", "/", "policyArn"),
    "aws:kms/alias:Alias": _input("name"),
    "aws:rds/cluster:Cluster": _input("clusterIdentifier"),
    "aws:rds/clusterInstance:ClusterInstance": _input("identifier"),
    "aws:route53/record:Record": lambda inputs, _: f"{inputs['zoneId']}_{inputs['name']}_{inputs['type']}",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": lambda _, place: place.account,
    "aws:s3/bucket:Bucket": _input("bucket"),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _input("bucket"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _input("bucket"),
    "aws:s3/bucketLogging:BucketLogging": _input("bucket"),
    "aws:s3/bucketNotification:BucketNotification": _input("bucket"),
    "aws:s3/bucketObject:BucketObject": _joined("bucket", "/", "key"),
    "aws:s3/bucketObjectv2:BucketObjectv2": _joined("bucket", "/", "key"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _input("bucket"),
    "aws:s3/bucketPolicy:BucketPolicy": _input("bucket"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _input("bucket"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _input("bucket"),
    "aws:s3/bucketVersioning:BucketVersioning": _input("bucket"),
    "aws:sfn/stateMachine:StateMachine": _arn("states", "stateMachine:"),
    "aws:sns/topic:Topic": _arn("sns"),
    "aws:sns/topicPolicy:TopicPolicy": _input("arn"),
    "aws:sqs/queuePolicy:QueuePolicy": _input("queueUrl"),
}
"""The id of each type. It says nothing of whether the thing exists: the refresh that follows does."""

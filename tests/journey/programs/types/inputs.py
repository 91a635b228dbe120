"""Inputs of the types' resources in this program and of what they lie in. It imports nothing of the tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

ACCOUNT, REGION = "908710317728", "us-west-2"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change in the program of `test_changes`."""

    path: str
    """The changed input as the provider's rules name it (a Terraform path)."""
    inputs: dict[str, Any]
    """Its new value, and what must change with it."""


@dataclass(frozen=True)
class Of:
    """An output of a resource that the program holds beside the cases."""

    name: str
    output: str = "id"


def document(**statement: Any) -> str:
    """A policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str) -> str:
    """A trust policy; EKS says in tags of the session what a pod is."""
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if service.endswith("eks.amazonaws.com") else [])]
    return document(Effect="Allow", Action=actions, Principal={"Service": service})


def arn(service: str, resource: str) -> str:
    """Of a resource in the account and region of the program."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


MANAGED = "arn:aws:iam::aws:policy/"


def parameter(value: str) -> list[dict[str, Any]]:
    return [{"name": "log_lock_waits", "value": value, "applyMethod": "immediate"}]


def let_in(port: int) -> dict[str, Any]:
    return {"fromPort": port, "toPort": port}


EAST = "us-east-1"


FIELDS = ["date", "time", "sc-status"]


def cache_key() -> dict[str, Any]:
    return {
        "cookiesConfig": {"cookieBehavior": "none"},
        "headersConfig": {"headerBehavior": "none"},
        "queryStringsConfig": {"queryStringBehavior": "none"},
    }


def distribution() -> dict[str, Any]:
    """Over the bucket ``one``, with a policy of AWS's own."""
    return {
        "enabled": True,
        "origins": [{"originId": "bucket", "domainName": "types-one.s3.us-west-2.amazonaws.com"}],
        "defaultCacheBehavior": {
            "targetOriginId": "bucket",
            "viewerProtocolPolicy": "https-only",
            "allowedMethods": ["GET", "HEAD"],
            "cachedMethods": ["GET", "HEAD"],
            "cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "viewerCertificate": {"cloudfrontDefaultCertificate": True},
    }


def into(bucket: str) -> dict[str, Any]:
    return {"destinationResourceArn": f"arn:aws:s3:::types-{bucket}"}


IN_PLACE = "nothing but its region replaces it, and the provider has but one"


def tags(which: str) -> dict[str, str]:
    return {"Name": which}


def retagged() -> Change:
    return Change(path="tags", inputs={"tags": tags("two")})


def machines(most: int) -> dict[str, Any]:
    return {
        "type": "EC2",
        "allocationStrategy": "BEST_FIT_PROGRESSIVE",
        "minVcpus": 0,
        "maxVcpus": most,
        "instanceTypes": ["r5d"],
        "instanceRole": Of("profile", "arn"),
        "subnets": [Of("one-subnet")],
        "securityGroupIds": [Of("one-group")],
    }


def container(memory: int) -> str:
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": str(memory)}]
    return json.dumps({"image": "one", "resourceRequirements": needs})


def machine(comment: str) -> str:
    return json.dumps({"Comment": comment, "StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}})


def pattern(source: str) -> str:
    return json.dumps({"source": [source]})


def let_in_of_orchestration(action: str, resource: str) -> str:
    return document(Effect="Allow", Principal={"Service": "events.amazonaws.com"}, Action=action, Resource=resource)


def pull(action: str) -> str:
    return document(Effect="Allow", Principal={"AWS": "arn:aws:iam::111122223333:root"}, Action=action)


def expire(days: int) -> str:
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


ONE, OTHER = Of("one-bucket"), Of("other-bucket")


def policy(action: str) -> str:
    return document(Effect="Allow", Action=action, Resource="*")


def closed(bucket: str, sid: str = "Tls") -> str:
    return document(
        Sid=sid,
        Effect="Deny",
        Principal="*",
        Action="s3:*",
        Resource=f"arn:aws:s3:::{bucket}/*",
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    )


def moved(**others: Any) -> Change:
    """The same on the other bucket."""
    return Change(path="bucket", inputs={"bucket": OTHER, **others})


def lifecycle(days: int) -> list[dict[str, Any]]:
    return [{"id": "all", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": days}}]


def cors(method: str) -> list[dict[str, Any]]:
    return [{"allowedMethods": [method], "allowedOrigins": ["*"]}]


def encryption(key: bool) -> list[dict[str, Any]]:
    return [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": key}]


POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKS"


def answer(status: str) -> dict[str, Any]:
    """What a load balancer says by itself."""
    return {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": status}}


def paths(*patterns: str) -> list[dict[str, Any]]:
    return [{"pathPattern": {"values": [*patterns]}}]


def endpoint(http_port: int) -> dict[str, Any]:
    return {
        "name": "types-origin",
        "arn": Of("one-balancer", "arn"),
        "httpPort": http_port,
        "httpsPort": 443,
        "originProtocolPolicy": "http-only",
        "originSslProtocols": {"items": ["TLSv1.2"], "quantity": 1},
    }

"""Whether a bucket policy makes the bucket public.

Rests on the S3 user guide, "The meaning of public": a policy is public unless each of its Allow statements gives only
to fixed principals, or narrows ``*`` by a fixed value (no wildcard, no variable) of one of the keys below.
aws:SourceIp counts as fixed unless it is a range wider than /8 (IPv4) or /32 (IPv6); aws:SourceArn may hold a wildcard
but not in place of its account id's or name's whole.
"""

from __future__ import annotations

import re
from ipaddress import ip_network

from localcloud.server.access.patterns import split_arn
from localcloud.server.access.policy import Condition, Policy, Statement, parse

FIXED_VALUE_KEYS = {
    "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
    "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcearn", "aws:sourcevpc",
    "aws:sourcevpce", "aws:userid", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
}  # fmt: skip
ARN_KEYS = {"aws:principalarn", "aws:sourcearn", "s3:dataaccesspointarn"}
NARROWING = {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress"}
WIDEST = {4: 8, 6: 32}
_ACCOUNT = re.compile(r"\d{12}")


def is_public(document: str) -> bool:
    """Whether the bucket policy in ``document`` is public."""
    return policy_is_public(parse(document))


def policy_is_public(policy: Policy) -> bool:
    return any(
        statement.allow and _to_anybody(statement) and not _narrowed(statement) for statement in policy.statements
    )


def _to_anybody(statement: Statement) -> bool:
    if statement.principals is None:
        return False
    return statement.not_principals or any(value == "*" for _, value in statement.principals)


def _narrowed(statement: Statement) -> bool:
    return any(_fixed(condition) for condition in statement.conditions)


def _fixed(condition: Condition) -> bool:
    key = condition.key.lower()
    if key not in FIXED_VALUE_KEYS or condition.operator not in NARROWING or condition.if_exists:
        return False
    if condition.quantifier == "ForAllValues":
        return False
    return all(_fixed_value(key, value) for value in condition.values)


def _fixed_value(key: str, value: str) -> bool:
    if "${" in value:
        return False
    if key == "aws:sourceip":
        network = ip_network(value, strict=False)
        return network.prefixlen >= WIDEST[network.version]
    if key in ARN_KEYS:
        account = split_arn(value)[4]
        # An S3 ARN has no account: then its name must be fixed.
        return bool(_ACCOUNT.fullmatch(account)) or (account == "" and not set("*?") & set(value))
    return not set("*?") & set(value)

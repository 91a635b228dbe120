"""What CloudWatch Logs refuses about log groups and moto takes.

Sources: the API references of CreateLogGroup, PutRetentionPolicy and PutResourcePolicy, and *Encrypt log data*: the
key's policy must let ``logs.REGION.amazonaws.com`` use it for the group.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.kms.models import kms_backends

from localcloud.server import inside
from localcloud.server.access import resources
from localcloud.server.call import HOOKS, Call, Refusal

RETENTION = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
LONGEST_POLICY = 5120
KEY = re.compile(r"arn:aws:kms:([a-z0-9-]+):(\d{12}):key/([\w-]+)")


def _invalid(text: str) -> Refusal:
    return Refusal("InvalidParameterException", text)


@HOOKS.before("logs", "CreateLogGroup")
def create(call: Call) -> None:
    name = call.params["logGroupName"]
    if name.startswith("aws/"):
        raise _invalid("Log groups starting with AWS/ are reserved for AWS.")
    key = call.params.get("kmsKeyId")
    if key:
        group = f"arn:aws:logs:{call.region}:{call.caller.account_id}:log-group:{name}"
        _may_use(call, str(key), group)


def _may_use(call: Call, key: str, group: str) -> None:
    refused = Refusal(
        "AccessDeniedException",
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}'",
    )
    found = KEY.fullmatch(key)
    if found is None or found[1] != call.region or not resources.account_exists(found[2]):
        raise refused
    held = kms_backends[found[2]][found[1]].keys.get(found[3])
    if held is None:
        raise refused
    caller = inside.service(f"logs.{call.region}.amazonaws.com", found[2])
    context = {"kms:EncryptionContext:aws:logs:arn": [group]}
    try:
        for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"):
            inside.require(caller, action, key, call.region, policy=held.policy, context=context)
    except Refusal:
        raise refused from None


@HOOKS.before("logs", "PutRetentionPolicy")
def retention(call: Call) -> None:
    if call.params["retentionInDays"] not in RETENTION:
        raise _invalid(
            "1 validation error detected: Value at 'retentionInDays' failed to satisfy constraint: Member must satisfy "
            f"enum value set: [{', '.join(map(str, RETENTION))}]"
        )


@HOOKS.before("logs", "PutResourcePolicy")
def resource_policy(call: Call) -> None:
    text = call.params.get("policyDocument") or ""
    if len(text) > LONGEST_POLICY:
        raise _invalid(f"Resource policy document exceeds the limit of {LONGEST_POLICY} characters")
    try:
        document: Any = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise _invalid("Encountered error when parsing accessPolicy")

"""CloudWatch Logs' groups and the account's log policies: what AWS refuses and moto takes, and what moto lacks.

Sources: the API references of CreateLogGroup, AssociateKmsKey, PutRetentionPolicy and PutResourcePolicy, and *Encrypt
log data*. AWS facts: the policy of a group's key must let ``logs.REGION.amazonaws.com`` use it for the group; the key
is symmetric, enabled and of the group's region; a group that is deleted takes its tags with it, so one made again by
the same name has none of them.
"""

from __future__ import annotations

import re

from localcloud.server import service_calls
from localcloud.server.access import documents, resources
from localcloud.server.access.resources import Key
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.logs.store import LogGroup

from . import store

RETENTION = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
LONGEST_POLICY = 5120
KEY = re.compile(r"arn:aws:kms:([a-z0-9-]+):(\d{12}):key/([\w-]+)")


def _invalid(text: str) -> Refusal:
    return Refusal("InvalidParameterException", text)


def _group(call: Call) -> LogGroup:
    group = store.group(call)
    if group is None:
        raise Refusal("ResourceNotFoundException", "The specified log group does not exist.")
    return group


@HOOKS.before("logs", "CreateLogGroup")
def create(call: Call) -> None:
    name = call.params["logGroupName"]
    if name.startswith("aws/"):
        raise _invalid("Log groups starting with AWS/ are reserved for AWS.")
    if call.params.get("kmsKeyId"):
        _key(call, f"arn:aws:logs:{call.region}:{call.account}:log-group:{name}")


def _key(call: Call, group: str) -> str:
    """The ARN of the key that is given for a group, by the group's ARN. Raises Refusal."""
    arn: str = call.params["kmsKeyId"]
    refused = Refusal(
        "AccessDeniedException",
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}'",
    )
    key = _held_key(call, arn)
    if key is None:
        raise refused
    caller = service_calls.service(f"logs.{call.region}.amazonaws.com", arn.split(":")[4])
    context = {"kms:EncryptionContext:aws:logs:arn": [group]}
    try:
        for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"):
            service_calls.require(caller, action, arn, call.region, policy=key.policy, context=context)
    except Refusal:
        raise refused from None
    if not key.enabled or key.key_spec != "SYMMETRIC_DEFAULT":
        raise _invalid("The specified KMS Key Id is disabled or is not one that encrypts symmetrically.")
    return arn


def _held_key(call: Call, arn: str) -> Key | None:
    match = KEY.fullmatch(arn)
    if match is None or match[1] != call.region or not resources.account_exists(match[2]):
        return None
    return resources.key(match[2], match[1], match[3])


@HOOKS.instead("logs", "AssociateKmsKey")
def associate(call: Call) -> Params:
    group = _group(call)
    group.kms_key_id = _key(call, str(group.arn).removesuffix(":*"))
    return {}


@HOOKS.instead("logs", "DisassociateKmsKey")
def disassociate(call: Call) -> Params:
    _group(call).kms_key_id = None
    return {}


@HOOKS.before("logs", "DeleteLogGroup")
def delete(call: Call) -> None:
    """moto keeps the tags of a deleted group for the next one of its name."""
    backend, arn = store.backend(call), _group(call).arn
    keys = list(backend.list_tags_for_resource(arn))
    if keys:
        backend.untag_resource(arn, keys)


@HOOKS.before("logs", "DescribeLogStreams", "FilterLogEvents", "GetLogEvents")
def identified(call: Call) -> None:
    """moto passes over the identifier of some operations: it is asked by the name."""
    identifier = call.params.pop("logGroupIdentifier", None)
    if identifier and call.params.get("logGroupName"):
        raise _invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    if identifier:
        call.params["logGroupName"] = store.name_in(call, identifier)


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
        documents.check_resource(text)
    except documents.Fault as fault:
        raise _invalid(f"Error occurred while parsing accessPolicy. {fault}") from fault

"""CloudWatch Logs' groups: what moto lacks.

AWS facts: a group's key must exist in its region, be symmetric and enabled; a group that is deleted takes its tags with
it, so one made again by the same name has none of them.
"""

from __future__ import annotations

from moto.logs.models import LogGroup, LogsBackend, logs_backends

from localcloud.server.access import resources
from localcloud.server.call import HOOKS, Call, Params, Refusal


def _backend(call: Call) -> LogsBackend:
    return logs_backends[call.caller.account_id][call.region]


def _group(call: Call) -> LogGroup:
    name = call.params.get("logGroupName")
    found = _backend(call).groups.get(str(name))
    if found is None:
        raise Refusal("ResourceNotFoundException", "The specified log group does not exist.")
    return found


@HOOKS.before("logs", "CreateLogGroup")
def create(call: Call) -> None:
    if call.params.get("kmsKeyId"):
        _key(call)


def _key(call: Call) -> str:
    arn: str = call.params["kmsKeyId"]
    found = resources.key(call.caller.account_id, call.region, arn)
    if not arn.startswith("arn:") or found is None or not found.enabled or found.key_spec != "SYMMETRIC_DEFAULT":
        text = "The specified KMS Key Id does not exist, is disabled or is not one that encrypts symmetrically."
        raise Refusal("InvalidParameterException", text)
    return arn


@HOOKS.instead("logs", "AssociateKmsKey")
def associate(call: Call) -> Params:
    _group(call).kms_key_id = _key(call)
    return {}


@HOOKS.instead("logs", "DisassociateKmsKey")
def disassociate(call: Call) -> Params:
    _group(call).kms_key_id = None
    return {}


@HOOKS.before("logs", "DeleteLogGroup")
def delete(call: Call) -> None:
    """moto keeps the tags of a deleted group for the next one of its name."""
    backend, arn = _backend(call), _group(call).arn
    keys = list(backend.list_tags_for_resource(arn))
    if keys:
        backend.untag_resource(arn, keys)

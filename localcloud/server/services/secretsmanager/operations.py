"""Secrets Manager's operations: asked of moto in the secret's own account, and what moto has otherwise.

AWS facts (API reference, user guide): without a version, the one labelled AWSCURRENT is meant; a version without a
label is deprecated and not listed unless asked for; every error has the HTTP status 400; a policy on the secret lets
other accounts in, if its key does as well. Replicas in other regions and rotation functions are not there.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.moto_backend import invoke
from localcloud.server.serialization import parse_output, to_request
from localcloud.server.services.secretsmanager.store import FakeSecret

from . import keys, refusals, store

SERVICE = "secretsmanager"


def _ask(call: Call) -> Params:
    """moto's answer."""
    model = service_calls.operation_model(SERVICE, call.operation)
    response = invoke(call, model, to_request(model, call.params))
    if response.status >= 300:
        error: dict[str, Any] = json.loads(response.body)
        raise Refusal(str(error["__type"]), str(error.get("message") or error.get("Message")))
    return parse_output(model, response)


def _of(call: Call) -> FakeSecret:
    """The secret that the call is about, named by its whole ARN from here on."""
    secret = store.find(call.caller.account_id, call.region, call.params["SecretId"])
    if secret is None:
        raise Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    call.params["SecretId"] = secret.arn
    return secret


@HOOKS.instead(SERVICE, "CreateSecret")
def create(call: Call) -> Params:
    account = call.caller.account_id
    call.params.setdefault("ClientRequestToken", str(uuid.uuid4()))
    refusals.name(call.params["Name"])
    refusals.value(call.params)
    refusals.tags(call.params)
    if call.params.get("AddReplicaRegions"):
        raise Refusal("NotImplemented", "secretsmanager replicas are not implemented here.", 501)
    refusals.taken(store.find(account, call.region, call.params["Name"]), call.params)
    keys.named(call, account)
    if refusals.has_value(call.params):
        keys.encrypt(call, account, call.params.get("KmsKeyId"), "")
    return _ask(call)


@HOOKS.instead(SERVICE, "PutSecretValue", "UpdateSecret")
def change(call: Call) -> Params:
    call.params.setdefault("ClientRequestToken", str(uuid.uuid4()))
    secret = _of(call)
    refusals.not_deleted(secret)
    refusals.value(call.params)
    keys.named(call, secret.account_id)
    if refusals.has_value(call.params):
        keys.encrypt(call, secret.account_id, call.params.get("KmsKeyId") or secret.kms_key_id, secret.arn)
    output = _ask(call)
    if "Description" in call.params:  # moto keeps the old one if the new one is empty
        secret.description = call.params["Description"]
    return output


@HOOKS.instead(SERVICE, "GetSecretValue")
def read(call: Call) -> Params:
    secret = _of(call)
    refusals.not_deleted(secret)
    if "VersionId" not in call.params:
        call.params.setdefault("VersionStage", store.CURRENT)
    refusals.version(secret, call.params.get("VersionId"), call.params.get("VersionStage"))
    keys.decrypt(call, secret.account_id, secret.kms_key_id, secret.arn)
    return _ask(call)


@HOOKS.instead(SERVICE, "DescribeSecret")
def describe(call: Call) -> Params:
    _of(call)
    output = _ask(call)
    labelled = {version: labels for version, labels in output.get("VersionIdsToStages", {}).items() if labels}
    return output | ({"VersionIdsToStages": labelled} if labelled else {})


@HOOKS.instead(SERVICE, "ListSecretVersionIds")
def versions(call: Call) -> Params:
    secret = _of(call)
    deprecated = call.params.get("IncludeDeprecated", False)
    items = [
        {"VersionId": name, "VersionStages": version["version_stages"], "CreatedDate": version["createdate"]}
        for name, version in secret.versions.items()
        if version["version_stages"] or deprecated
    ]
    return {"ARN": secret.arn, "Name": secret.name, "Versions": items}


@HOOKS.instead(SERVICE, "UpdateSecretVersionStage")
def move(call: Call) -> Params:
    secret = _of(call)
    refusals.not_deleted(secret)
    output = _ask(call)
    # moto moves the label and goes on taking the old version for the current one.
    current = [name for name, version in secret.versions.items() if store.CURRENT in version["version_stages"]]
    secret.set_default_version_id(current[0] if current else None)
    return output


@HOOKS.instead(SERVICE, "DeleteSecret")
def delete(call: Call) -> Params:
    refusals.deletion(call.params)
    forced = bool(call.params.get("ForceDeleteWithoutRecovery"))
    if forced and store.find(call.caller.account_id, call.region, call.params["SecretId"]) is None:
        return _ask(call)
    secret = _of(call)
    if not forced:
        refusals.not_deleted(secret)
    return _ask(call)


@HOOKS.instead(SERVICE, "RestoreSecret", "GetResourcePolicy")
def plainly(call: Call) -> Params:
    _of(call)
    return _ask(call)


@HOOKS.instead(SERVICE, "TagResource", "UntagResource", "DeleteResourcePolicy")
def changed_if_not_deleted(call: Call) -> Params:
    secret = _of(call)
    refusals.not_deleted(secret)
    refusals.tags(call.params, secret)
    return _ask(call)


@HOOKS.instead(SERVICE, "PutResourcePolicy")
def put_policy(call: Call) -> Params:
    secret = _of(call)
    refusals.not_deleted(secret)
    refusals.policy(call.params)
    return _ask(call)


@HOOKS.instead(SERVICE, "RotateSecret", "CancelRotateSecret")
def rotate(call: Call) -> Params:
    refusals.not_deleted(_of(call))
    if call.operation == "RotateSecret" and call.params.get("RotationLambdaARN"):
        # There are no functions in these accounts.
        text = (
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            "access to the principal secretsmanager.amazonaws.com."
        )
        raise Refusal("AccessDeniedException", text)
    text = "No Lambda rotation function ARN is associated with this secret."
    raise Refusal("InvalidRequestException", text)

"""The permissions of Secrets Manager's calls.

Rests on the service authorization reference and on what AWS was seen to answer: a call is decided on the ARN that the
secret has, whichever way the call names it; of a secret that isn't there, on the ARN that its name alone would give,
so that a grant on ``name-??????`` does not tell whether there is one; creation on the name and an unknown end. Tags at
creation need TagResource.
"""

from __future__ import annotations

from typing import Any

from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.call import Call
from localcloud.server.secretsmanager import store

ON_A_SECRET = {
    "CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret", "DescribeSecret", "GetResourcePolicy",
    "GetSecretValue", "ListSecretVersionIds", "PutResourcePolicy", "PutSecretValue", "RestoreSecret", "RotateSecret",
    "TagResource", "UntagResource", "UpdateSecret", "UpdateSecretVersionStage",
}  # fmt: skip
ON_NONE = {"GetRandomPassword", "ListSecrets"}
CONTEXT = {
    "Name": "secretsmanager:Name",
    "Description": "secretsmanager:Description",
    "KmsKeyId": "secretsmanager:KmsKeyId",
    "SecretId": "secretsmanager:SecretId",
    "VersionId": "secretsmanager:VersionId",
    "VersionStage": "secretsmanager:VersionStage",
    "BlockPublicPolicy": "secretsmanager:BlockPublicPolicy",
    "ForceDeleteWithoutRecovery": "secretsmanager:ForceDeleteWithoutRecovery",
    "RecoveryWindowInDays": "secretsmanager:RecoveryWindowInDays",
    "RotationLambdaARN": "secretsmanager:RotationLambdaARN",
}
"""Parameter -> the condition key that it is."""


def permissions(call: Call) -> list[Permission]:
    account = call.caller.account_id
    action = f"secretsmanager:{call.operation}"
    if call.operation in ON_NONE:
        return [Permission(action=action, resource="*", owner_account=account)]
    if call.operation == "CreateSecret":
        resource = _arn(account, call.region, f"{call.params['Name']}-*")
        actions = [action, "secretsmanager:TagResource"] if call.params.get("Tags") else [action]
        return [
            Permission(action=one, resource=resource, context=_context(call), owner_account=account) for one in actions
        ]
    if call.operation not in ON_A_SECRET:
        raise Unmapped(action)
    wanted: str = call.params["SecretId"]
    secret = store.find(account, call.region, wanted)
    if secret is None:
        owner, region = store.place(account, call.region, wanted)
        resource = wanted if wanted.startswith("arn:") else _arn(owner, region, wanted)
        return [Permission(action=action, resource=resource, context=_context(call), owner_account=owner)]
    context = _context(call) | {f"aws:ResourceTag/{tag['Key']}": [tag["Value"]] for tag in secret.tags or []}
    context |= {"secretsmanager:SecretId": [secret.arn]} if "secretsmanager:SecretId" in context else {}
    owner = secret.account_id
    return [
        Permission(
            action=action, resource=secret.arn, context=context, owner_account=owner, resource_policy=secret.policy
        )
    ]


def _arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}"


def _context(call: Call) -> Values:
    found = {key: [_text(call.params[name])] for name, key in CONTEXT.items() if call.params.get(name) is not None}
    if call.operation == "GetSecretValue" and not {"VersionId", "VersionStage"} & call.params.keys():
        found["secretsmanager:VersionStage"] = [store.CURRENT]
    tags = {tag["Key"]: tag.get("Value", "") for tag in call.params.get("Tags", [])}
    found |= {f"aws:RequestTag/{key}": [value] for key, value in tags.items()}
    names = list(tags) or list(call.params.get("TagKeys", []))
    return found | ({"aws:TagKeys": names} if names else {})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

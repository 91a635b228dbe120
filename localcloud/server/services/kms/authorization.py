"""The permissions of KMS calls.

Rests on the KMS developer guide's permissions reference: alias operations need their action on the alias (identity
policy) and on the key (key policy); a key that does not exist needs none, KMS answers NotFoundException.
"""

from __future__ import annotations

import struct

from localcloud.server.access import resources
from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.call import Call
from localcloud.server.permissions import on, tags

KEY = {
    "CancelKeyDeletion", "CreateGrant", "DescribeKey", "DisableKey", "DisableKeyRotation", "EnableKey",
    "EnableKeyRotation", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetKeyPolicy", "GetKeyRotationStatus", "GetPublicKey",
    "ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags", "PutKeyPolicy", "RetireGrant",
    "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion", "Sign", "TagResource", "UntagResource",
    "UpdateKeyDescription", "Verify", "VerifyMac",
}  # fmt: skip
ACROSS_ACCOUNTS = {"Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"}
"""Of the operations that the KMS API reference allows on a key of another account, those that are done here."""
ANY = {"CreateKey", "GenerateRandom", "ListAliases", "ListKeys"}
_KEY_ID_LENGTH = 36


def permissions(call: Call) -> list[Permission]:
    if call.operation in ANY:
        owner = call.caller.account_id
        needed = [Permission(action=f"kms:{call.operation}", resource="*", context=_create(call), owner_account=owner)]
        if call.operation == "CreateKey" and call.params.get("Tags"):
            needed.append(
                Permission(action="kms:TagResource", resource="*", context=_create(call), owner_account=owner)
            )
        return needed
    if call.operation in ("CreateAlias", "UpdateAlias", "DeleteAlias"):
        return _alias(call)
    if call.operation in ("Decrypt", "ReEncrypt"):
        return _with_ciphertext(call)
    if call.operation in KEY:
        return _on_keys(call, {f"kms:{call.operation}": call.params.get("KeyId")})
    raise Unmapped(f"kms:{call.operation}")


def _create(call: Call) -> Values:
    context = tags(call.params)
    names = {"KeySpec": "kms:KeySpec", "KeyUsage": "kms:KeyUsage", "Origin": "kms:KeyOrigin"}
    return context | {key: [str(call.params[name])] for name, key in names.items() if call.params.get(name)}


def _on_keys(call: Call, wanted: dict[str, str | None]) -> list[Permission]:
    context = tags(call.params)
    for name, value in (call.params.get("EncryptionContext") or {}).items():
        context[f"kms:EncryptionContext:{name}"] = [value]
    if call.operation == "CreateGrant":
        context["kms:GrantOperations"] = list(call.params.get("Operations", []))
        context["kms:GranteePrincipal"] = [call.params["GranteePrincipal"]]
    if call.operation == "ScheduleKeyDeletion" and call.params.get("PendingWindowInDays"):
        context["kms:ScheduleKeyDeletionPendingWindowInDays"] = [str(call.params["PendingWindowInDays"])]
    if str(call.params.get("KeyId", "")).split(":")[-1].startswith("alias/"):
        context["kms:RequestAlias"] = [str(call.params["KeyId"]).split(":")[-1]]
    keys = {action: resources.key(call.caller.account_id, call.region, name) for action, name in wanted.items() if name}
    for key in keys.values():
        if key and call.operation in ACROSS_ACCOUNTS:
            call.account = key.account_id
    return [on(call, action, str(key.arn), context) for action, key in keys.items() if key]


def _alias(call: Call) -> list[Permission]:
    account, name = call.caller.account_id, call.params["AliasName"]
    action = f"kms:{call.operation}"
    arn = f"arn:aws:kms:{call.region}:{account}:{name}"
    needed = [Permission(action=action, resource=arn, owner_account=account)]
    targets = [] if call.operation == "CreateAlias" else [name]
    targets += [call.params["TargetKeyId"]] if call.operation != "DeleteAlias" else []
    keys = (resources.key(account, call.region, target) for target in targets)
    return needed + [on(call, action, str(key.arn), {}) for key in keys if key]


def ciphertext_key(blob: bytes) -> str | None:
    """The key id that a ciphertext of moto's begins with."""
    try:
        return struct.unpack(f">{_KEY_ID_LENGTH}s", blob[:_KEY_ID_LENGTH])[0].decode()
    except (struct.error, UnicodeDecodeError):
        return None


def _with_ciphertext(call: Call) -> list[Permission]:
    source = resources.key_arn(call.region, ciphertext_key(call.params["CiphertextBlob"]))
    if call.operation == "Decrypt":
        return _on_keys(call, {"kms:Decrypt": call.params.get("KeyId") or source})
    wanted = {"kms:ReEncryptFrom": call.params.get("SourceKeyId") or source}
    return _on_keys(call, {**wanted, "kms:ReEncryptTo": call.params.get("DestinationKeyId")})

"""KMS: what AWS refuses and moto takes, and the rotation period that moto loses.

AWS facts (KMS developer guide, API reference): a key policy must leave its writer able to change it again, unless the
lock-out check is bypassed; only a symmetric key of KMS's own material rotates; a key that is disabled or waits for its
deletion does no cryptography, and the latter cannot be changed but by cancelling.
"""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

from localcloud.server.access import resources
from localcloud.server.access.evaluate import Named, Request, applies, context_of
from localcloud.server.access.identities import context, principal
from localcloud.server.access.permission import Permission
from localcloud.server.access.policy import Policy
from localcloud.server.access.principals import Grant, grant
from localcloud.server.access.refusals import check_key_policy
from localcloud.server.access.resources import Key
from localcloud.server.call import HOOKS, Call, Params, Refusal

from .authorization import ciphertext_key

MAX_POLICY = 32_768
MAX_TAGS = 50
DEFAULT_ROTATION_DAYS = 365
ALIAS = re.compile(r"alias/[a-zA-Z0-9/_-]+")
CRYPTOGRAPHY = (
    "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "Sign",
    "Verify", "VerifyMac", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "CreateGrant",
)  # fmt: skip
CHANGES = (
    "CreateAlias", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation", "RotateKeyOnDemand",
    "TagResource", "UntagResource", "UpdateKeyDescription", "ScheduleKeyDeletion",
)  # fmt: skip
USAGE = {"SYMMETRIC_DEFAULT": ("ENCRYPT_DECRYPT",), "HMAC": ("GENERATE_VERIFY_MAC",)}
_rotation_days: WeakKeyDictionary[Key, int] = WeakKeyDictionary()


def _validation(text: str) -> Refusal:
    return Refusal("ValidationException", text)


def _key(call: Call, name: str | None) -> Key | None:
    return resources.key(call.account, call.region, name) if name else None


# Key policies


@HOOKS.before("kms", "CreateKey", "PutKeyPolicy")
def key_policy(call: Call) -> None:
    text: str | None = call.params.get("Policy")
    if text is None:
        return
    if len(text.encode()) > MAX_POLICY:
        raise Refusal("LimitExceededException", f"The key policy is larger than {MAX_POLICY} bytes")
    policy = check_key_policy(text)
    if not call.params.get("BypassPolicyLockoutSafetyCheck") and not _keeps_a_way_in(call, policy):
        text = "The new key policy will not allow you to update the key policy in the future."
        raise Refusal("MalformedPolicyDocumentException", text)


def _keeps_a_way_in(call: Call, policy: Policy) -> bool:
    """Whether the policy lets its writer, or the writer's account, put a policy again."""
    account = call.caller.account_id
    permission = Permission(action="kms:PutKeyPolicy", resource=f"arn:aws:kms:{call.region}:{account}:key/new")
    request = Request(
        action=permission.action,
        resource=permission.resource,
        context=context_of({**context(call.caller), "kms:CallerAccount": [account]}),
        principal=principal(call, permission),
    )
    named = Named(name="key policy", policy=policy)
    statements = {
        statement.allow
        for statement in named.policy.statements
        if grant(statement, request.principal) != Grant.NONE and applies(statement, request, variables=policy.variables)
    }
    return statements == {True}


# Aliases


@HOOKS.before("kms", "CreateAlias", "UpdateAlias", "DeleteAlias")
def alias_name(call: Call) -> None:
    name: str = call.params["AliasName"]
    if not name.startswith("alias/"):
        raise _validation(f"Alias must start with the prefix 'alias/': {name}")
    if name.startswith("alias/aws/"):
        raise Refusal("NotAuthorizedException", "The alias prefix alias/aws/ is reserved")
    if ":" in name:
        raise Refusal("InvalidAliasNameException", f"{name} contains invalid characters for an alias")
    if not ALIAS.fullmatch(name):
        raise _validation(f"Value '{name}' at 'aliasName' failed to satisfy constraint: {ALIAS.pattern}")
    target: str = call.params.get("TargetKeyId", "")
    if target.rsplit(":", maxsplit=1)[-1].startswith("alias/"):
        raise _validation("Aliases must refer to keys. Not aliases")
    place = [call.region, call.caller.account_id]
    if target.startswith("arn:") and target.split(":")[3:5] != place:
        raise Refusal("NotFoundException", f"Invalid arn: {target} is not a key of {place[1]} in {place[0]}")


# State of the key


@HOOKS.before("kms", "EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion")
def by_id(call: Call) -> None:
    """moto finds a key by its ARN for other operations, and fails for these."""
    own = f"arn:aws:kms:{call.region}:{call.caller.account_id}:key/"
    call.params["KeyId"] = call.params["KeyId"].removeprefix(own)


@HOOKS.before("kms", *CRYPTOGRAPHY, *CHANGES)
def usable(call: Call) -> None:
    names = ("KeyId", "SourceKeyId", "DestinationKeyId", "TargetKeyId")
    wanted = [call.params.get(name) for name in names]
    if "CiphertextBlob" in call.params:
        wanted.append(ciphertext_key(call.params["CiphertextBlob"]))
    for key in (_key(call, name) for name in wanted):
        if key is None:
            continue
        if key.key_state == "PendingDeletion":
            raise Refusal("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        if call.operation in CRYPTOGRAPHY and not key.enabled:
            raise Refusal("DisabledException", f"{key.arn} is disabled.")


@HOOKS.before("kms", "ScheduleKeyDeletion")
def pending_window(call: Call) -> None:
    days = call.params.get("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        raise _validation(f"PendingWindowInDays {days} must be between 7 and 30")


# Kinds of key


@HOOKS.before("kms", "CreateKey")
def key_kind(call: Call) -> None:
    spec = call.params.get("KeySpec") or call.params.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    usage = call.params.get("KeyUsage")
    family = spec.split("_")[0] if spec.startswith("HMAC") else spec
    fitting = USAGE.get(family)
    if fitting is None:
        if usage is None:
            raise _validation(f"You must specify a KeyUsage value for an asymmetric KMS key ({spec})")
        fitting = _asymmetric_usage(spec)
    if (usage or "ENCRYPT_DECRYPT") not in fitting:
        raise _validation(f"KeyUsage {usage or 'ENCRYPT_DECRYPT'} is not compatible with KeySpec {spec}")


def _asymmetric_usage(spec: str) -> tuple[str, ...]:
    if spec.startswith("RSA"):
        return ("ENCRYPT_DECRYPT", "SIGN_VERIFY")
    if spec.startswith("ECC_NIST"):
        return ("SIGN_VERIFY", "KEY_AGREEMENT")
    return ("SIGN_VERIFY",)


# Rotation


@HOOKS.before("kms", "EnableKeyRotation", "RotateKeyOnDemand")
def rotatable(call: Call) -> None:
    key = _key(call, call.params["KeyId"])
    if key and (key.key_spec != "SYMMETRIC_DEFAULT" or key.origin != "AWS_KMS"):
        raise Refusal("UnsupportedOperationException", f"{key.arn} is a {key.key_spec} key of {key.origin} material")
    days = call.params.get("RotationPeriodInDays", DEFAULT_ROTATION_DAYS)
    if not 90 <= days <= 2560:
        raise _validation(f"RotationPeriodInDays {days} must be between 90 and 2560")
    if key and call.operation == "EnableKeyRotation":
        _rotation_days[key] = days


@HOOKS.after("kms", "GetKeyRotationStatus")
def rotation_period(call: Call, output: Params) -> None:
    key = _key(call, call.params["KeyId"])
    if key is None:
        return
    output["KeyId"] = str(key.arn)
    if output["KeyRotationEnabled"]:
        output["RotationPeriodInDays"] = _rotation_days.get(key, DEFAULT_ROTATION_DAYS)


# Tags


@HOOKS.before("kms", "CreateKey", "TagResource")
def tags(call: Call) -> None:
    keys = [tag["TagKey"] for tag in call.params.get("Tags", [])]
    if len(keys) != len(set(keys)):
        raise Refusal("TagException", "Duplicate tag keys")
    if any(key.startswith("aws:") for key in keys):
        raise Refusal("TagException", "Tag keys beginning with aws: are reserved")
    if len(keys) > MAX_TAGS:
        raise Refusal("TagException", f"Too many tags: at most {MAX_TAGS}")

"""The KMS key of a secret: who may use it, and whether it can be used.

AWS facts (user guide, "Secret encryption and decryption"): a value is written with kms:GenerateDataKey and kms:Decrypt
and read with kms:Decrypt on the secret's key, called by Secrets Manager on the caller's behalf, with the secret's ARN
as encryption context; whoever lacks that is told that access to KMS is not allowed. The key that AWS makes for an
account (alias aws/secretsmanager) lets in that account alone, and whoever there calls through Secrets Manager.
"""

from __future__ import annotations

from localcloud.server import service_calls
from localcloud.server.access import resources
from localcloud.server.access.resources import Key
from localcloud.server.call import Call, Refusal

from . import store

NOT_ALLOWED = "Access to KMS is not allowed"


def named(call: Call, owner: str) -> None:
    """Refuses a key that no secret can have: another service's own, or one of another region."""
    wanted: str = call.params.get("KmsKeyId") or ""
    plain = wanted.split(":", 5)[-1]
    if plain.startswith("alias/aws/") and plain != store.OWN_KEY:
        raise Refusal("InvalidRequestException", f"You can't use the KMS key {wanted} of another service of AWS.")
    if wanted.startswith("arn:") and wanted.split(":")[3] != call.region:
        raise Refusal("InvalidRequestException", f"Invalid arn {call.region}: the key {wanted} is in another region.")
    if plain == store.OWN_KEY and wanted.startswith("arn:") and wanted.split(":")[4] != owner:
        raise Refusal("InvalidRequestException", f"You can't use the KMS key {wanted} of another account.")


def encrypt(call: Call, owner: str, key_id: str | None, secret_arn: str) -> None:
    _use(call, owner, key_id, secret_arn, ("GenerateDataKey", "Decrypt"))


def decrypt(call: Call, owner: str, key_id: str | None, secret_arn: str) -> None:
    _use(call, owner, key_id, secret_arn, ("Decrypt",))


def _use(call: Call, owner: str, key_id: str | None, secret_arn: str, actions: tuple[str, ...]) -> None:
    if key_id is None or key_id.split(":", 5)[-1] == store.OWN_KEY:
        if call.caller.account_id != owner:
            raise Refusal("AccessDeniedException", NOT_ALLOWED)
        return
    # A key that is not named by its ARN is looked for in the account of the caller, whosever the secret is.
    key = resources.key(call.caller.account_id, call.region, key_id)
    fault = "EncryptionFailure" if "GenerateDataKey" in actions else "DecryptionFailure"
    verb = "encrypt" if fault == "EncryptionFailure" else "decrypt"
    if key is None or not key.enabled or key.key_state == "PendingDeletion":
        what = "does not exist" if key is None else "is disabled or pending deletion"
        raise Refusal(fault, f"Secrets Manager can't {verb} the secret value: Key '{key_id}' {what}")
    for action in actions:
        _require(call, key, action, secret_arn)


def _require(call: Call, key: Key, action: str, secret_arn: str) -> None:
    context = {"kms:ViaService": [f"secretsmanager.{call.region}.amazonaws.com"]}
    if secret_arn:
        context["kms:EncryptionContext:SecretARN"] = [secret_arn]
    try:
        service_calls.require(
            call.caller,
            f"kms:{action}",
            str(key.arn),
            call.region,
            owner=key.account_id,
            policy=key.policy,
            context=context,
        )
    except Refusal as refusal:
        raise Refusal("AccessDeniedException", NOT_ALLOWED) from refusal

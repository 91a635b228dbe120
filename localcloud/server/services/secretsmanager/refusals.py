"""What Secrets Manager refuses and moto takes, or refuses otherwise.

Sources: the API reference of each operation (which errors it has, limits), AWS's answers as recorded by others.
"""

from __future__ import annotations

import re

from localcloud.server.access import documents, public
from localcloud.server.call import Params, Refusal
from localcloud.server.services.secretsmanager.store import FakeSecret

NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
MAX_TAGS = 50
LABEL, VERSION = "staging label", "VersionId"


def name(wanted: str) -> None:
    if not NAME.fullmatch(wanted):
        text = (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )
        raise Refusal("ValidationException", text)


def has_value(params: Params) -> bool:
    return params.get("SecretString") is not None or params.get("SecretBinary") is not None


def value(params: Params) -> None:
    if params.get("SecretString") is not None and params.get("SecretBinary") is not None:
        text = "You can't specify both a binary secret value and a string secret value in the same secret."
        raise Refusal("InvalidParameterException", text)


def taken(existing: FakeSecret | None, params: Params) -> None:
    """Refuses a second secret of a name, but for the same request sent again."""
    if existing is None:
        return
    if existing.is_deleted():
        text = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise Refusal("InvalidRequestException", text)
    if params["ClientRequestToken"] not in existing.versions:
        text = f"The operation failed because the secret {existing.name} already exists."
        raise Refusal("ResourceExistsException", text)


def not_deleted(secret: FakeSecret) -> None:
    if secret.is_deleted():
        text = "You can't perform this operation on the secret because it was marked for deletion."
        raise Refusal("InvalidRequestException", text)


def deletion(params: Params) -> None:
    days, forced = params.get("RecoveryWindowInDays"), params.get("ForceDeleteWithoutRecovery")
    if days is not None and forced:
        text = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        raise Refusal("InvalidParameterException", text)
    if days is not None and not 7 <= days <= 30:
        text = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        raise Refusal("InvalidParameterException", text)


def version(secret: FakeSecret, version_id: str | None, label: str | None) -> None:
    """Refuses a version that isn't there, or has no value yet."""
    versions = [one for one in secret.versions if version_id in (None, one)]
    if version_id and not versions:
        raise _no_value(VERSION, version_id)
    labelled = [one for one in versions if label is None or label in secret.versions[one]["version_stages"]]
    if version_id and not labelled:
        text = "You provided a VersionStage that is not associated to the provided VersionId."
        raise Refusal("InvalidRequestException", text)
    if not labelled:
        raise _no_value(LABEL, str(label))


def _no_value(what: str, which: str) -> Refusal:
    text = f"Secrets Manager can't find the specified secret value for {what}: {which}"
    return Refusal("ResourceNotFoundException", text)


def policy(params: Params) -> None:
    """Refuses a policy that is none, names who isn't there, or is public though that was to be refused."""
    text: str = params["ResourcePolicy"]
    try:
        documents.check_resource(text)
    except documents.Fault as fault:
        raise Refusal("MalformedPolicyDocumentException", f"This resource policy contains an error: {fault}") from fault
    if params.get("BlockPublicPolicy") and public.is_public(text):
        raise Refusal("PublicPolicyException", "You can't attach this resource policy: it grants broad access.")


def tags(params: Params, secret: FakeSecret | None = None) -> None:
    given = [tag["Key"] for tag in params.get("Tags", [])]
    if len(given) != len(set(given)):
        raise Refusal("InvalidParameterException", "Duplicate tag keys found in the request.")
    if any(key.lower().startswith("aws:") for key in (*given, *params.get("TagKeys", []))):
        raise Refusal("InvalidParameterException", "Tag keys that begin with aws: are reserved for AWS.")
    existing = {tag["Key"] for tag in (secret.tags or [])} if secret else set[str]()
    if len(existing | set(given)) > MAX_TAGS:
        raise Refusal("InvalidParameterException", f"A secret has at most {MAX_TAGS} tags.")

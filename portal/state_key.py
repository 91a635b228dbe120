"""The key that encrypts the secrets in a stack's state: one of KMS, in the stack's account.

Rests on: Pulumi, "Secrets" (a secrets provider encrypts a data key, which encrypts the secrets; the stack file and the
state hold it encrypted); KMS developer guide, "Key policies" (a caller of another account needs the key's policy and
one of its own) and "Aliases" (a key of another account is named by the ARN of its alias).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import boto3

from components import names
from portal import policies
from portal.errors import PortalError
from portal.recovery import Place
from settings.project import FILE
from settings.yamlfile import read

PASSPHRASE: Final = "passphrase"  # noqa: S105 - the engine's word for that provider, no secret
KMS: Final = "awskms://"
"""Begins the engine's URLs of keys."""


def key_provider(place: Place) -> str:
    """The engine's URL of the key; the engine uses it as the caller, not through the stack's role."""
    arn = f"arn:aws:kms:{place.region}:{place.account}:{names.STATE_KEY}"
    return f"{KMS}/{arn}?region={place.region}"


def ensure_key(place: Place, engineers: Sequence[str], *, yes: bool) -> None:
    """Makes the key if the account has none, and sets its policy where it differs, through the stack's role. Raises
    botocore's errors, and PortalError where nobody agrees to what the policy would lose."""
    refuse_stranger(place, engineers)
    kms, policy = place.client("kms"), key_policy(place.account, engineers)
    try:
        key = kms.describe_key(KeyId=names.STATE_KEY)["KeyMetadata"]["KeyId"]
    except kms.exceptions.NotFoundException:
        description, text = "Secrets in the state of Pulumi's stacks", json.dumps(policy)
        key = kms.create_key(Description=description, Policy=text)["KeyMetadata"]["KeyId"]
        kms.enable_key_rotation(KeyId=key)
        kms.create_alias(AliasName=names.STATE_KEY, TargetKeyId=key)
        return
    before = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    if not policies.same(before, policy):
        policies.agree_to_loss(f"the key {names.STATE_KEY} of {place.account}", before, policy, yes=yes)
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def refuse_stranger(place: Place, engineers: Sequence[str]) -> None:
    """Raises PortalError for a caller whom the policies would keep out of the states."""
    caller: str = boto3.Session(region_name=place.region).client("sts").get_caller_identity()["Account"]
    if caller not in {place.account, *engineers}:
        rule = f"must have {caller}, the account of the credentials at hand, or they would reach no state"
        raise PortalError(f"{FILE}: engineers: {', '.join(engineers)}: {rule}")


def key_policy(account: str, engineers: Iterable[str]) -> dict[str, Any]:
    """The account's own identities, as their policies say; those of ``engineers``, accounts whose people bring stacks
    up, to use the key; and GitHub's deploy role, to read secrets. Its roles for previews and drift work without.

    The role is not there before the first update, and KMS refuses a principal that doesn't exist: it is named in a
    condition.
    """
    deploys = names.role_arn(account, names.GITHUB_DEPLOY)
    github = {"StringEquals": {"aws:PrincipalAccount": account}, "ArnEquals": {"aws:PrincipalArn": deploys}}
    statements = [
        _allow("Account", names.account_arn(account), "kms:*"),
        _allow("GitHub", "*", "kms:Decrypt") | {"Condition": github},
    ]
    if others := sorted({*engineers} - {account}):
        arns = [names.account_arn(one) for one in others]
        statements.append(_allow("Engineers", arns, "kms:Decrypt", "kms:Encrypt"))
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(sid: str, principal: str | list[str], *actions: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": [*actions], "Resource": "*"}


def provider_of(stack_file: Path) -> str | None:
    """The secrets provider that a stack file names; None where it names none yet."""
    data, _ = read(stack_file)
    if not isinstance(data, dict):
        return None
    named = data.get("secretsprovider")
    return str(named) if named else (PASSPHRASE if data.get("encryptionsalt") else None)


def refuse_empty_passphrase(stack: str, provider: str | None, env: Mapping[str, str] = os.environ) -> None:
    """Raises PortalError where the state's secrets are encrypted, but everybody knows by what."""
    if provider == PASSPHRASE and _passphrase(env) == "":
        raise PortalError(
            f"{stack}: the passphrase is empty, so that whoever reads the state reads the secrets in it. "
            f"portal encrypt-state {stack} encrypts them by a KMS key of the account; "
            f"or: pulumi stack change-secrets-provider passphrase --stack {stack}"
        )


def _passphrase(env: Mapping[str, str]) -> str | None:
    """As the engine looks for it: a variable that is set counts, even if it is empty."""
    if (given := env.get("PULUMI_CONFIG_PASSPHRASE")) is not None:
        return given
    file = env.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    return Path(file).read_text().strip() if file else None

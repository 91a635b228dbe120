"""Finding a secret by what a call names it: its name, its ARN, or its ARN without the six random characters.

AWS facts: the ARN of a secret is its name, a hyphen and six characters; a secret of another account can be named by
its ARN only. What looks like a whole ARN is taken for one: of a secret whose own name ends like that, the partial ARN
finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends

from localcloud.server.call import Call
from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource

ARN = re.compile(r"arn:aws:secretsmanager:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):secret:(?P<name>.+)")
WHOLE = re.compile(r".*-[A-Za-z0-9]{6}")
OWN_KEY = "alias/aws/secretsmanager"
CURRENT = "AWSCURRENT"


def place(account: str, region: str, secret_id: str) -> tuple[str, str]:
    """The account and region that an ARN names; those of the caller for anything else."""
    match = ARN.fullmatch(secret_id)
    return (match["account"], match["region"]) if match else (account, region)


def backend(account: str, region: str) -> SecretsManagerBackend | None:
    return backend_of(secretsmanager_backends, account, region)


def find(account: str, region: str, secret_id: str) -> FakeSecret | None:
    """The secret that a caller in this account and region means. Another region's secrets are not seen."""
    account, where = place(account, region, secret_id)
    store = backend(account, where)
    if store is None or where != region:
        return None
    parts = ARN.fullmatch(secret_id)
    for secret in _secrets(store):
        partial = parts is not None and not WHOLE.fullmatch(secret_id) and secret.name == parts["name"]
        if secret.arn == secret_id or (parts is None and secret.name == secret_id) or partial:
            return secret
    return None


def _secrets(store: SecretsManagerBackend) -> Iterator[FakeSecret]:
    return (secret for secret in dict.values(store.secrets) if isinstance(secret, FakeSecret))


def owner(call: Call) -> str:
    """The account that has the secret."""
    return place(call.caller.account_id, call.region, call.params.get("SecretId", ""))[0]


def arn(call: Call, secret_id: str) -> str:
    """The ARN of the secret; of one that isn't there, the one that its name alone would give."""
    secret = find(call.caller.account_id, call.region, secret_id)
    if secret is not None:
        return secret.arn
    return (
        secret_id
        if secret_id.startswith("arn:")
        else f"arn:aws:secretsmanager:{call.region}:{call.account}:secret:{secret_id}"
    )


def resource(arn: str) -> Resource | None:
    account, region = arn.split(":")[4], arn.split(":")[3]
    secret = find(account, region, arn)
    if secret is None:
        return None
    tags = {tag["Key"]: tag["Value"] for tag in secret.tags or []}
    return Resource(owner=account, policy=secret.policy, tags=tags)


def inventory(account: str) -> list[str]:
    return [secret.arn for store in of_account(secretsmanager_backends, account) for secret in _secrets(store)]

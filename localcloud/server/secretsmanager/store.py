"""Finding a secret by what a call names it: its name, its ARN, or its ARN without the six random characters.

AWS facts: the ARN of a secret is its name, a hyphen and six characters; a secret of another account can be named by
its ARN only. What looks like a whole ARN is taken for one: of a secret whose own name ends like that, the partial ARN
finds nothing.
"""

from __future__ import annotations

import re

from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends

from localcloud.server.access import resources

ARN = re.compile(r"arn:aws:secretsmanager:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):secret:(?P<name>.+)")
WHOLE = re.compile(r".*-[A-Za-z0-9]{6}")
OWN_KEY = "alias/aws/secretsmanager"
CURRENT = "AWSCURRENT"


def place(account: str, region: str, secret_id: str) -> tuple[str, str]:
    """The account and region that an ARN names; those of the caller for anything else."""
    found = ARN.fullmatch(secret_id)
    return (found["account"], found["region"]) if found else (account, region)


def backend(account: str, region: str) -> SecretsManagerBackend | None:
    return secretsmanager_backends[account][region] if resources.account_exists(account) else None


def find(account: str, region: str, secret_id: str) -> FakeSecret | None:
    """The secret that a caller in this account and region means. Another region's secrets are not seen."""
    owner, where = place(account, region, secret_id)
    held = backend(owner, where)
    if held is None or where != region:
        return None
    arn = ARN.fullmatch(secret_id)
    for secret in dict.values(held.secrets):
        if not isinstance(secret, FakeSecret):
            continue
        partial = arn is not None and not WHOLE.fullmatch(secret_id) and secret.name == arn["name"]
        if secret.arn == secret_id or (arn is None and secret.name == secret_id) or partial:
            return secret
    return None

"""Web identity tokens, as GitHub Actions hands them to its jobs: minted by a local issuer, and checked as STS does.

GitHub's facts (*OpenID Connect reference*): the issuer is https://token.actions.githubusercontent.com, ``aud`` for AWS
is sts.amazonaws.com, ``sub`` is ``repo:OWNER/NAME:`` and ``environment:X``, ``pull_request`` or ``ref:refs/heads/X``,
or with ids ``repo:OWNER@ID/NAME@ID:``. ``ref`` is what the workflow runs on (``refs/pull/N/merge`` for a pull request),
``job_workflow_ref`` the file with the job at that ref.
AWS's facts: the issuer must be an OIDC provider of the role's account and ``aud`` one of its client ids; a token that
is malformed, unknown or signed by somebody else is InvalidIdentityToken, one that has ended ExpiredTokenException.
The local issuer's key stands in for the one that AWS would fetch from the issuer's own address.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from .access import resources
from .call import Refusal

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
LIFETIME_SECONDS = 300
KEY_BITS = 2048
ALGORITHMS = ["RS256"]


@dataclass
class Issuer:
    """Whose tokens are genuine here. ``key`` is None until the server has its folder."""

    key: RSAKey | None = None


ISSUER_KEY = Issuer()


def load_key(path: Path) -> RSAKey:
    """The issuer's key, made on first use."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(RSAKey.generate_key(KEY_BITS).as_pem(private=True))
    return RSAKey.import_key(path.read_bytes())


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job of GitHub Actions, as its token speaks of it."""

    repository: str
    """``OWNER/NAME``, or ``OWNER@ID/NAME@ID`` as the subject has it."""
    repository_id: int = 456_789
    context: str
    """``environment:X``, ``pull_request`` or ``ref:refs/heads/X``."""
    workflow: str = "deploy.yml"
    """The file below ``.github/workflows``."""
    ref: str = "refs/heads/main"

    def claims(self) -> dict[str, Any]:
        repository = re.sub(r"@[0-9]+", "", self.repository)
        claims: dict[str, Any] = {
            "sub": f"repo:{self.repository}:{self.context}",
            "repository": repository,
            "repository_id": str(self.repository_id),
            "repository_owner": repository.partition("/")[0],
            "ref": self.ref,
            "job_workflow_ref": f"{repository}/.github/workflows/{self.workflow}@{self.ref}",
        }
        if self.context.startswith("environment:"):
            claims["environment"] = self.context.removeprefix("environment:")
        return claims


def mint(key: RSAKey, job: Job, *, audience: str = AUDIENCE, now: float | None = None) -> str:
    """A job's token."""
    issued = int(time.time() if now is None else now)
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": audience,
        **job.claims(),
        "iat": issued,
        "nbf": issued,
        "exp": issued + LIFETIME_SECONDS,
    }
    return jwt.encode({"alg": ALGORITHMS[0], "typ": "JWT"}, claims, key)


def verified_claims(token: str, account: str) -> dict[str, Any]:
    """The claims of a genuine token for that account. Raises Refusal as STS does."""
    if ISSUER_KEY.key is None:
        raise Refusal("InvalidIdentityToken", "No issuer's key could be retrieved to verify the token")
    try:
        claims: dict[str, Any] = jwt.decode(token, ISSUER_KEY.key, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError) as error:
        raise Refusal("InvalidIdentityToken", f"The ID Token provided is not a valid JWT: {error}") from error
    url = str(claims.get("iss", "")).removeprefix("https://")
    provider = resources.iam_backend(account).open_id_providers.get(f"arn:aws:iam::{account}:oidc-provider/{url}")
    if provider is None:
        raise Refusal("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for https://{url}")
    audience = claims.get("aud")
    if not set(audience if isinstance(audience, list) else [audience]) & set(provider.client_id_list):
        raise Refusal("InvalidIdentityToken", "Incorrect token audience")
    if float(claims.get("exp", 0)) <= time.time():
        raise Refusal(
            "ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time"
        )
    if not claims.get("sub"):
        raise Refusal("InvalidIdentityToken", "The token has no subject")
    return claims

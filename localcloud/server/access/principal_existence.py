"""Whether the principals that a policy names exist: AWS refuses to store a policy that names one that does not.

AWS facts: the account must exist, and a role or user in it; groups are no principals; no part of a principal's ARN may
be a wildcard. An identity provider is only checked for its form. Services are known by name.
"""

from __future__ import annotations

import re
from functools import lru_cache

import botocore.session

from localcloud.server import registry
from localcloud.server.access import resources
from localcloud.server.access.principals import named_account

AWS_ACCOUNTS = frozenset({"797873946194", "127311923021", "054676820928"})
"""AWS's own: load balancers deliver their logs from these (us-west-2, us-east-1, eu-central-1)."""

SERVICES_WITHOUT_CLIENT = frozenset({
    "aps", "billingconductor.billing", "bcm-data-exports", "billingreports", "config-conforms", "costalerts",
    "delivery.logs", "ecs-tasks", "edgelambda", "eks-fargate", "eks-fargate-pods", "eks-nodegroup", "export.rds",
    "logdelivery.elasticloadbalancing", "logger.cloudfront", "logging.s3", "monitoring.rds", "pods.eks",
    "replicator.lambda", "spot", "spotfleet", "ssm-incidents", "states", "transitgateway", "trustedadvisor",
    "vpc-flow-logs", "vpce", "vpcorigin.cloudfront",
})  # fmt: skip
"""Service principals (before ``.amazonaws.com``) that are not also the name of a client of botocore."""

_SERVICE = re.compile(r"([a-z0-9.-]+?)\.amazonaws\.com")
_REGIONAL = re.compile(r"\.[a-z]{2}-[a-z]+-\d$")
_ENTITY = re.compile(r"arn:aws:iam::(\d{12}):(role|user)/[\w+=,.@/-]+")
_SESSION = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([\w+=,.@-]+)/[\w+=,.@-]+")
_PROVIDER = re.compile(r"arn:aws:iam::(\d{12}):(oidc|saml)-provider/[\w.:/-]+")
_UNIQUE_ID = re.compile(r"A(?:RO|ID)A[A-Z0-9]{8,}")
_PUBLIC_PROVIDERS = {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}


def invalid_principal(kind: str, value: str) -> str | None:
    """Why AWS would refuse the principal, or None if it would not."""
    if kind == "*" or (kind == "AWS" and value == "*"):
        return None
    if kind == "Service":
        return None if _service_exists(value) else "no such service"
    if kind == "Federated":
        return _provider(value)
    if kind == "CanonicalUser":
        return "canonical users are not known here: name the account instead"
    return _aws(value)


def _account(account: str) -> str | None:
    known = resources.account_exists(account) or account in AWS_ACCOUNTS
    return None if known else f"account {account} does not exist"


def _aws(value: str) -> str | None:
    account = named_account(value)
    if account:
        return _account(account)
    entity = _ENTITY.fullmatch(value)
    if entity:
        return _account(entity.group(1)) or (None if resources.by_arn(value) else f"no such {entity.group(2)}")
    session = _SESSION.fullmatch(value)
    if session:
        role = resources.role(session.group(1), session.group(2))
        return _account(session.group(1)) or (None if role else "no such role")
    if _UNIQUE_ID.fullmatch(value):
        return None if resources.by_unique_id(value) else "no such unique id"
    return "not the ARN of an account, user, role or session"


def _provider(value: str) -> str | None:
    match = _PROVIDER.fullmatch(value)
    if match:
        return "the provider is named with its scheme" if "://" in value else _account(match.group(1))
    return None if value in _PUBLIC_PROVIDERS else "not the ARN of an identity provider"


@lru_cache(maxsize=1)
def _clients() -> frozenset[str]:
    session = botocore.session.get_session()
    return frozenset(session.get_available_services()) | SERVICES_WITHOUT_CLIENT


def _service_exists(value: str) -> bool:
    match = _SERVICE.fullmatch(value)
    if match is None:
        return False
    name = _REGIONAL.sub("", match.group(1))
    return name in _clients() or f"{name}.amazonaws.com" in registry.principals()

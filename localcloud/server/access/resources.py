"""What the accounts hold, read live from moto: the facts that permissions and decisions rest on.

The one module that touches moto's IAM and KMS, on which every decision rests. It makes no account and no resource:
asking for what is not there answers None.
"""

from __future__ import annotations

from collections.abc import Iterator

from moto.iam.models import Group, IAMBackend, ManagedPolicy, OpenIDConnectProvider, Role, User, iam_backends
from moto.iam.utils import generate_access_key_id_from_account_id
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.utils import RESERVED_ALIASE_TARGET_KEY_IDS

from localcloud.server.organization import ORGANIZATION, PARTITION

__all__ = [
    "RESERVED_ALIASE_TARGET_KEY_IDS",
    "Group",
    "IAMBackend",
    "Key",
    "KmsBackend",
    "ManagedPolicy",
    "OpenIDConnectProvider",
    "Role",
    "User",
    "generate_access_key_id_from_account_id",
    "kms_backends",
]


def account_exists(account: str) -> bool:
    """Whether the account is one of the organization's."""
    return account in ORGANIZATION.accounts


def iam(account: str) -> IAMBackend | None:
    """The account's IAM, or None if there is no such account."""
    return iam_backend(account) if account_exists(account) else None


def iam_backend(account: str) -> IAMBackend:
    """The IAM of an account that exists."""
    return iam_backends[account][PARTITION]


def _named(account: str, kind: str) -> Iterator[Role | User]:
    backend = iam(account)
    if backend:
        yield from list((backend.roles if kind == "role" else backend.users).values())


def role(account: str, name: str) -> Role | None:
    """A role by name. Names are unique without regard to case."""
    roles = (item for item in _named(account, "role") if item.name.lower() == name.lower())
    return next((item for item in roles if isinstance(item, Role)), None)


def user(account: str, name: str) -> User | None:
    users = (item for item in _named(account, "user") if item.name.lower() == name.lower())
    return next((item for item in users if isinstance(item, User)), None)


def by_arn(arn: str) -> Role | User | None:
    """The role or user with that ARN."""
    account, _, rest = arn.removeprefix("arn:aws:iam::").partition(":")
    kind, _, path = rest.partition("/")
    identity = role(account, path.split("/")[-1]) if kind == "role" else user(account, path.split("/")[-1])
    return identity if identity and identity.arn == arn else None


def role_arn(account: str, name: str) -> str:
    """The ARN of a role by its name; of a role that does not exist, the one it would have without a path."""
    existing = role(account, name)
    return existing.arn if existing else f"arn:aws:iam::{account}:role/{name}"


def user_arn(account: str, name: str) -> str:
    existing = user(account, name)
    return existing.arn if existing else f"arn:aws:iam::{account}:user/{name}"


def tags_of(entity: Role | User | None) -> dict[str, str]:
    """Tags of a role or user."""
    tags = entity.tags if entity else None
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def groups_of(entity: User) -> list[Group]:
    backend = iam(entity.account_id)
    return list(backend.get_groups_for_user(entity.name)) if backend else []


def managed_policy(account: str, arn: str) -> ManagedPolicy | None:
    """A managed policy that the account can use: its own or one of AWS's."""
    backend = iam(account)
    return backend.managed_policies.get(arn) if backend else None


def default_document(policy: ManagedPolicy) -> str:
    """The text of the version in force."""
    return next(version.document for version in policy.versions if version.version_id == policy.default_version_id)


def kms(account: str, region: str) -> KmsBackend:
    return kms_backends[account][region]


def key(account: str, region: str, name: str) -> Key | None:
    """A KMS key by id, ARN, alias name or alias ARN; ARNs may be of another account."""
    if name.startswith("arn:"):
        region, account = name.split(":")[3:5]
    if not account_exists(account):
        return None
    backend = kms(account, region)
    plain = name.split(":", 5)[-1].removeprefix("key/")
    if plain.startswith("alias/"):
        plain = backend.get_key_id_from_alias(plain) or ""
    return backend.keys.get(plain)


def key_arn(region: str, key_id: str | None) -> str | None:
    """The ARN of the key with that id, whosever it is: a ciphertext says by which key it was encrypted."""
    for account in ORGANIZATION.accounts:
        if key_id in kms(account, region).keys:
            return str(kms(account, region).keys[key_id].arn)
    return None


def by_unique_id(unique_id: str) -> Role | User | None:
    """The role or user with that id (``AROA...``, ``AIDA...``)."""
    for account in ORGANIZATION.accounts:
        for kind in ("role", "user"):
            for identity in _named(account, kind):
                if identity.id == unique_id:
                    return identity
    return None

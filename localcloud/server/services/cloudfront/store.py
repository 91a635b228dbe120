"""What CloudFront holds, by account: distributions, and the policies, keys and access controls that they name.

AWS facts: everything has an ETag that changes with it; what AWS offers to all accounts (managed policies) has fixed
ids. Ids of distributions and access controls begin with E, of public keys with K; policies and key groups have UUIDs.
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.server.service import Resource

Config = dict[str, Any]
_LETTERS: Final = string.ascii_uppercase + string.digits


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of thing that has a configuration and an id, and what its errors are called."""

    name: str
    missing: str
    taken: str
    in_use: str
    updated: str = "LastModifiedTime"
    """Member that says when; empty: none."""
    prefix: str = ""
    """Of its ids; empty: they are UUIDs."""

    @property
    def config(self) -> str:
        return f"{self.name}Config"


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind(
            name="OriginAccessControl",
            missing="NoSuchOriginAccessControl",
            taken="OriginAccessControlAlreadyExists",
            in_use="OriginAccessControlInUse",
            updated="",
            prefix="E",
        ),
        Kind(
            name="CachePolicy", missing="NoSuchCachePolicy", taken="CachePolicyAlreadyExists", in_use="CachePolicyInUse"
        ),
        Kind(
            name="ResponseHeadersPolicy",
            missing="NoSuchResponseHeadersPolicy",
            taken="ResponseHeadersPolicyAlreadyExists",
            in_use="ResponseHeadersPolicyInUse",
        ),
        Kind(
            name="PublicKey",
            missing="NoSuchPublicKey",
            taken="PublicKeyAlreadyExists",
            in_use="PublicKeyInUse",
            updated="CreatedTime",
            prefix="K",
        ),
        Kind(name="KeyGroup", missing="NoSuchResource", taken="KeyGroupAlreadyExists", in_use="ResourceInUse"),
    )
}


@dataclass(kw_only=True)
class Entity:
    """One thing with its configuration, in the API's own words."""

    id: str
    config: Config
    etag: str = field(default_factory=lambda: random_id("E"))
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    def change(self, config: Config) -> None:
        self.config, self.etag, self.modified = config, random_id("E"), datetime.now(UTC)


@dataclass(kw_only=True)
class Distribution(Entity):
    account: str
    domain: str = field(default_factory=lambda: f"d{''.join(secrets.choice(_LETTERS.lower()) for _ in range(13))}")
    """Before ``.cloudfront.net``."""
    deployed: bool = False
    tags: dict[str, str] = field(default_factory=dict[str, str])
    invalidations: list[Config] = field(default_factory=list[Config])
    local_port: int = 0
    """The loopback port that stands for ``https://`` and its name, once one is open."""

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudfront::{self.account}:distribution/{self.id}"

    @property
    def domain_name(self) -> str:
        return f"{self.domain}.cloudfront.net"

    @property
    def aliases(self) -> list[str]:
        return list(self.config.get("Aliases", {}).get("Items") or [])

    @property
    def main_name(self) -> str:
        """By which its site is asked: the first host of its own, if it has one. A certificate of its origin that covers
        the hosts doesn't cover CloudFront's name."""
        return next(iter(self.aliases), self.domain_name)

    @property
    def behaviors(self) -> list[Config]:
        """The default one last, as requests try them."""
        return [*(self.config.get("CacheBehaviors", {}).get("Items") or []), self.config["DefaultCacheBehavior"]]


@dataclass(kw_only=True)
class VpcOrigin(Entity):
    """``config``: its VpcOriginEndpointConfig."""

    account: str
    vpc: str = ""
    group: str = ""
    """The security group that CloudFront's interfaces in the VPC have."""
    deployed: bool = False
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    tags: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudfront::{self.account}:vpcorigin/{self.id}"


def vpc_origin_id() -> str:
    return "vo_" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(22))


@dataclass(kw_only=True)
class Account:
    distributions: dict[str, Distribution] = field(default_factory=dict[str, Distribution])
    entities: dict[str, dict[str, Entity]] = field(default_factory=lambda: {name: {} for name in KINDS})
    """By kind and id."""
    vpc_origins: dict[str, VpcOrigin] = field(default_factory=dict[str, VpcOrigin])


_accounts: dict[str, Account] = {}


def account(account_id: str) -> Account:
    return _accounts.setdefault(account_id, Account())


def distributions() -> list[Distribution]:
    """Those of all accounts: a host name belongs to one of them. The edge asks while others are made."""
    return [one for cloudfront in list(_accounts.values()) for one in list(cloudfront.distributions.values())]


def reset() -> None:
    _accounts.clear()


def random_id(prefix: str) -> str:
    """As CloudFront makes ids: a letter and 13 more capitals or digits; a UUID without a letter to begin with."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(13)) if prefix else str(uuid.uuid4())


def resource(arn: str) -> Resource | None:
    distribution = next((one for one in distributions() if one.arn == arn), None)
    if distribution is not None:
        return Resource(owner=distribution.account, tags=distribution.tags)
    owner = arn.split(":")[4]
    for one in account(owner).vpc_origins.values():
        if one.arn == arn:
            return Resource(owner=owner, tags=one.tags)
    return Resource(owner=owner) if arn in inventory(owner) else None


def inventory(account_id: str) -> Iterator[str]:
    """Distributions, and whatever they may name."""
    cloudfront = account(account_id)
    yield from (one.arn for one in cloudfront.distributions.values())
    yield from (one.arn for one in cloudfront.vpc_origins.values())
    for kind, entities in cloudfront.entities.items():
        yield from (f"arn:aws:cloudfront::{account_id}:{_dashed(kind)}/{entity_id}" for entity_id in entities)


def _dashed(kind: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in kind).removeprefix("-")


def users(arn: str) -> Iterator[str]:
    """Distributions that name a certificate or a web ACL, VPC origins that name a load balancer."""
    for cloudfront in list(_accounts.values()):
        yield from (one.arn for one in cloudfront.vpc_origins.values() if one.config["Arn"] == arn)
    for one in distributions():
        if arn in (one.config["WebACLId"], one.config["ViewerCertificate"].get("ACMCertificateArn")):
            yield one.arn


def naming(cloudfront: Account, kind: str, entity_id: str) -> list[str]:
    """Ids of what names the entity: distributions, or key groups for a public key."""
    if kind == "PublicKey":
        groups = cloudfront.entities["KeyGroup"].values()
        return [group.id for group in groups if entity_id in (group.config.get("Items") or [])]
    return [one.id for one in cloudfront.distributions.values() if entity_id in set(_named(kind, one))]


def _named(kind: str, distribution: Distribution) -> list[str]:
    if kind == "OriginAccessControl":
        return [origin.get("OriginAccessControlId", "") for origin in distribution.config["Origins"]["Items"]]
    if kind == "VpcOrigin":
        configs = [origin.get("VpcOriginConfig") or {} for origin in distribution.config["Origins"]["Items"]]
        return [config.get("VpcOriginId", "") for config in configs]
    if kind == "KeyGroup":
        groups = [behavior.get("TrustedKeyGroups") or {} for behavior in distribution.behaviors]
        return [item for group in groups for item in group.get("Items") or []]
    return [behavior.get(f"{kind}Id", "") for behavior in distribution.behaviors]

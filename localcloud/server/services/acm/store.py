"""The certificates of all accounts, by ARN. Whether one is issued, DNS says at the moment of asking."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from localcloud.server import dns
from localcloud.server.service import Resource

_VALID_DAYS = 395


@dataclass(kw_only=True)
class Certificate:
    account: str
    region: str
    names: list[str]
    """The domain name first."""
    key_algorithm: str
    method: str
    logging: str = "ENABLED"
    export: str = "DISABLED"
    token: str = ""
    tags: dict[str, str] = field(default_factory=dict[str, str])
    requested: datetime = field(default_factory=lambda: datetime.now(UTC))
    issued: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def arn(self) -> str:
        return f"arn:aws:acm:{self.region}:{self.account}:certificate/{self.id}"

    @property
    def status(self) -> str:
        """Issued once every name's record was seen, and from then on."""
        if self.issued is None and all(self.proven(name) for name in self.names):
            self.issued = datetime.now(UTC)
        return "ISSUED" if self.issued else "PENDING_VALIDATION"

    @property
    def expires(self) -> datetime | None:
        return self.issued + timedelta(days=_VALID_DAYS) if self.issued else None

    def proof(self, name: str) -> tuple[str, str]:
        """Name and value of the CNAME that proves a name."""
        base = name.removeprefix("*.")
        label, target = (
            hashlib.md5(f"{self.account}/{base}/{word}".encode(), usedforsecurity=False).hexdigest()
            for word in ("name", "value")
        )
        return f"_{label}.{base}.", f"_{target}.jkddzztszm.acm-validations.aws."

    def proven(self, name: str) -> bool:
        record, value = self.proof(name)
        return self.method == "DNS" and value.rstrip(".") in dns.records(record, "CNAME")


CERTIFICATES: dict[str, Certificate] = {}


def resource(arn: str) -> Resource | None:
    certificate = CERTIFICATES.get(arn)
    if certificate is None:
        return None
    return Resource(
        owner=certificate.account,
        tags=certificate.tags,
        facts={"status": certificate.status, "names": certificate.names},
    )


def inventory(account: str) -> Iterator[str]:
    return (arn for arn, one in CERTIFICATES.items() if one.account == account)

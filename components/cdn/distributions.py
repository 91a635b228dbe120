"""Rules for CloudFront distributions, with which settings and components both check."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Final, Literal, get_args

from ..rules import Bounds

PriceClass = Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"]
"""From where CloudFront serves: 100 is North America and Europe, All the whole world, at each region's price."""
PRICE_CLASSES: Final[tuple[PriceClass, ...]] = get_args(PriceClass)


DATA_SECONDS: Final = Bounds(0, 31_536_000)
METADATA_SECONDS: Final = Bounds(0, 3_600)
REQUESTS_PER_5_MINUTES: Final = Bounds(10, 2_000_000_000)
"""What AWS WAF takes as a limit."""


def price_class(value: str) -> str | None:
    return None if value in PRICE_CLASSES else f"one of {', '.join(PRICE_CLASSES)}"


def zone_id(hosts: Sequence[str], zone: str | None, certificate_arn: str | None = None) -> str | None:
    """The Route 53 zone in which own host names are written. Others write them where there is a certificate and no
    zone."""
    if zone and not hosts:
        return "must be given with hosts, and with them alone"
    return (
        None if zone or certificate_arn or not hosts else "must be given with hosts, or a certificate_arn in its place"
    )


def certificate_arn(value: str | None, region: str, account: str | None = None) -> str | None:
    """A certificate of ACM. ``account``: whose it is; None: anybody's."""
    arn = rf"arn:aws:acm:{region}:{account or '[0-9]{12}'}:certificate/[0-9a-f-]{{36}}"
    if value is None or re.fullmatch(arn, value):
        return None
    of = f" of the account {account}" if account else ""
    return f"must be a certificate of ACM in {region}{of}: arn:aws:acm:{region}:{account or 'ACCOUNT'}:certificate/…"


def encoded_key(pem: str) -> str:
    """A public key as CloudFront gives it back: lines of 64 characters, one line feed at the end. The provider compares
    texts, and replaces a key that differs: its id changes, and no signed URL that names the old id is served."""
    begin, *lines, end = (line.strip() for line in pem.strip().splitlines())
    return "\n".join((begin, *textwrap.wrap("".join(lines), 64), end, ""))


def closing(kind: str) -> str | None:
    """Why a CDN over a bucket of this kind is closed to nobody."""
    return "anybody reads a public bucket without the CDN: this would close nothing" if kind == "public" else None


def request_limit(value: int | None) -> str | None:
    """Requests of one address in five minutes; None: no limit."""
    return None if value is None else REQUESTS_PER_5_MINUTES.fault(value)

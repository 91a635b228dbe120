"""Rules for CloudFront distributions, with which settings and components both check."""

from __future__ import annotations

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


def zone_id(hosts: Sequence[str], zone: str | None) -> str | None:
    """The Route 53 zone in which own host names are written."""
    return None if bool(hosts) == bool(zone) else "must be given with hosts, and with them alone"


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

"""Rules for CloudFront distributions, with which settings and components both check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

PriceClass = Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"]
"""From where CloudFront serves: 100 is North America and Europe, All the whole world, at each region's price."""
PRICE_CLASSES: Final[tuple[PriceClass, ...]] = get_args(PriceClass)


def price_class(value: str) -> str | None:
    return None if value in PRICE_CLASSES else f"one of {', '.join(PRICE_CLASSES)}"


def zone_id(hosts: Sequence[str], zone: str | None) -> str | None:
    """The Route 53 zone in which own host names are written."""
    return None if bool(hosts) == bool(zone) else "must be given with hosts, and with them alone"

"""Rules for a network's zones, with which settings and components both check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .checks import Fault

FEWEST, MOST = 2, 3


def faults(region: str, zones: Sequence[str], nat_gateways: int, *, least_gateways: int) -> Iterator[Fault]:
    """What is wrong with the zones of a network, and with the number of its NAT gateways."""
    if not FEWEST <= len(zones) <= MOST or len(set(zones)) != len(zones):
        yield "zones", tuple(zones), "a network needs two or three different zones"
    for index, zone in enumerate(zones):
        if zone[:-1] != region or not zone[-1:].isalpha():
            yield f"zones[{index}]", zone, f"must be a zone of {region}, like {region}a"
    if zones and not least_gateways <= nat_gateways <= len(zones):
        yield "nat_gateways", nat_gateways, f"{least_gateways} to {len(zones)}: at most one a zone"

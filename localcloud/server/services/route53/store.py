"""The zones (moto's) and their records, by zone and (name, type, identifier)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from moto.route53.models import FakeZone, route53_backends

from localcloud.server.call import Call
from localcloud.server.organization import ORGANIZATION, PARTITION
from localcloud.server.service import Resource

Key = tuple[str, str, str]
Record = dict[str, Any]
RECORDS: Final[dict[str, dict[Key, Record]]] = {}
"""By the zone's id; names in lower case, with the dot at the end."""
_APEX_TYPES: Final = ("NS", "SOA")


def bare_id(_call: Call, value: str) -> str:
    """A zone's id may come with its path."""
    return value.rpartition("/")[2]


def zones(account: str) -> dict[str, FakeZone]:
    return dict(route53_backends[account][PARTITION].zones)


def zone(account: str, zone_id: str) -> FakeZone | None:
    return zones(account).get(zone_id.rpartition("/")[2])


def rename(account: str, zone_id: str) -> str:
    """Gives a new zone of moto's an id as AWS makes them, and answers it."""
    backend, old = route53_backends[account][PARTITION], zone_id.rpartition("/")[2]
    new = f"Z{old[1:]}"
    zone = backend.zones.pop(old)
    zone.resource_id = new
    backend.zones[new] = zone
    return new


def full(name: str) -> str:
    """A name as Route 53 keeps it."""
    return name.lower().rstrip(".") + "."


def records(zone: FakeZone) -> dict[Key, Record]:
    """A zone's records. AWS makes those of its apex."""
    if zone.id not in RECORDS:
        names = zone.delegation_set.name_servers if zone.delegation_set else []
        servers = [f"{server}." for server in names]
        soa = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
        apex = full(zone.name)
        own = (_record(apex, "NS", 172_800, servers), _record(apex, "SOA", 900, [soa]))
        RECORDS[zone.id] = {(one["Name"], one["Type"], ""): one for one in own}
    return RECORDS[zone.id]


def _record(name: str, type_: str, ttl: int, values: list[str]) -> Record:
    return {"Name": name, "Type": type_, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}


def added(zone: FakeZone) -> list[Record]:
    """What stands in a zone beside AWS's own records."""
    apexes = [(full(zone.name), type_, "") for type_ in _APEX_TYPES]
    return [one for key, one in records(zone).items() if key not in apexes]


def resource(arn: str) -> Resource | None:
    """A zone. Its ARN has no account in it."""
    zone_id = arn.rpartition("/")[2]
    owner = next((account for account in ORGANIZATION.accounts if zone_id in zones(account)), None)
    return Resource(owner=owner) if owner and ":hostedzone/" in arn else None


def inventory(account: str) -> Iterator[str]:
    return (f"arn:aws:route53:::hostedzone/{zone_id}" for zone_id in zones(account))


def public_zones() -> Iterator[FakeZone]:
    for account in ORGANIZATION.accounts:
        yield from (one for one in zones(account).values() if not one.private_zone)

"""What Route 53 refuses of records. Rows: docs/refusals.md."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from localcloud.server.call import Params, Refusal
from localcloud.server.services.route53.store import FakeZone

from . import store

CLOUDFRONT_ZONE: Final = "Z2FDTNDATAQYW2"
"""All distributions' names are in it."""
_LABEL: Final = re.compile(r"[a-z0-9_*]([a-z0-9_*-]{0,61}[a-z0-9_*])?")
_POLICIES: Final = (
    "Weight", "Region", "Failover", "GeoLocation", "MultiValueAnswer", "CidrRoutingConfig", "GeoProximityLocation",
)  # fmt: skip


def invalid(*messages: str) -> Refusal:
    return Refusal("InvalidChangeBatch", f"[{', '.join(messages)}]", 400)


def name(zone: FakeZone, wanted: str) -> None:
    apex = store.full(zone.name)
    if wanted != apex and not wanted.endswith(f".{apex}"):
        raise invalid(f"RRSet with DNS name {wanted} is not permitted in zone {apex}")
    labels = wanted.rstrip(".").split(".")
    if len(wanted) > 256 or not all(_LABEL.fullmatch(label) for label in labels):
        raise invalid(f"The domain name '{wanted}' is invalid: a label has 1 to 63 letters, digits, - and _")


def record(zone: FakeZone, wanted: store.Record) -> None:
    """One set of records by itself."""
    alias, values, ttl = wanted.get("AliasTarget"), wanted.get("ResourceRecords"), wanted.get("TTL")
    complete = bool(values) and ttl is not None
    if (alias and (values or ttl is not None)) or not (alias or complete):
        text = "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]]"
        raise Refusal("InvalidInput", text, 400)
    routed = _routing(wanted)
    if bool(routed) != bool(wanted.get("SetIdentifier")) or len(routed) > 1:
        text = "Invalid request: Missing field 'SetIdentifier' or more than one routing policy in Change"
        raise Refusal("InvalidInput", text, 400)
    if wanted.get("Failover") == "PRIMARY" and not wanted.get("HealthCheckId"):
        raise invalid("A primary failover record must have an associated health check")
    if wanted["Type"] == "CNAME" and wanted["Name"] == store.full(zone.name):
        text = f"RRSet of type CNAME with DNS name {wanted['Name']} is not permitted at apex in zone {zone.name}"
        raise invalid(text)
    for value in values or []:
        _value(wanted["Type"], value["Value"])
    if alias:
        _alias(zone, alias)


def _routing(one: store.Record) -> tuple[str, ...]:
    return tuple(policy for policy in _POLICIES if one.get(policy) is not None)


def _value(type_: str, value: str) -> None:
    fault = ""
    if type_ in ("A", "AAAA"):
        version = 4 if type_ == "A" else 6
        try:
            right = ipaddress.ip_address(value).version == version
        except ValueError:
            right = False
        fault = "" if right else f"Value is not a valid IPv{version} address"
    if type_ == "TXT" and not re.fullmatch(r'("[^"]{0,255}"\s*)+', value):
        fault = "Character string must be enclosed in quotation marks"
    if type_ == "MX" and not re.fullmatch(r"\d+\s+\S+", value):
        fault = "MX record doesn't have 2 fields"
    if fault:
        raise invalid(f"Invalid Resource Record: 'FATAL problem: {fault} encountered with '{value}''")


def _alias(zone: FakeZone, alias: Params) -> None:
    target_name, target = store.full(alias["DNSName"]), alias["HostedZoneId"]
    own = zone.id.rpartition("/")[2]
    if target not in (own, CLOUDFRONT_ZONE):
        raise Refusal("NotImplemented", f"route53 aliases into the zone {target} are not implemented here.", 501)
    within = any(key[0] == target_name for key in store.records(zone))
    if not (within if target == own else target_name.endswith(".cloudfront.net.")):
        text = f"Tried to create an alias that targets {target_name}, but the alias target name does not lie within"
        raise invalid(f"{text} the target zone")


def beside(records: dict[store.Key, store.Record], wanted: store.Record) -> None:
    """A CNAME stands alone under its name; records of one name and type have one kind of routing."""
    others = [one for key, one in records.items() if key[0] == wanted["Name"] and one is not wanted]
    types = {one["Type"] for one in [wanted, *others]}
    if "CNAME" in types and len(types) > 1:
        text = f"RRSet of type {wanted['Type']} with DNS name {wanted['Name']} conflicts with other records"
        raise invalid(f"{text}: a CNAME stands alone")
    alike = [one for one in others if one["Type"] == wanted["Type"]]
    if any(_routing(one) != _routing(wanted) for one in alike):
        raise invalid(f"RRSet with DNS name {wanted['Name']} can't have another routing policy than those beside it")

"""Route 53's operations on records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from localcloud.server import dns
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.route53.store import FakeZone

from . import rules, store
from .rules import invalid

SERVICE: Final = "route53"
_CHANGED: Final = {"Id": "/change/C2682N5HXP0BZ4", "Status": "INSYNC"}


def _zone(call: Call, parameter: str) -> FakeZone:
    zone = store.zone(call.account, call.params[parameter])
    if zone is None:
        raise Refusal("NoSuchHostedZone", f"No hosted zone found with ID: {call.params[parameter]}", 404)
    return zone


@HOOKS.instead(SERVICE, "ChangeResourceRecordSets")
def change(call: Call) -> Params:
    """On a copy first: one wrong change, and none is done."""
    zone = _zone(call, "HostedZoneId")
    records = dict(store.records(zone))
    for item in call.params["ChangeBatch"]["Changes"]:
        wanted = {**item["ResourceRecordSet"], "Name": store.full(item["ResourceRecordSet"]["Name"])}
        key = (wanted["Name"], wanted["Type"], wanted.get("SetIdentifier", ""))
        rules.name(zone, wanted["Name"])
        if item["Action"] == "DELETE":
            _delete(records, key, wanted)
            continue
        rules.record(zone, wanted)
        if item["Action"] == "CREATE" and key in records:
            raise invalid(f"Tried to create resource record set {_words(key)} but it already exists")
        records[key] = wanted
        rules.beside(records, wanted)
    store.RECORDS[zone.id] = records
    return {"ChangeInfo": {**_CHANGED, "SubmittedAt": datetime.now(UTC)}}


def _words(key: store.Key) -> str:
    return f"[name='{key[0]}', type='{key[1]}']"


def _delete(records: dict[store.Key, store.Record], key: store.Key, wanted: store.Record) -> None:
    tried = f"Tried to delete resource record set {_words(key)}"
    if key not in records:
        raise invalid(f"{tried} but it was not found")
    if _comparable(records[key]) != _comparable(wanted):
        raise invalid(f"{tried} but the values provided do not match the current values")
    del records[key]


def _comparable(record: store.Record) -> Any:
    values = sorted(one["Value"] for one in record.get("ResourceRecords") or [])
    alias = record.get("AliasTarget") or {}
    return values, record.get("TTL"), alias.get("HostedZoneId"), store.full(str(alias.get("DNSName", "")))


@HOOKS.instead(SERVICE, "ListResourceRecordSets")
def list_records(call: Call) -> Params:
    """In order of the reversed labels of their names, as DNS zones are written."""
    given, records = call.params, store.records(_zone(call, "HostedZoneId"))
    start = _place(given.get("StartRecordName", ""), given.get("StartRecordType", ""))
    ordered = sorted(records.items(), key=lambda item: (*_place(item[0][0], item[0][1]), item[0][2]))
    rest = [one for key, one in ordered if _place(key[0], key[1]) >= start]
    most = int(given.get("MaxItems") or 300)
    answer: Params = {"ResourceRecordSets": rest[:most], "IsTruncated": len(rest) > most, "MaxItems": str(most)}
    if len(rest) > most:
        answer |= {"NextRecordName": rest[most]["Name"], "NextRecordType": rest[most]["Type"]}
    return answer


def _place(name: str, type_: str) -> tuple[str, str]:
    return ".".join(reversed(name.lower().rstrip(".").split("."))), type_


@HOOKS.after(SERVICE, "CreateHostedZone")
def create_zone(call: Call, output: Params) -> None:
    """AWS's ids of zones begin with a Z."""
    zone = store.rename(call.account, output["HostedZone"]["Id"])
    output["HostedZone"]["Id"] = f"/hostedzone/{zone}"
    output["Location"] = f"https://route53.amazonaws.com/2013-04-01/hostedzone/{zone}"


@HOOKS.before(SERVICE, "DeleteHostedZone")
def delete_zone(call: Call) -> None:
    zone = _zone(call, "Id")
    if store.added(zone):
        text = "The specified hosted zone contains non-required resource record sets and so cannot be deleted."
        raise Refusal("HostedZoneNotEmpty", text, 400)
    store.RECORDS.pop(zone.id, None)


@HOOKS.instead(SERVICE, "GetChange")
def get_change(call: Call) -> Params:
    change_id = f"/change/{store.bare_id(call, call.params['Id'])}"
    return {"ChangeInfo": {**_CHANGED, "Id": change_id, "SubmittedAt": datetime.now(UTC)}}


@dns.authority
def answers(name: str, type_: str) -> list[str]:
    """The values of a record set in whichever account's public zone it is. An alias answers with its target's name."""
    items: list[str] = []
    for zone in store.public_zones():
        for (record, record_type, _), one in store.records(zone).items():
            if record == store.full(name) and record_type == type_:
                items += [value["Value"] for value in one.get("ResourceRecords") or []]
                items += [one["AliasTarget"]["DNSName"]] if one.get("AliasTarget") else []
    return items

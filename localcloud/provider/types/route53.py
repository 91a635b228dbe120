"""aws:route53/zone:Zone, whose id is the zone's, and aws:route53/record:Record, whose id is ZONE_name_TYPE.

AWS facts: names are in lower case and end with a dot, which state leaves out; a record of another type is another
record, so a change of type deletes one and creates the other, in one batch.
"""

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.plan import REFUSED
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import optional
from localcloud.provider.types.waiting import await_status

_GONE: Final = frozenset({"NoSuchHostedZone"})


class Zone(Resource):
    """A public hosted zone."""

    tf = "aws_route53_zone"
    pulumi = "aws:route53/zone:Zone"
    handles = frozenset({"comment", "name"})
    steers: ClassVar = {"force_destroy": False}
    plan_rules = (("adding a vpc to a public zone", REFUSED),)

    def create(self, op: Operation) -> str:
        asked = {"Name": op.new["name"], "CallerReference": secrets.token_hex(16)}
        config = {"Comment": op.new["comment"]}
        made = op.client("route53").create_hosted_zone(**asked, HostedZoneConfig=config)
        _await_change(op, made)
        return str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")

    def settle(self, op: Operation) -> None:
        if op.new["tags_all"]:
            _change_tags(op, AddTags=as_list(op.new["tags_all"]))

    def read(self, op: Operation) -> State | None:
        client, zone = op.client("route53"), op.resource_id
        answer = optional(lambda: client.get_hosted_zone(Id=zone), _GONE)
        if answer is None:
            return None
        servers = answer["DelegationSet"]["NameServers"]
        tags = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]["Tags"]
        return {
            "zone_id": zone,
            "arn": f"arn:{op.partition}:route53:::hostedzone/{zone}",
            "name": answer["HostedZone"]["Name"].rstrip("."),
            "comment": answer["HostedZone"]["Config"].get("Comment", ""),
            "name_servers": sorted(servers),
            "primary_name_server": servers[0],
            "tags_all": as_map(tags),
        }

    def update(self, op: Operation) -> None:
        if "comment" in op.changed:
            op.client("route53").update_hosted_zone_comment(Id=op.resource_id, Comment=op.new["comment"])
        op.retag(
            lambda keys: _change_tags(op, RemoveTagKeys=keys),
            lambda tags: _change_tags(op, AddTags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        if optional(lambda: op.client("route53").get_hosted_zone(Id=op.resource_id), _GONE) is None:
            return
        if op.old.get("force_destroy"):
            _empty(op, op.resource_id)
        optional(lambda: op.client("route53").delete_hosted_zone(Id=op.resource_id), _GONE)


def _change_tags(op: Operation, **changes: Any) -> None:
    client = op.client("route53")
    client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=op.resource_id, **changes)


def _empty(op: Operation, zone: str) -> None:
    """Deletes what AWS didn't make."""
    pages = op.client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
    apex = f"{_zone_name(op, zone)}."
    held = [one for page in pages for one in page["ResourceRecordSets"]]
    own = [one for one in held if not (one["Name"] == apex and one["Type"] in ("NS", "SOA"))]
    if own:
        _change(op, zone, *(("DELETE", one) for one in own))


class Record(Resource):
    """One set of records."""

    tf = "aws_route53_record"
    pulumi = "aws:route53/record:Record"
    handles = frozenset({"alias", "name", "records", "ttl", "type", "zone_id"})
    steers: ClassVar = {"allow_overwrite": None}
    plan_rules = (
        ("type and set_identifier are not force-new", "the type's update does so"),
        ("routing-policy kind changes", REFUSED),
    )

    def create(self, op: Operation) -> str:
        zone = str(op.new["zone_id"])
        action = "UPSERT" if op.new.get("allow_overwrite") else "CREATE"
        name = _full(op.new["name"], _zone_name(op, zone))
        _change(op, zone, (action, _record_set(op.new, name)))
        return f"{zone}_{name.rstrip('.')}_{op.new['type']}"

    def read(self, op: Operation) -> State | None:
        zone, name, type_ = op.resource_id.split("_", 1)[0], *op.resource_id.split("_", 1)[1].rsplit("_", 1)
        found = _find(op, zone, name, type_)
        if found is None:
            return None
        alias = found.get("AliasTarget")
        given = str(op.old.get("name") or name)
        return {
            "zone_id": zone,
            "name": given if _full(given, _zone_name(op, zone)).rstrip(".") == name else name,
            "type": type_,
            "ttl": found.get("TTL"),
            "records": [one["Value"] for one in found.get("ResourceRecords") or []],
            "alias": [_alias(alias)] if alias else [],
            "fqdn": name,
        }

    def update(self, op: Operation) -> None:
        zone = str(op.new["zone_id"])
        name = _full(op.new["name"], _zone_name(op, zone))
        if op.old["type"] == op.new["type"]:
            _change(op, zone, ("UPSERT", _record_set(op.new, name)))
            return
        found = _find(op, zone, name.rstrip("."), str(op.old["type"]))
        delete = (("DELETE", found),) if found else ()
        _change(op, zone, *delete, ("CREATE", _record_set(op.new, name)))

    def delete(self, op: Operation) -> None:
        zone, rest = op.resource_id.split("_", 1)
        name, type_ = rest.rsplit("_", 1)
        found = _find(op, zone, _full(name, _zone_name(op, zone)).rstrip("."), type_)
        if found is not None:
            _change(op, zone, ("DELETE", found))


def _full(name: str, zone: str) -> str:
    """A name may leave out the zone's."""
    plain = name.lower().rstrip(".")
    return f"{plain}." if f".{plain}".endswith(f".{zone}") else f"{plain}.{zone}."


def _zone_name(op: Operation, zone: str) -> str:
    return str(op.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"]).rstrip(".")


def _find(op: Operation, zone: str, name: str, type_: str) -> Any:
    asked = {"HostedZoneId": zone, "StartRecordName": name, "StartRecordType": type_, "MaxItems": "1"}
    answer = optional(lambda: op.client("route53").list_resource_record_sets(**asked), _GONE)
    for found in (answer or {}).get("ResourceRecordSets", []):
        if (found["Name"].rstrip("."), found["Type"]) == (name, type_):
            return found
    return None


def _change(op: Operation, zone: str, *changes: tuple[str, Mapping[str, Any]]) -> None:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
    _await_change(op, op.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch))


def _await_change(op: Operation, answer: Mapping[str, Any]) -> None:
    """Returns once all of AWS's name servers have the change."""
    change = answer["ChangeInfo"]["Id"].removeprefix("/change/")
    await_status(lambda: str(op.client("route53").get_change(Id=change)["ChangeInfo"]["Status"]), "INSYNC")


def _record_set(new: Mapping[str, Any], name: str) -> dict[str, Any]:
    record: dict[str, Any] = {"Name": name, "Type": new["type"]}
    if new.get("alias"):
        [alias] = new["alias"]
        target = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zone_id"],
            "EvaluateTargetHealth": alias["evaluate_target_health"],
        }
        return {**record, "AliasTarget": target}
    return {**record, "TTL": new.get("ttl"), "ResourceRecords": [{"Value": value} for value in new["records"]]}


def _alias(alias: Mapping[str, Any]) -> State:
    return {
        "name": alias["DNSName"].lower().rstrip("."),
        "zone_id": alias["HostedZoneId"],
        "evaluate_target_health": alias["EvaluateTargetHealth"],
    }

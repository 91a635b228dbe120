"""What Route 53 and WAFv2 refuse, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import refused
from .conftest import Cloud

EAST = "us-east-1"
VISIBLE = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "a"}


class Zone:
    """A new zone."""

    def __init__(self, cloud: Cloud) -> None:
        self.client, self.name = cloud.client("route53"), f"{cloud.name('zone')}.example.org"
        made = self.client.create_hosted_zone(Name=self.name, CallerReference=self.name)
        self.id: str = made["HostedZone"]["Id"]

    def change(self, action: str = "CREATE", name: str = "a", type_: str = "A", **more: Any) -> None:
        record: dict[str, Any] = {"Name": f"{name}.{self.name}" if name else self.name, "Type": type_, **more}
        if "AliasTarget" not in more:
            record = {"TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}], **record}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        self.client.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch=batch)

    def records(self) -> set[tuple[str, str]]:
        answer = self.client.list_resource_record_sets(HostedZoneId=self.id)
        return {(one["Name"], one["Type"]) for one in answer["ResourceRecordSets"]}


@pytest.fixture
def zone(cloud: Cloud) -> Zone:
    return Zone(cloud)


def value(text: str) -> dict[str, Any]:
    return {"ResourceRecords": [{"Value": text}]}


def test_r53_01_record_that_exists_or_does_not(zone: Zone) -> None:
    zone.change()
    with refused("InvalidChangeBatch", "already exists"):
        zone.change()
    with refused("InvalidChangeBatch", "was not found"):
        zone.change("DELETE", "b")
    with refused("InvalidChangeBatch", "do not match the current values"):
        zone.change("DELETE", TTL=61)
    zone.change("UPSERT", **value("192.0.2.2"))
    zone.change("DELETE", **value("192.0.2.2"))


def test_r53_01_a_batch_with_one_wrong_change_changes_nothing(zone: Zone) -> None:
    record = {"Name": f"a.{zone.name}", "Type": "A", "TTL": 60, **value("192.0.2.1")}
    changes = [{"Action": action, "ResourceRecordSet": record} for action in ("CREATE", "CREATE")]
    with refused("InvalidChangeBatch"):
        zone.client.change_resource_record_sets(HostedZoneId=zone.id, ChangeBatch={"Changes": changes})
    assert {type_ for _, type_ in zone.records()} == {"NS", "SOA"}


def test_r53_02_cname_at_the_apex_or_beside_another(zone: Zone) -> None:
    with refused("InvalidChangeBatch", "not permitted at apex"):
        zone.change(name="", type_="CNAME", **value("b.example.org"))
    zone.change()
    with refused("InvalidChangeBatch", "conflicts with other records"):
        zone.change(type_="CNAME", **value("b.example.org"))


def test_r53_03_name_outside_of_the_zone_or_too_long(zone: Zone) -> None:
    record = {"Name": "a.example.com", "Type": "A", "TTL": 60, **value("192.0.2.1")}
    with refused("InvalidChangeBatch", "is not permitted in zone"):
        zone.client.change_resource_record_sets(
            HostedZoneId=zone.id, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        )
    with refused("InvalidChangeBatch", "1 to 63"):
        zone.change(name="a" * 64)


def test_r53_04_alias_that_is_not_in_its_zone_or_has_a_ttl(zone: Zone) -> None:
    target = {"DNSName": "d1.cloudfront.net", "HostedZoneId": "Z2FDTNDATAQYW2", "EvaluateTargetHealth": False}
    with refused("InvalidInput", "exactly one of"):
        zone.change(AliasTarget=target, TTL=60)
    with refused("InvalidChangeBatch", "does not lie within the target zone"):
        zone.change(AliasTarget={**target, "DNSName": "a.example.org"})
    with refused("InvalidChangeBatch", "does not lie within the target zone"):
        own = zone.id.removeprefix("/hostedzone/")
        zone.change(AliasTarget={**target, "DNSName": f"missing.{zone.name}", "HostedZoneId": own})


def test_r53_05_routing_without_an_identifier_and_the_reverse(zone: Zone) -> None:
    with refused("InvalidInput", "SetIdentifier"):
        zone.change(Weight=1)
    with refused("InvalidInput", "SetIdentifier"):
        zone.change(SetIdentifier="one")
    with refused("InvalidChangeBatch", "health check"):
        zone.change(SetIdentifier="one", Failover="PRIMARY")
    zone.change(SetIdentifier="one", Weight=1)
    with refused("InvalidChangeBatch", "another routing policy"):
        zone.change(SetIdentifier="two", Region="us-west-2")


@pytest.mark.parametrize(
    ("type_", "text"), [("A", "2001:db8::1"), ("AAAA", "192.0.2.1"), ("TXT", "plain"), ("MX", "mail.example.org")]
)
def test_r53_06_value_of_another_type(zone: Zone, type_: str, text: str) -> None:
    with refused("InvalidChangeBatch", "Invalid Resource Record"):
        zone.change(type_=type_, **value(text))


def test_r53_07_zone_with_records(zone: Zone) -> None:
    zone.change()
    with refused("HostedZoneNotEmpty"):
        zone.client.delete_hosted_zone(Id=zone.id)
    zone.change("DELETE")
    zone.client.delete_hosted_zone(Id=zone.id)


@pytest.fixture
def waf(cloud: Cloud) -> Any:
    return cloud.client("wafv2", region_name=EAST)


def acl(cloud: Cloud, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"Name": cloud.name("acl"), "Scope": "CLOUDFRONT", "DefaultAction": {"Allow": {}}}
    return {**given, "VisibilityConfig": VISIBLE, "Rules": [*rules], **more}


def rule(name: str, priority: int, **more: Any) -> dict[str, Any]:
    rate = {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP"}}
    given = {"Name": name, "Priority": priority, "Statement": rate, "VisibilityConfig": VISIBLE}
    return {**given, **(more or {"Action": {"Block": {}}})}


def ip_set(cloud: Cloud, *addresses: str, version: str = "IPV4") -> dict[str, Any]:
    given = {"Name": cloud.name("set"), "Scope": "CLOUDFRONT", "IPAddressVersion": version}
    return {**given, "Addresses": [*addresses]}


def test_waf_01_scope_of_cloudfront_in_another_region(cloud: Cloud) -> None:
    with refused("WAFInvalidParameterException", "scope is not valid"):
        cloud.client("wafv2").create_ip_set(**ip_set(cloud))


def test_waf_02_two_rules_of_one_priority_or_name(cloud: Cloud, waf: Any) -> None:
    with refused("WAFInvalidParameterException", "duplicate priority"):
        waf.create_web_acl(**acl(cloud, rule("a", 0), rule("b", 0)))
    with refused("WAFInvalidParameterException", "duplicate name"):
        waf.create_web_acl(**acl(cloud, rule("a", 0), rule("a", 1)))


def test_waf_03_name_that_is_taken(cloud: Cloud, waf: Any) -> None:
    given = acl(cloud)
    waf.create_web_acl(**given)
    with refused("WAFDuplicateItemException"):
        waf.create_web_acl(**given)


def test_waf_04_address_set_in_use(cloud: Cloud, waf: Any) -> None:
    summary = waf.create_ip_set(**ip_set(cloud, "192.0.2.0/24"))["Summary"]
    listed = {"Action": {"Allow": {}}, "Statement": {"IPSetReferenceStatement": {"ARN": summary["ARN"]}}}
    waf.create_web_acl(**acl(cloud, rule("listed", 0, **listed)))
    with refused("WAFAssociatedItemException"):
        waf.delete_ip_set(Name=summary["Name"], Id=summary["Id"], Scope="CLOUDFRONT", LockToken=summary["LockToken"])


def test_waf_05_action_beside_or_in_place_of_an_override(cloud: Cloud, waf: Any) -> None:
    with refused("WAFInvalidParameterException", "exactly one value"):
        waf.create_web_acl(**acl(cloud, rule("a", 0, OverrideAction={"None": {}})))
    managed = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}
    with refused("WAFInvalidParameterException", "exactly one value"):
        waf.create_web_acl(**acl(cloud, rule("a", 0, Statement=managed, Action={"Block": {}})))


def test_waf_07_stale_lock_token(cloud: Cloud, waf: Any) -> None:
    given = acl(cloud)
    summary = waf.create_web_acl(**given)["Summary"]
    named = {"Name": summary["Name"], "Id": summary["Id"], "Scope": "CLOUDFRONT", "LockToken": summary["LockToken"]}
    waf.update_web_acl(**named, DefaultAction={"Block": {}}, VisibilityConfig=VISIBLE)
    with refused("WAFOptimisticLockException"):
        waf.delete_web_acl(**named)


@pytest.mark.parametrize(
    ("address", "version"),
    [("192.0.2.7/24", "IPV4"), ("0.0.0.0/0", "IPV4"), ("2001:db8::/32", "IPV4"), ("192.0.2.7", "IPV4")],
)
def test_waf_09_addresses(cloud: Cloud, waf: Any, address: str, version: str) -> None:
    with refused("WAFInvalidParameterException", "formatting that is not valid"):
        waf.create_ip_set(**ip_set(cloud, address, version=version))


def test_the_rows_and_the_tests_are_the_same() -> None:
    refusal_rows.check("Route 53", "R53", "test_dns_firewall_refusals.py")
    refusal_rows.check("WAFv2", "WAF", "test_dns_firewall_refusals.py")

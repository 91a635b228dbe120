"""`data_cdn` in a stack file: what is refused, and what the composed program makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from composition import host_records
from composition.cdn import external_records
from composition.last_update import State
from settings import SettingsError, load
from tests.unit.stackfiles import Files, changed, written
from tests.unit.test_composition import bootstrapped, composed
from tests.unit.test_settings import faults, put

PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
HOSTS = {"hosts": ["files.example.org"], "zone_id": "Z0123456789"}


def certificate(account: str = "908710317728", region: str = "us-east-1") -> str:
    return f"arn:aws:acm:{region}:{account}:certificate/12345678-1234-1234-1234-123456789012"


@pytest.mark.parametrize(
    ("stack", "key", "cdn", "rule"),
    [
        ("dev", "embargo", {}, "data_cdn.embargo: 'embargo': is a bucket of kind embargo; only staging and public"),
        ("dev", "source", {}, "data_cdn.source: 'source': is a bucket of kind source"),
        ("dev", "log", {}, "data_cdn.log: 'log': is a bucket of kind log"),
        ("dev", "nothing", {}, "data_cdn.nothing: 'nothing': no such bucket in Pulumi.dev.yaml"),
        ("dev", "staging", {"hosts": ["a.example.org"]}, "data_cdn.staging.zone_id"),
        ("dev", "staging", {"zone_id": "Z1"}, "data_cdn.staging.zone_id: 'Z1': must be given with hosts"),
        ("dev", "staging", {"zone_id": "zone"}, "data_cdn.staging.zone_id: 'zone': a zone's id is like Z"),
        (
            "dev",
            "staging",
            {"hosts": ["a.example.org"], "external_dns": True},
            "staging.certificate_arn: is needed with",
        ),
        ("dev", "staging", {**HOSTS, "external_dns": True}, "staging.external_dns: true: is for hosts without zone_id"),
        ("dev", "staging", {"external_dns": True}, "staging.external_dns: true: is for hosts without zone_id"),
        (
            "dev",
            "staging",
            {"certificate_arn": "arn:x"},
            "certificate_arn: 'arn:x': must be a certificate of ACM in us-e",
        ),
        ("dev", "staging", {"certificate_arn": certificate("111122223333")}, "of the account 908710317728"),
        (
            "dev",
            "staging",
            {"certificate_arn": certificate(region="us-west-2")},
            "must be a certificate of ACM in us-ea",
        ),
        ("dev", "staging", {**HOSTS, "hosts": ["*.example.org"]}, "data_cdn.staging.hosts[0]: '*.example.org'"),
        ("dev", "staging", {"addresses": ["0.0.0.0/0"]}, "'0.0.0.0/0': would be everybody"),
        ("dev", "staging", {"addresses": ["192.0.2.7/24"]}, "'192.0.2.7/24': a network is written as its network"),
        ("dev", "staging", {"public_keys": {"a": "ssh-rsa AAAA"}}, "a public key is PEM text"),
        ("dev", "staging", {"price_class": "cheap"}, "data_cdn.staging.price_class: 'cheap'"),
        ("dev", "staging", {"requests_per_5_minutes": 9}, "data_cdn.staging.requests_per_5_minutes: 9"),
        ("public", "public", {"addresses": ["192.0.2.0/24"]}, "data_cdn.public.addresses"),
        ("public", "public", {"public_keys": {"a": PEM}}, "anybody reads a public bucket without the CDN"),
    ],
)
def test_what_is_refused(stack: str, key: str, cdn: dict[str, Any], rule: str, tmp_path: Path) -> None:
    found = faults(put(stack, f"data_cdn.{key}", cdn), tmp_path)
    assert any(rule in one for one in found), found


def test_a_bucket_that_is_let_go_of_is_not_served(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        put("dev", "data_cdn.staging", {})(files)
        put("dev", "buckets.staging.retire", True)(files)

    assert any("data_cdn.staging: 'staging': retires this bucket" in one for one in faults(change, tmp_path))


def test_hosts_whose_records_others_make_are_put_out_with_where_they_lead(tmp_path: Path) -> None:
    entry = {"hosts": ["files.example.org"], "external_dns": True, "certificate_arn": certificate()}
    (tmp_path / "again").mkdir()
    graph = composed(put("dev", "data_cdn.staging", entry), tmp_path)
    distribution = graph.one("staging-cdn", "Distribution").inputs
    assert distribution["aliases"] == ["files.example.org"]
    assert distribution["viewerCertificate"]["acmCertificateArn"] == certificate()
    made = {one.name for kind in ("acm/certificate:Certificate", "Record") for one in graph.of(kind)}
    assert not [name for name in made if name.startswith("staging-cdn")]
    own = load("dev", written(changed(put("dev", "data_cdn.staging", entry)), tmp_path / "again")).current.data_cdn
    domain: Any = object()  # an output, which would need an event loop
    assert external_records(own["staging"], domain) == {"files.example.org": domain}


def test_a_certificate_is_there_before_the_name_that_moves_here(tmp_path: Path) -> None:
    graph = composed(put("dev", "data_cdn.staging", {"certificate_arn": certificate()}), tmp_path)
    distribution = graph.one("staging-cdn", "Distribution").inputs
    assert distribution.get("aliases", []) == []
    assert distribution["viewerCertificate"]["acmCertificateArn"] == certificate()


def test_a_sites_load_balancer_needs_a_certificate_too(tmp_path: Path) -> None:
    site = {"hosts": ["dev.example.org"], "external_dns": True, "certificate_arn": certificate()}
    found = faults(put("dev", "environments.dev.site", site), tmp_path)
    assert any("site.balancer_certificate_arn: is needed with external_dns" in one for one in found), found
    (tmp_path / "here").mkdir()
    regional = {"balancer_certificate_arn": certificate(region="us-west-2")}
    graph = composed(put("dev", "environments.dev.site", site | regional), tmp_path / "here")
    assert graph.one("dev-listener").inputs["certificateArn"] == certificate(region="us-west-2")
    (tmp_path / "there").mkdir()
    found = faults(put("dev", "environments.dev.site", regional), tmp_path / "there")
    assert any("balancer_certificate_arn" in one and "is for hosts" in one for one in found), found


def test_hosts_that_are_live_elsewhere_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def types(zone: str, host: str, _provider: Any) -> list[str]:
        asked.append((zone, host))
        return ["A", "CNAME"]

    monkeypatch.setattr(host_records, "_types", types)
    portal, provider = load("dev", written(changed(put("dev", "data_cdn.staging", HOSTS)), tmp_path)), cast("Any", None)
    with pytest.raises(SettingsError) as caught:
        host_records.refuse_existing(portal, provider, State())
    assert len(caught.value.faults) == 2
    assert "data_cdn.staging.hosts[0]: 'files.example.org': the zone Z0123456789 has a record A" in str(caught.value)
    host_records.refuse_existing(portal, provider, State(records=frozenset({"staging-cdn-files.example.org-a"})))
    assert asked == [("Z0123456789", "files.example.org")], "a host of this stack's own is not looked up"


def test_one_host_has_one_distribution(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        put("dev", "data_cdn.staging", HOSTS)(files)
        put("public", "data_cdn.public", HOSTS)(files)

    found = faults(change, tmp_path)
    assert any("data_cdn.public.hosts[0]: 'files.example.org'" in one for one in found), found


def test_the_bucket_admits_its_cdn_and_the_log_bucket_its_logs(tmp_path: Path) -> None:
    graph = composed(put("dev", "data_cdn.staging", {}), tmp_path)
    arn = "arn:aws:mock:::staging-cdn"
    for other in ("source", "embargo"):
        assert "CdnRead" not in graph.one(f"{other}-policy").inputs["policy"]
    admitted = [one for one in graph.one("staging-policy").json("policy")["Statement"] if one["Effect"] == "Allow"]
    assert [one["Action"] for one in admitted] == ["s3:ListBucket", "s3:GetObject"]
    assert all(one["Condition"] == {"StringEquals": {"aws:SourceArn": arn}} for one in admitted)
    delivered = [one["Sid"] for one in graph.one("log-policy").json("policy")["Statement"]]
    assert "CdnLogDelivery" in delivered


def test_the_distribution_waits_for_its_bucket_and_the_policy_for_the_distribution(tmp_path: Path) -> None:
    graph = composed(put("dev", "data_cdn.staging", {}), tmp_path)
    assert "staging" in graph.one("staging-cdn", "Distribution").depends_on
    assert "staging-cdn" in graph.one("staging-policy").depends_on


def test_web_pages_are_those_of_the_bucket(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        put("dev", "data_cdn.staging", {})(files)
        put("dev", "buckets.staging.cors", {"origins": ["https://portal.example.org"]})(files)

    graph = composed(change, tmp_path)
    cors = graph.one("staging-cdn-headers").inputs["corsConfig"]
    assert cors["accessControlAllowOrigins"] == {"items": ["https://portal.example.org"]}


def test_ci_may_change_records_of_the_hosts_zones_alone(tmp_path: Path) -> None:
    graph = bootstrapped(put("dev", "data_cdn.staging", HOSTS), tmp_path)
    granted = graph.one("cryoet-github-deploy-cdn", "iam/policy:Policy").json("policy")["Statement"]
    [records] = [one for one in granted if "route53:ChangeResourceRecordSets" in one["Action"]]
    assert records["Resource"] == "arn:aws:route53:::hostedzone/Z0123456789"
    previewed = graph.one("cryoet-github-preview-policy").json("policy")["Statement"]
    [looked_up] = [one for one in previewed if "route53:ListResourceRecordSets" in one["Action"]]
    assert (looked_up["Action"], looked_up["Resource"]) == ("route53:ListResourceRecordSets", records["Resource"])

"""What users change of a data CDN is changed in place, and is seen over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.journey.conftest import DEV, PUBLIC, Cloud, Project
from tests.journey.test_cdn import PAGE, STAGING, ask, domain

HOST = "files.example.org"
OTHERWISE: dict[str, Any] = {
    "price_class": "PriceClass_100",
    "data_seconds": 3_600,
    "metadata_seconds": 0,
    "requests_per_5_minutes": 1_000,
    "hosts": [HOST],
}


def operations(project: Project, stack: str, log: Path) -> set[tuple[str, str]]:
    """Types, and what an update did with them, but for what it left as it was. What serves is never replaced."""
    log.unlink(missing_ok=True)
    project.pulumi(stack, "up", "--yes", "--skip-preview", "--event-log", str(log), env={"PULUMI_DEBUG_COMMANDS": "1"})
    events = [json.loads(line).get("resourcePreEvent") for line in log.read_text().splitlines()]
    done = {(event["metadata"]["type"], event["metadata"]["op"]) for event in events if event}
    stays = ("distribution:Distribution", "s3/bucket:Bucket", "cachePolicy:CachePolicy")
    assert {op for type_, op in done if type_.endswith(stays)} <= {"same", "update", "create"}
    return {(type_.rpartition(":")[2], op) for type_, op in done if op != "same"}


def test_every_setting_changes_in_place_and_back(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    dns = cloud.client("route53", PUBLIC)
    zone = dns.create_hosted_zone(Name="example.org", CallerReference="cdn")["HostedZone"]["Id"].rpartition("/")[2]
    project.up("public")
    host = domain(project, "public", "public")
    cloud.client("s3", PUBLIC).put_object(Bucket="cryoet-data-portal-public", Key="a", Body=b"data")

    def settings(cdn: dict[str, Any], origins: list[str]) -> set[str]:
        """The operations of an update with these settings, but for those that change nothing."""

        def edit(stack: dict[str, Any]) -> None:
            stack["data_cdn"]["public"] = cdn
            stack["buckets"]["public"]["cors"]["origins"] = origins

        project.change("public", edit)
        return {op for _, op in operations(project, "public", tmp_path / "events.jsonl")}

    with live_elsewhere(dns, zone):
        project.change("public", lambda stack: stack["data_cdn"].update(public={"hosts": [HOST], "zone_id": zone}))
        project.bootstrap("public")
        refused = project.refused("public", "preview")
        assert f"hosts[0]: '{HOST}': the zone {zone} has a record A of it" in refused.stdout + refused.stderr
    settings({**OTHERWISE, "zone_id": zone}, ["https://portal.example.org"])
    assert domain(project, "public", "public") == host
    status, headers, body = ask(cloud, HOST, "/a", Origin="https://portal.example.org")
    assert (status, body, headers["access-control-allow-origin"]) == (200, b"data", "https://portal.example.org")
    assert "access-control-allow-origin" not in ask(cloud, HOST, "/a", **PAGE)[1]
    records = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert {one["Type"] for one in records if one["Name"] == f"{HOST}."} == {"A", "AAAA"}
    project.pulumi("public", "preview", "--refresh", "--expect-no-changes")
    assert settings({}, ["*"]) >= {"update", "delete"}
    assert {one["Type"] for one in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]} == {
        "NS",
        "SOA",
    }
    assert ask(cloud, host, "/a")[0] == 200
    assert ask(cloud, HOST, "/a")[0] != 200


@contextmanager
def live_elsewhere(dns: Any, zone: str) -> Generator[None]:
    """While the block runs, the zone has a record of the host."""
    record = {"Name": HOST, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    for action in ("CREATE", "DELETE"):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
        if action == "CREATE":
            yield


class Readers:
    """Who reads an object of staging through its CDN; keys by the name that the stack file gives them."""

    def __init__(self, project: Project, cloud: Cloud, folder: Path) -> None:
        self.project, self.cloud, self.folder = project, cloud, folder
        cloud.client("s3", DEV).put_object(Bucket=STAGING, Key="a", Body=b"data")

    def key(self, name: str) -> str:
        """A new key pair; the public half."""
        key = rsa.generate_private_key(65537, 2048)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        (self.folder / f"{name}.pem").write_bytes(private)
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def changed(self, **cdn: Any) -> set[tuple[str, str]]:
        """What an update with these settings of the CDN does."""
        self.project.change("dev", lambda settings: settings["data_cdn"].update(staging=cdn))
        return operations(self.project, "dev", self.folder / "events.jsonl")

    @property
    def host(self) -> str:
        [one] = self.cloud.client("cloudfront", DEV).list_distributions()["DistributionList"]["Items"]
        return str(one["DomainName"])

    def status(self, name: str = "") -> int:
        """What a reader is answered, with a URL that the key signed, or without a signature."""
        path = "/a"
        if name:
            url, file = f"https://{self.host}/a", str(self.folder / f"{name}.pem")
            where = {"PORTAL_PROJECT": str(self.project.folder)}
            done = self.project.run("portal", "sign-url", url, "--private-key", file, "--key", name, env=where)
            assert done.returncode == 0, done.stderr
            path = done.stdout.strip().removeprefix(f"https://{self.host}")
        return ask(self.cloud, self.host, path)[0]


def without_environments(settings: dict[str, Any]) -> None:
    settings["environments"] = {}
    del settings["network"]["zones"], settings["images"]


def test_who_may_read_staging_is_added_changed_and_removed(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    project.change("dev", without_environments)
    project.up("dev")
    readers = Readers(project, cloud, tmp_path)
    assert readers.status() == 200

    first, second = readers.key("first").strip(), readers.key("second")
    here, elsewhere = "127.0.0.0/8", "192.0.2.0/24"
    added = readers.changed(public_keys={"first": first}, addresses=[here])
    assert added == {
        *((type_, "create") for type_ in ("IpSet", "WebAcl", "PublicKey", "KeyGroup")),
        ("Distribution", "update"),
    }
    assert (readers.status(), readers.status("first")) == (403, 200)
    assert readers.changed(public_keys={"first": first}, addresses=[here]) == set(), "the key is the same as text"

    both: dict[str, Any] = {"public_keys": {"first": first, "second": second}, "addresses": [here, elsewhere]}
    both["open_contents_to"] = [elsewhere, "second"]
    project.change("dev", lambda settings: settings["data_cdn"].update(staging=both))
    said = project.pulumi("dev", "preview")
    assert re.search(r"\+ 1 to create\s+~ 2 to update\s+3 changes", said), said
    changed = readers.changed(**both)
    assert changed == {("PublicKey", "create"), ("KeyGroup", "update"), ("IpSet", "update")}
    assert (readers.status("first"), readers.status("second")) == (200, 200)

    v6 = "2001:db8::/32"
    one_left = readers.changed(public_keys={"second": second}, addresses=[elsewhere, v6], open_contents_to=[v6])
    assert one_left >= {("PublicKey", "delete"), ("KeyGroup", "update"), ("IpSet", "update"), ("IpSet", "create")}
    assert readers.status("second") == 403, "asked from an address that is not listed any more"

    project.change("dev", lambda settings: settings["data_cdn"].update(staging={}))
    done = project.refused("dev", "preview")
    assert done.returncode != 0
    assert "data_cdn.staging.addresses: []" in done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("set open_contents_to: [anyone]") == 2
    removed = readers.changed(open_contents_to=["anyone"])
    assert removed >= {*((type_, "delete") for type_ in ("IpSet", "WebAcl", "PublicKey", "KeyGroup"))}
    assert readers.status() == 200

"""What users change of a data CDN is changed in place, and is seen over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.journey.conftest import PUBLIC, Cloud, Project
from tests.journey.test_cdn import PAGE, ask, domain

HOST = "files.example.org"
OTHERWISE: dict[str, Any] = {
    "price_class": "PriceClass_100",
    "data_seconds": 3_600,
    "metadata_seconds": 5,
    "requests_per_5_minutes": 1_000,
    "hosts": [HOST],
}


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
        log = tmp_path / "events.jsonl"
        log.unlink(missing_ok=True)
        project.pulumi(
            "public", "up", "--yes", "--skip-preview", "--event-log", str(log), env={"PULUMI_DEBUG_COMMANDS": "1"}
        )
        events = [json.loads(line).get("resourcePreEvent") for line in log.read_text().splitlines()]
        done = [event["metadata"] for event in events if event and event["metadata"]["op"] != "same"]
        stays = ("distribution:Distribution", "s3/bucket:Bucket", "cachePolicy:CachePolicy")
        assert {one["op"] for one in done if one["type"].endswith(stays)} <= {"update"}
        return {one["op"] for one in done}

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

"""What `portal status` prints: of clusters and sites, of resources, and for programs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from portal import status
from portal.app import app
from portal.clusters import ClusterStatus, ServiceStatus
from portal.commands import status as command
from portal.status import StackStatus
from settings import load
from tests.unit.stackfiles import own_project

OUTPUTS: dict[str, Any] = {
    "cluster": {"name": "cryoet"},
    "sites": {"dev": {"url": "https://dev.example.org", "domain": "d1.cloudfront.net", "distribution": "E1"}},
}
SITE = "  site of dev: https://dev.example.org, https://d1.cloudfront.net; distribution E1"
ENDPOINT = "https://a.eks.amazonaws.com"


def printed(cluster: ClusterStatus | None, monkeypatch: pytest.MonkeyPatch, *options: str) -> list[str]:
    stack = StackStatus(
        stack="dev",
        account="908710317728",
        region="us-west-2",
        role="deploy",
        updated="never",
        resources={"aws:s3/bucket:Bucket": 8},
        outputs=OUTPUTS,
        buckets=[],
        machines=[],
        engines={},
        cluster=cluster,
    )
    monkeypatch.setattr(command, "stack_files", lambda: None)
    monkeypatch.setattr(command, "statuses", lambda _: [stack])
    done = CliRunner().invoke(app, ["status", *options])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()[0 if "--json" in options else 2 :]


def cluster(**more: Any) -> ClusterStatus:
    return ClusterStatus(name="cryoet", version="1.36", state="ACTIVE", endpoint=ENDPOINT, **more)


def test_a_cluster_its_sites_and_their_services(monkeypatch: pytest.MonkeyPatch) -> None:
    api = ServiceStatus(environment="dev", service="api", image="apiv2:v1", ready=1, desired=2)
    first, *rest = printed(cluster(services=(api,)), monkeypatch)
    assert first.startswith("  cluster cryoet: Kubernetes 1.36 (standard support until 2027-08-02), ACTIVE, at ")
    assert first.endswith(f" at {ENDPOINT} from inside the network")
    assert rest == [SITE, "  api of dev: 1 of 2 pods ready, image apiv2:v1"]


def test_a_cluster_that_does_not_answer_is_one_line_more(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(cluster(fault=f"{ENDPOINT}: timed out"), monkeypatch)
    assert lines[1:] == [SITE, f"  services: {ENDPOINT}: timed out"]


def test_without_access_to_the_account_the_cluster_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(None, monkeypatch) == ["  cluster cryoet: no access", SITE]


def test_resources_are_counted_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = "       8 aws:s3/bucket:Bucket"
    assert printed(None, monkeypatch, "--all")[-1] == counted
    assert counted not in printed(None, monkeypatch)


def test_programs_read_what_a_state_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = {"type": "aws:s3/bucket:Bucket", "custom": True}
    provider = {"type": "pulumi:providers:aws", "custom": True}
    state = {"resources": [bucket, bucket, provider, {"type": "portal:storage:DataBucket"}]}
    pulumi = SimpleNamespace(deployment=lambda: state, last_update=lambda: None)
    monkeypatch.setattr(status, "Pulumi", lambda **_: pulumi)
    monkeypatch.setattr(status, "_live", lambda *_: status.Live(buckets=[]))
    monkeypatch.setattr(command, "stack_files", lambda: load("dev", own_project()))
    done = CliRunner().invoke(app, ["status", "--json"])
    assert [one["resources"] for one in json.loads(done.stdout)] == [{"aws:s3/bucket:Bucket": 2}] * 3, done.output


def test_programs_read_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    api = ServiceStatus(environment="dev", service="api", image="apiv2:v1", ready=1, desired=2)
    (stack,) = json.loads("".join(printed(cluster(services=(api,)), monkeypatch, "--json")))
    assert (stack["account"], stack["resources"]) == ("908710317728", {"aws:s3/bucket:Bucket": 8})
    assert stack["outputs"] == OUTPUTS
    [service] = stack["kubernetes"]["services"]
    assert (service["service"], service["ready"], service["desired"]) == ("api", 1, 2)

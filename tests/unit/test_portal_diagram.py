"""`portal diagram`: what is drawn of the recorded graphs of the three stacks, and of services on a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from portal.commands import diagram as command
from portal.diagram.graph import describe
from portal.diagram.layout import BOX_HEIGHT, BOX_WIDTH, Picture, place
from portal.diagram.model import Account, Deployed, Edge, Resource, resources
from portal.diagram.svg import draw
from portal.errors import PortalError
from tests.unit.conftest import STACKS, deployed
from tests.unit.recording import Recording
from tests.unit.test_service import graph

SVG = "{http://www.w3.org/2000/svg}"


def recorded(stack: str, recording: Recording) -> Deployed:
    """A stack, as its program registers it."""
    registered = [
        Resource(
            type=one.type,
            name=one.name,
            parent=one.parent.rpartition("::")[2],
            id="" if one.type.startswith("portal:") else f"{one.name}-id",
            outputs={"arn": f"arn:aws:mock:::{one.name}", **one.inputs},
        )
        for one in recording.resources
    ]
    return Deployed(stack=stack, account="111111111111", region="us-west-2", resources=registered)


@cache
def stacks() -> tuple[Deployed, ...]:
    return tuple(recorded(stack, deployed(stack)) for stack in STACKS)


def drawn(*given: Deployed) -> tuple[list[Account], list[Edge], Picture]:
    accounts, edges = describe(given)
    return accounts, edges, place(accounts, edges)


def names(accounts: list[Account], edges: list[Edge]) -> set[tuple[str, str, str, bool]]:
    """Flows by what is written on their boxes."""
    told = {node.key: node.name for account in accounts for node in account.nodes}
    return {(told[edge.origin], edge.flow, told[edge.target], edge.both) for edge in edges}


def test_data_flows_from_the_source_to_the_public_bucket_and_its_cdn() -> None:
    accounts, edges, _ = drawn(*stacks())
    assert [account.title.split(":")[0] for account in accounts] == ["dev", "public", "prod"]
    source, embargo = "cryoetportal-rawdatasets-dev", "cryoet-data-portal-embargo"
    staging, public = "cryoet-data-portal-staging", "cryoet-data-portal-public"
    flows = names(accounts, edges)
    assert {
        (source, "data", "cryoet-ingestion-staging-ingest", False),
        ("cryoet-ingestion-staging-ingest", "data", staging, True),
        ("cryoet-ingestion-staging-ingest", "data", embargo, True),
        (staging, "data", "cryoet-sync-public", False),
        ("cryoet-sync-public", "data", public, False),
        (public, "data", "cryoet-ingestion-prod-import", False),
        ("cryoet-ingestion-prod-import", "sql", "cryoet-prod", False),
        ("cryoet-ingestion-dev-import", "sql", "cryoet-dev", False),
    } <= flows
    assert not {flow for flow in flows if flow[0].endswith("-ingest") and flow[1] == "sql"}
    assert not {flow for flow in flows if "swipe" in flow[0] + flow[2] or "logs" in flow[0] + flow[2]}
    cdns = [(origin, target) for origin, flow, target, _ in flows if "CloudFront" in target and flow == "data"]
    assert sorted(origin for origin, _ in cdns) == [public, staging]


def test_accounts_say_what_holds_their_boxes() -> None:
    accounts, _, picture = drawn(*stacks())
    dev, public, prod = accounts
    assert dev.network.startswith("VPC 10.32.0.0/16: 2 zones, 1 NAT")
    assert prod.network.startswith("VPC 10.34.0.0/16: 2 zones, 2 NAT")
    assert public.network == ""
    assert dev.environments == dict.fromkeys(("dev", "staging"), "Step Functions starts Batch jobs: on-demand, spot")
    assert [box.text for box in picture.accounts] == [f"{stack}: account 111111111111, us-west-2" for stack in
                                                      ("dev", "public", "prod")]  # fmt: skip


def test_no_box_lies_on_another_and_each_within_its_account() -> None:
    accounts, _, picture = drawn(*stacks(), cluster())
    boxes = [(one.x, one.y) for one in picture.nodes]
    assert len(boxes) == sum(len(account.nodes) for account in accounts) == len(set(boxes))
    for number, (x, y) in enumerate(boxes):
        assert not [1 for a, b in boxes[:number] if abs(a - x) < BOX_WIDTH and abs(b - y) < BOX_HEIGHT]
        assert [1 for frame in picture.accounts if frame.x <= x and x + BOX_WIDTH <= frame.x + frame.width
                and frame.y <= y and y + BOX_HEIGHT <= frame.y + frame.height]  # fmt: skip
    assert all(frame.x + frame.width <= picture.width for frame in (*picture.accounts, *picture.networks))


def test_lines_end_at_the_sides_of_their_boxes() -> None:
    _, _, picture = drawn(*stacks(), cluster())
    places = {one.node.key: one for one in picture.nodes}
    ends: list[tuple[float, float]] = []
    for line in picture.lines:
        for key, (x, y) in ((line.edge.origin, line.start), (line.edge.target, line.end)):
            assert x in (places[key].x, places[key].x + BOX_WIDTH)
            assert places[key].y < y < places[key].y + BOX_HEIGHT
            ends.append((x, y))
    assert len(ends) == len(set(ends)), "no two lines end at one point"


def kubernetes(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return resource(f"kubernetes:{kind}", f"qa-{name}", {"metadata": {"name": name, "namespace": "qa"}, "spec": spec})


def resource(type_: str, name: str, outputs: Mapping[str, Any], parent: str = "") -> dict[str, Any]:
    urns = {"urn": f"urn:pulumi:lab::portal::{type_}::{name}", "parent": f"urn:pulumi:lab::portal::x::{parent}"}
    return {"type": type_, "id": f"{name}-id", "outputs": {"arn": f"arn:{name}", **outputs}, **urns}


def service(name: str, secret: str = "") -> list[dict[str, Any]]:
    csi = {"volumeAttributes": {"secretProviderClass": f"{name}-secret"}}
    volumes = [{"name": "secrets", "csi": csi}] if secret else []
    labels = {"app": name}
    template = {"metadata": {"labels": {**labels, "release": "1"}}, "spec": {"volumes": volumes}}
    binding = {"targetGroupARN": f"arn:{name}-targets", "serviceRef": {"name": f"{name}-service"}}
    rule = {"listenerArn": "arn:qa-listener", "actions": [{"targetGroupArn": f"arn:{name}-targets"}]}
    objects = {"parameters": {"objects": json.dumps([{"objectName": secret}])}}
    return [
        kubernetes("apps/v1:Deployment", name, {"template": template}),
        kubernetes("core/v1:Service", f"{name}-service", {"selector": labels}),
        kubernetes("eks.amazonaws.com/v1:TargetGroupBinding", name, binding),
        kubernetes("secrets-store.csi.x-k8s.io/v1:SecretProviderClass", f"{name}-secret", objects),
        resource("aws:lb/listenerRule:ListenerRule", f"qa-{name}", rule),
    ]


def cluster() -> Deployed:
    """An account with a site: what a state has of it."""
    vpc_origin = {"domainName": "internal", "vpcOriginConfig": {"vpcOriginId": "qa-origin-id"}}
    exported = [
        resource("aws:ec2/vpc:Vpc", "network", {"cidrBlock": "10.36.0.0/16"}),
        resource("aws:eks/cluster:Cluster", "cluster", {"version": "1.34"}),
        resource("aws:lb/loadBalancer:LoadBalancer", "qa-balancer", {"name": "qa"}),
        resource(
            "aws:lb/listener:Listener", "qa-listener", {"loadBalancerArn": "arn:qa-balancer", "defaultActions": []}
        ),
        resource(
            "aws:cloudfront/vpcOrigin:VpcOrigin", "qa-origin", {"vpcOriginEndpointConfig": {"arn": "arn:qa-balancer"}}
        ),
        resource(
            "aws:cloudfront/distribution:Distribution",
            "qa-site",
            {"aliases": ["qa.example.org"], "origins": [vpc_origin]},
        ),
        resource("aws:rds/cluster:Cluster", "qa-database", {"clusterIdentifier": "cryoet-qa"}, "qa-database"),
        resource("aws:secretsmanager/secret:Secret", "qa-uri", {"name": "qa/v2_db_uri"}, "qa-database"),
        resource("aws:rds/cluster:Cluster", "other", {"clusterIdentifier": "other"}, "other"),
        *service("api", secret="qa/v2_db_uri"),
        *service("frontend"),
    ]
    return Deployed(stack="lab", account="222222222222", region="us-west-2", resources=resources(exported))


def test_requests_go_from_the_site_to_services_and_from_the_api_to_its_database() -> None:
    accounts, edges, _ = drawn(cluster())
    assert names(accounts, edges) == {
        ("qa.example.org", "request", "qa-balancer", False),
        ("qa-balancer", "request", "api", False),
        ("qa-balancer", "request", "frontend", False),
        ("api", "sql", "cryoet-qa", False),
    }
    [lab] = accounts
    assert lab.network == "VPC 10.36.0.0/16: 0 zones, no NAT, EKS 1.34"
    assert {node.name for node in lab.nodes if node.environment == "qa"} >= {"qa.example.org", "api", "cryoet-qa"}


def test_the_services_of_a_stack_file_are_drawn_in_their_environments() -> None:
    accounts, edges, _ = drawn(recorded("dev", graph()))
    told = {node.key: f"{node.environment} {node.name}" for node in accounts[0].nodes}
    flows = {(told[edge.origin], told[edge.target]) for edge in edges if edge.flow != "data"}
    for name in ("dev", "staging"):
        site, balancer = (
            next(node for node in accounts[0].nodes if (node.environment, node.kind) == (name, kind))
            for kind in ("Site CDN", "Load balancer")
        )
        assert (told[site.key], told[balancer.key]) in flows
        assert {(told[balancer.key], f"{name} api"), (told[balancer.key], f"{name} frontend")} <= flows
        assert (f"{name} api", f"{name} cryoet-{name}") in flows
        assert (f"{name} frontend", f"{name} cryoet-{name}") not in flows
    assert "EKS 1.36" in accounts[0].network


def test_the_picture_is_the_same_whatever_the_order_of_the_state() -> None:
    given = stacks()
    shuffled = [
        Deployed(stack=one.stack, account=one.account, region=one.region, resources=one.resources[::-1])
        for one in given
    ]
    assert draw(drawn(*given)[2]) == draw(drawn(*shuffled)[2])


def test_the_svg_says_in_words_what_it_shows() -> None:
    accounts, edges, picture = drawn(*stacks(), cluster())
    svg = ET.fromstring(draw(picture))  # noqa: S314  # it was written here
    assert svg.get("role") == "img"
    description = svg.findtext(f"{SVG}desc") or ""
    assert "From cryoet-sync-public data flows to cryoet-data-portal-public." in description
    assert "From api SQL is asked to cryoet-qa." in description
    assert description.count("From ") == len(edges)
    titles = {title.text for title in svg.iter(f"{SVG}title")}
    assert {node.name for account in accounts for node in account.nodes} <= titles
    texts = [text.text or "" for text in svg.iter(f"{SVG}text")]
    assert not [text for text in texts if not text]


@pytest.mark.parametrize("name", ["a" * 31, "a" * 32, "<&'\">"])
def test_a_long_name_is_cut_and_a_strange_one_is_text(name: str) -> None:
    bucket = resource("aws:s3/bucket:Bucket", "b", {"bucket": name, "tags": {"kind": "public"}})
    stack = Deployed(stack="lab", account="2", region="x", resources=resources([bucket]))
    svg = ET.fromstring(draw(drawn(stack)[2]))  # noqa: S314  # it was written here
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    assert (name if len(name) < 32 else "a" * 30 + "…") in texts
    assert name in [title.text for title in svg.iter(f"{SVG}title")]


class FakePulumi:
    """The engine's record of the stacks: dev is up, public is empty, prod is not there."""

    def __init__(self, stack: str) -> None:
        self._stack = stack

    def deployment(self) -> dict[str, Any] | None:
        if self._stack == "prod":
            return None
        bucket = {"bucket": "a-source", "tags": {"kind": "source"}}
        return {"resources": [resource("aws:s3/bucket:Bucket", "b", bucket)]} if self._stack == "dev" else {}


def test_stacks_that_are_up_are_drawn_into_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "Pulumi", FakePulumi)
    command.diagram(tmp_path / "portal.svg")
    assert capsys.readouterr().out.endswith("portal.svg: 1 accounts, 1 boxes, 0 flows\n")
    assert "a-source" in (tmp_path / "portal.svg").read_text()
    monkeypatch.setattr(FakePulumi, "deployment", lambda _: None)
    with pytest.raises(PortalError, match="no stack has been brought up"):
        command.diagram(tmp_path / "other.svg")
    assert not (tmp_path / "other.svg").exists()

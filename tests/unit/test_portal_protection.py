"""What `portal up` refuses before it starts the engine: what the state has and its stack's file no longer."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portal.commands import up
from portal.errors import PortalError
from portal.protection import deployed_buckets, deployed_environments, protected_buckets, refuse_accidents
from portal.pulumi_cli import Pulumi
from portal.reach import refuse_unreachable_cluster
from portal.removal import Removal, refuse_running
from portal.updating import How
from settings import SettingsError, load
from settings.environments import lost
from tests.unit.conftest import deployed
from tests.unit.recording import Recording
from tests.unit.stackfiles import Files, changed, written
from tests.unit.test_settings import put

BUCKET = "aws:s3/bucket:Bucket"
EMBARGO = "cryoet-data-portal-embargo"


def bucket(key: str, name: str, *, protect: bool = True) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::portal::portal:storage:DataBucket${BUCKET}::{key}"
    return {"urn": urn, "type": BUCKET, "inputs": {"bucket": name, "tags": {"kind": key}}, "protect": protect}


STATE = {"resources": [{"urn": "urn:a::b", "type": "pulumi:pulumi:Stack"}, bucket("embargo", EMBARGO)]}
"""The dev stack's, with the embargo bucket and none of the stack's outputs."""


def state_of(graph: Recording) -> list[dict[str, Any]]:
    """The resources as the engine writes them down."""
    keys = ("urn", "type", "inputs", "parent", "protect")
    return [{key: getattr(one, key) for key in keys} for one in graph.resources]


def without_embargo(files: Files) -> None:
    del files["dev"]["buckets"]["embargo"]
    for environment in files["dev"]["environments"].values():
        environment["ingest"]["writes"].remove({"bucket": "embargo"})


@pytest.mark.parametrize(
    ("networks", "endpoint", "deployed_types", "refused"),
    [
        ([], "https://sts.us-west-2.amazonaws.com", [], True),
        (["8.8.8.0/24"], "https://sts.us-west-2.amazonaws.com", [], False),
        ([], "https://sts.us-west-2.amazonaws.com", ["aws:ec2/vpc:Vpc"], False),
        ([], "http://127.0.0.1:4566", [], False),
    ],
    ids=["the first up on AWS", "with a network", "where the VPC is there", "in a local cloud"],
)
def test_a_cluster_that_nobody_could_reach_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    networks: list[str],
    endpoint: str,
    deployed_types: list[str],
    refused: bool,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    portal = load("dev", written(changed(put("dev", "cluster.public_access", networks)), tmp_path))
    rule = r"portal:settings.cluster.public_access: \[\]: Kubernetes would be reached from inside"
    with pytest.raises(SettingsError, match=rule) if refused else nullcontext():
        refuse_unreachable_cluster(portal, {"resources": [{"type": one} for one in deployed_types]})


def test_what_is_held_may_stay_or_be_retired(tmp_path: Path) -> None:
    refuse_accidents(load("dev", written(changed(lambda _: None), tmp_path)), STATE)

    def retired(files: Files) -> None:
        put("dev", "buckets.embargo.retire", True)(files)
        for environment in files["dev"]["environments"].values():
            environment["ingest"]["writes"].remove({"bucket": "embargo"})

    refuse_accidents(load("dev", written(changed(retired), tmp_path)), STATE)


def test_what_is_dropped_is_refused_by_file_key_and_rule(tmp_path: Path) -> None:
    portal = load("dev", written(changed(without_embargo), tmp_path))
    with pytest.raises(SettingsError, match=f"dev.yaml: portal:settings.buckets.embargo: the bucket {EMBARGO} is depl"):
        refuse_accidents(portal, STATE)


def test_what_would_be_opened_is_refused_too(tmp_path: Path) -> None:
    def opened(files: Files) -> None:
        without_embargo(files)
        put("dev", "buckets.embargo", {"kind": "staging", "name": EMBARGO})(files)

    portal = load("dev", written(changed(opened), tmp_path))
    with pytest.raises(
        SettingsError, match=r"embargo\.kind: 'staging': .* set open_contents_to: \[operators, releases\]"
    ):
        refuse_accidents(portal, STATE)


def part_of_cdn(type_: str, name: str, **inputs: Any) -> dict[str, Any]:
    parent = "urn:pulumi:dev::portal::portal:cdn:DataCdn::embargo"
    return {"urn": f"{parent}${type_}::{name}", "type": type_, "parent": parent, "inputs": inputs}


def test_a_cdn_that_the_state_knows_as_closed_is_not_opened(tmp_path: Path) -> None:
    """Also where the update that closed it was killed before the stack had outputs."""
    staged = {**bucket("embargo", EMBARGO), "inputs": {"bucket": EMBARGO, "tags": {"kind": "staging"}}}
    listed = part_of_cdn("aws:wafv2/ipSet:IpSet", "embargo-cdn-ipv4", addresses=["192.0.2.0/24"])
    distribution = part_of_cdn("aws:cloudfront/distribution:Distribution", "embargo-cdn")

    def served(files: Files) -> None:
        without_embargo(files)
        put("dev", "buckets.embargo", {"kind": "staging", "name": EMBARGO})(files)
        put("dev", "data_cdn.embargo", {})(files)

    portal = load("dev", written(changed(served), tmp_path))
    with pytest.raises(SettingsError, match=r"data_cdn\.embargo\.addresses: .* set open_contents_to: \[anyone\]"):
        refuse_accidents(portal, {"resources": [staged, listed, distribution]})
    refuse_accidents(portal, {"resources": [staged]})


def test_a_bucket_of_unknown_outcome_counts_and_one_without_protection_does_not() -> None:
    held = [bucket("dev-wdl", "cryoet-swipe-wdl-dev", protect=False)]
    creating = [{"type": "creating", "resource": bucket("staging", "the-staging")}]
    assert protected_buckets({"resources": held, "pending_operations": creating}) == {"staging": "the-staging"}
    assert protected_buckets({}) == {}


@pytest.mark.parametrize("stack", ["dev", "public", "prod"])
def test_the_state_says_what_the_outputs_say(stack: str) -> None:
    graph = deployed(stack)
    state = {"resources": state_of(graph)}
    assert protected_buckets(state) == graph.exports["protected"]
    assert deployed_environments(state, protected=True) == graph.exports["environments"]
    assert deployed_environments(state) == graph.exports["environments"]
    kinds = {name: one.kind for name, one in deployed_buckets(state).items()}
    assert {name: one["kind"] for name, one in graph.exports["access"].items()}.items() <= kinds.items()


def test_an_environment_of_the_state_alone_is_refused_too(tmp_path: Path) -> None:
    """An `up` that was killed put out nothing; nor is it put out, but there all the same, once it is retired."""

    def without_dev(files: Files) -> None:
        del files["dev"]["environments"]["dev"]

    graph, portal = deployed("dev"), load("dev", written(changed(without_dev), tmp_path))
    resources = state_of(graph)
    with pytest.raises(SettingsError, match=r"portal:settings.environments.dev: the environment is deployed; set reti"):
        refuse_accidents(portal, {"resources": resources})
    retired = {"resources": [{**one, "protect": False} for one in resources]}
    refuse_accidents(portal, retired)
    assert lost(portal.current, deployed_environments(retired)) == {"dev": graph.exports["environments"]["dev"]}


def test_an_environment_with_executions_is_not_removed() -> None:
    names = {"comms_bucket": "comms", "orchestrator": "the-machine"}
    idle = Removal(environment="qa", lost=names, running=0, objects={"comms": 3})
    assert str(idle) == "the environment qa loses comms with 3 objects, the-machine"
    refuse_running("dev", [idle])
    busy = Removal(environment="qb", lost=names, running=2, objects={"comms": 3})
    told = (
        r"Pulumi.dev.yaml: portal:settings.environments.qb: .* comms with 3 objects, .* and has 2 running executions: "
    )
    with pytest.raises(PortalError, match=told):
        refuse_running("dev", [idle, busy])


def test_what_was_taken_in_after_a_failed_update_is_judged_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket that was left in AWS, with data, and made again as if it were new."""

    def opened(files: Files) -> None:
        without_embargo(files)
        put("dev", "buckets.embargo", {"kind": "staging", "name": EMBARGO})(files)
        put("dev", "cluster.public_access", ["8.8.8.0/24"])(files)

    written(changed(opened), tmp_path)
    monkeypatch.setattr(Pulumi, "last_update", lambda _: None)
    monkeypatch.setattr("portal.updating.recover_stack", lambda *_, **__: ["embargo: taken in"])
    deployments = iter([{}, STATE])
    monkeypatch.setattr(Pulumi, "deployment", lambda _: next(deployments))
    place: Any = SimpleNamespace(account="908710317728")
    with pytest.raises(SettingsError, match=r"embargo\.kind: 'staging': .* deployed with the kind embargo"):
        up.bring_up(
            Pulumi(stack="dev", root=tmp_path), place, How(yes=True, skip_preview=True), remove_idle_machines=False
        )

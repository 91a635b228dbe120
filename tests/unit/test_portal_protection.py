"""What `portal up` refuses before it starts the engine: a protected bucket of the state that its file no longer has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.protection import deployed_buckets, protected_buckets, refuse_accidents
from portal.pulumi_cli import Pulumi
from settings import SettingsError
from tests.unit.conftest import deployed
from tests.unit.stackfiles import Files, changed, written
from tests.unit.test_settings import put

BUCKET = "aws:s3/bucket:Bucket"
EMBARGO = "cryoet-data-portal-embargo"


def bucket(key: str, name: str, *, protect: bool = True) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::portal::portal:storage:DataBucket${BUCKET}::{key}"
    return {"urn": urn, "type": BUCKET, "inputs": {"bucket": name, "tags": {"kind": key}}, "protect": protect}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulumi:
    """The dev stack, whose state has the embargo bucket and none of the stack's outputs."""
    state = {"resources": [{"urn": "urn:a::b", "type": "pulumi:pulumi:Stack"}, bucket("embargo", EMBARGO)]}
    monkeypatch.setattr(Pulumi, "deployment", lambda _: state)
    return Pulumi(stack="dev", root=tmp_path)


def without_embargo(files: Files) -> None:
    del files["dev"]["buckets"]["embargo"]
    for environment in files["dev"]["environments"].values():
        environment["ingest"]["writes"].remove({"bucket": "embargo"})


def test_what_is_held_may_stay_or_be_retired(project: Pulumi) -> None:
    written(changed(lambda _: None), project.root)
    refuse_accidents(project)

    def retired(files: Files) -> None:
        put("dev", "buckets.embargo.retire", True)(files)
        for environment in files["dev"]["environments"].values():
            environment["ingest"]["writes"].remove({"bucket": "embargo"})

    written(changed(retired), project.root)
    refuse_accidents(project)


def test_what_is_dropped_is_refused_by_file_key_and_rule(project: Pulumi) -> None:
    written(changed(without_embargo), project.root)
    with pytest.raises(SettingsError, match=f"dev.yaml: portal:settings.buckets.embargo: the bucket {EMBARGO} is depl"):
        refuse_accidents(project)


def test_what_would_be_opened_is_refused_too(project: Pulumi) -> None:
    def opened(files: Files) -> None:
        without_embargo(files)
        put("dev", "buckets.embargo", {"kind": "staging", "name": EMBARGO})(files)

    written(changed(opened), project.root)
    with pytest.raises(
        SettingsError, match=r"embargo\.kind: 'staging': .* set open_contents_to: \[operators, releases\]"
    ):
        refuse_accidents(project)


def test_a_bucket_of_unknown_outcome_counts_and_one_without_protection_does_not() -> None:
    held = [bucket("dev-wdl", "cryoet-swipe-wdl-dev", protect=False)]
    creating = [{"type": "creating", "resource": bucket("staging", "the-staging")}]
    assert protected_buckets({"resources": held, "pending_operations": creating}) == {"staging": "the-staging"}
    assert protected_buckets({}) == {}


@pytest.mark.parametrize("stack", ["dev", "public", "prod"])
def test_the_state_says_what_the_outputs_say(stack: str) -> None:
    graph = deployed(stack)
    resources = [
        {"urn": one.urn, "type": one.type, "inputs": one.inputs, "protect": one.protect} for one in graph.resources
    ]
    assert protected_buckets({"resources": resources}) == graph.exports["protected"]
    kinds = {name: one.kind for name, one in deployed_buckets({"resources": resources}).items()}
    assert {name: one["kind"] for name, one in graph.exports["access"].items()}.items() <= kinds.items()

"""What is changed behind Pulumi's back is seen by a refresh and put right by the next `up`: every type in use."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.journey import objects_behind
from tests.journey.conftest import BOOTSTRAP, DEV, Cloud, Project
from tests.journey.in_use import types_in_use
from tests.journey.test_cdn import ask
from tests.localcloud.batch_steps import refused
from tests.types import CASES
from tests.types.behind import EMBARGO, STAGING
from tests.types.case import Drift, Held

LAST = sorted(CASES, key=lambda case: case.token.startswith("aws:iam/"))
"""With another boundary the roles may no longer do what AWS wants to see for a change."""
DRIFTS = {**objects_behind.DRIFTS, **{case.token: case.drifts for case in LAST if case.drifts}}
Key = tuple[str, str]
"""Type and name of a resource."""
PROGRAMS = (".", BOOTSTRAP)
SITE: Key = ("aws:cloudfront/distribution:Distribution", "staging-site")


def test_every_type_in_use_is_changed_behind_the_back() -> None:
    assert types_in_use() == set(DRIFTS)


def test_every_drift_is_seen_and_put_right(served: Project, cloud: Cloud, tmp_path: Path) -> None:
    project, before = served, states(served)
    drifts = found(before)
    for key, (drift, held) in [*drifts.items()]:
        with refused(drift.refused) if drift.refused else nullcontext():
            drift.change(cloud.client, held)
        if drift.refused:
            del drifts[key]
    shown: dict[Key, tuple[str, set[str]]] = {}
    for number, program in enumerate(PROGRAMS):
        log = tmp_path / f"refresh-{number}.jsonl"
        command = ("-C", program, "refresh", "--preview-only", "--event-log", str(log))
        project.pulumi("dev", *command, env={"PULUMI_DEBUG_COMMANDS": "1"})
        shown |= changes(log)
    assert shown.keys() ^ drifts.keys() == set()
    unseen = {key: shown[key] for key, (drift, _) in drifts.items() if not seen(drift, *shown[key])}
    assert not unseen
    assert states(project) == before
    project.bootstrap("dev", "--refresh")
    project.up("dev", "--refresh")
    for program in PROGRAMS:
        project.pulumi("dev", "-C", program, "preview", "--refresh", "--expect-no-changes")
    s3, control = cloud.client("s3"), cloud.client("s3control")
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=EMBARGO)["Policy"]
    assert all(control.get_public_access_block(AccountId=DEV)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_versioning(Bucket=STAGING)["Status"] == "Enabled"
    [site] = [one["outputs"]["domainName"] for one in before if (one["type"], named(one)) == SITE]
    assert ask(cloud, site, "/")[0] == 200


def states(project: Project) -> list[dict[str, Any]]:
    """Of the stack and of its account's bootstrap."""
    return [one for program in PROGRAMS for one in project.state("dev", program)]


def found(state: list[dict[str, Any]]) -> dict[Key, tuple[Drift, Held]]:
    """Each drift with its resource."""
    pairs: dict[Key, tuple[Drift, Held]] = {}
    for kind, drifts in DRIFTS.items():
        for drift in drifts:
            name = [one for one in state if one["type"] == kind and named(one).startswith(drift.name)]
            exact = [one for one in name if named(one) == drift.name] or name
            assert len(exact) == 1, (kind, drift.name, [named(one) for one in exact])
            pairs[kind, named(exact[0])] = drift, {**exact[0]["outputs"], "id": exact[0]["id"]}
    return pairs


def named(resource: dict[str, Any]) -> str:
    return resource["urn"].split("::")[3]


def changes(log: Path) -> dict[Key, tuple[str, set[str]]]:
    """Of what a command would change: operation and changed properties, from the engine's own event log."""
    shown: dict[Key, tuple[str, set[str]]] = {}
    for line in log.read_text().splitlines():
        event = json.loads(line).get("resOutputsEvent")
        if event and event["metadata"]["op"] in ("update", "delete", "create", "replace"):
            urn, metadata = event["metadata"]["urn"], event["metadata"]
            properties = set(metadata.get("detailedDiff") or {})
            shown[urn.split("::")[2].split("$")[-1], urn.split("::")[3]] = metadata["op"], properties
    return shown


def seen(drift: Drift, operation: str, properties: set[str]) -> bool:
    """Whether the refresh shows what happened."""
    if drift.gone:
        return operation == "delete"
    return operation == "update" and any(one.startswith(drift.shows) for one in properties)

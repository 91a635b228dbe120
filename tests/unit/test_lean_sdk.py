"""Recordings with less work of the SDK have what those of the SDK as it is have."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
import pytest
from pulumi_aws import sqs

from composition.account import provider_of
from composition.adoption import Existing
from composition.last_update import State
from composition.stack import compose
from settings import load
from tests.unit import recording
from tests.unit.recording import Recording, Registered, record
from tests.unit.stackfiles import own_files, written


def without_order(recorded: Recording) -> tuple[list[Registered], dict[str, Any], list[str]]:
    resources = sorted(recorded.resources, key=lambda one: one.urn)
    return resources, recorded.exports, sorted(map(repr, recorded.calls))


@pytest.mark.parametrize("stack", ["dev", "prod", "public"])
def test_a_recording_is_the_same(stack: str, tmp_path: Path) -> None:
    portal = load(stack, written(own_files(), tmp_path))

    def recorded() -> Recording:
        return record(lambda: compose(portal, provider_of(portal), State(), Existing()), stack=stack)

    with patch.object(recording, "lean_sdk", nullcontext):
        plain = recorded()
    assert without_order(recorded()) == without_order(plain)


@pytest.mark.parametrize("own", [True, False])
def test_what_fails_on_an_output_is_raised(own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def program() -> None:
        queue = sqs.Queue("jobs", name="jobs")
        pulumi.export("share", queue.arn.apply(lambda arn: 1 / (len(arn) - len(arn))))

    if not own:
        monkeypatch.setattr(recording, "lean_sdk", nullcontext)
    with pytest.raises(ZeroDivisionError):
        record(program)

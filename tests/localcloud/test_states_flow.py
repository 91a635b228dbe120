"""States that do no work of their own, in both query languages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .batch_steps import time_scale
from .conftest import Cloud
from .states_steps import Machines


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


def only(state: dict[str, Any]) -> dict[str, Any]:
    return {"Only": state | ({} if state["Type"] in ("Succeed", "Fail", "Choice") else {"End": True})}


def test_pass_gives_its_input_or_its_output(machines: Machines) -> None:
    assert machines.output(only({"Type": "Pass"}), {"a": [1, None, "x"]}) == {"a": [1, None, "x"]}
    state = {"Type": "Pass", "Output": {"sum": "{% $sum($states.input.n) %}", "plain": "{no}"}}
    assert machines.output(only(state), {"n": [1, 2, 3]}) == {"sum": 6, "plain": "{no}"}


def test_variables_last_from_state_to_state(machines: Machines) -> None:
    states = {
        "First": {"Type": "Pass", "Assign": {"x": "{% $states.input.n * 2 %}", "text": 'a "quoted" text'}, "Next": "Last"},
        "Last": {"Type": "Pass", "Output": "{% [$x, $text, $states.context.State.Name] %}", "End": True},
    }
    assert machines.output(states, {"n": 4}) == [8, 'a "quoted" text', "Last"]

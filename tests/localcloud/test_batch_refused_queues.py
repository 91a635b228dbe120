"""What AWS refuses about job queues, row by row of docs/refusals.md, with its code and words."""

from __future__ import annotations

from typing import Any

import pytest

from .batch_steps import World, limit, refused
from .clouds import REGION

REFUSED = "ClientException"
CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"


@pytest.mark.parametrize(
    ("orders", "text"),
    [
        ([], "computeEnvironmentOrder is required"),
        ([(1, "a"), (2, "a")], "duplicate compute environments"),
        ([(1, "a"), (1, "b")], "duplicate order"),
        ([(1, "a"), (2, "b"), (3, "a"), (4, "b")], "only 3 compute environments"),
        ([(1, "none")], "does not exist"),
    ],
)
def test_bat_12_orders(world: World, environment: str, orders: list[tuple[int, str]], text: str) -> None:
    names = {"a": environment, "b": world.environment() if len(orders) > 1 else "", "none": "none"}
    with refused(REFUSED, text):
        world.create_queue([{"order": number, "computeEnvironment": names[name]} for number, name in orders])


def test_bat_13_environments_that_settle_or_are_elsewhere(world: World, environment: str) -> None:
    with refused(REFUSED, "must be created and valid before attaching"):
        world.queue(world.create())
    elsewhere = environment.replace(f":{REGION}:", ":eu-west-1:")
    with refused(REFUSED, f"{elsewhere} does not exist"):
        world.queue(elsewhere)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ([limit(CAPACITY, 599)], "between 600 and 86400"),
        ([limit(CAPACITY, 86_401)], "between 600 and 86400"),
        ([limit(CAPACITY) | {"action": "TERMINATE"}], "valid actions are: [CANCEL]"),
        ([limit(CAPACITY) | {"state": "RUNNING"}], "'jobStateTimeLimitActions.1.member.state'"),
        ([limit(CAPACITY), limit(CAPACITY)], "Duplicate jobStateTimeLimitAction"),
    ],
)
def test_bat_14_time_limits(world: World, queue: str, limits: list[dict[str, Any]], text: str) -> None:
    with refused(REFUSED, text):
        world.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=limits)


@pytest.mark.parametrize("reason", ["UNDETERMINED", "ACTION_REQUIRED", "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS"])
def test_bat_15_reasons_that_no_time_limit_acts_on(world: World, queue: str, reason: str) -> None:
    with refused(REFUSED, f"Invalid reason {reason}"):
        world.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[limit(reason)])

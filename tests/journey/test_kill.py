"""A `portal up` killed at any moment, engine or provider, is completed by the next one; nothing is left behind.

Kills are at a call that AWS has just carried out, or some milliseconds later. The dev stack comes with its network and
orchestrators; the other stacks are smaller, so that more moments of theirs are tried. Last, several kills follow one
another before an `up` is let through: so recoveries are killed too.
"""

from __future__ import annotations

import random
from typing import Any, Final

import pytest

from tests.journey.conftest import STACKS, Cloud, Project, jobs_alone, smaller
from tests.journey.databases import value
from tests.journey.in_use import types_in_use
from tests.journey.inventory import INHERENT, INVENTORY, in_account, in_state, made_since
from tests.journey.killing import ENGINE, PROVIDER, UP, Killer, in_folder, killed_up

KILLED: Final = ("dev", "public", "prod", "public") * 5
"""The stack of each kill."""
CALLS: Final = {"dev": 130, "prod": 80, "public": 25}
"""Fewer than the calls that change something in a stack's first `up`."""
DELETING: Final = {4, 12}
"""The kills at an `up` that takes the orchestrator down."""
CALLS_OF_DELETION: Final = 50
LONGEST_DELAY_SECONDS: Final = 0.1
IN_A_ROW: Final = 4
LATER, LOOKED = 15, 150
"""The most calls before a kill of an `up` that follows a killed one, and of a recovery, its looking included."""
CLUSTER: Final = "aws:rds/cluster:Cluster"


def without_orchestrator(settings: dict[str, Any]) -> None:
    del settings["environments"]["staging"]["orchestrator"], settings["network"]["zones"]


def retired(settings: dict[str, Any]) -> None:
    settings["environments"]["staging"]["retire"] = True
    del settings["environments"]["staging"]["database"]


def small(project: Project) -> None:
    project.change("dev", smaller)
    for file in list((project.folder / "workflows").glob("*.wdl"))[1:]:
        file.unlink()


def completed(project: Project, cloud: Cloud, stack: str, before: dict[str, set[str]]) -> None:
    """The next `up` ends well, the account has what the state holds, and that is what the program asks for."""
    done = project.run(*UP, stack, env=in_folder(project))
    assert done.returncode == 0, done.stdout + done.stderr
    assert in_state(project, stack) == made_since(cloud, before, STACKS[stack])
    project.pulumi(stack, "preview", "--refresh", "--expect-no-changes")


def kill(project: Project, killer: Killer) -> None:
    done = killed_up(project, killer)
    assert killer.killed, f"{killer} did not come to its call: {done.stdout}"


def test_what_the_account_is_asked_for_is_all_that_a_stack_makes() -> None:
    assert types_in_use() <= set(INVENTORY) | INHERENT
    assert not set(INVENTORY) & INHERENT


@pytest.mark.parametrize("number", range(len(KILLED)))
def test_the_next_up_completes_a_killed_one(project: Project, cloud: Cloud, number: int) -> None:
    """Engine and provider in turn; some of the dev stack's go down with their orchestrator when they are killed."""
    chance = random.Random(number)  # noqa: S311 - not for secrets
    stack, victim = KILLED[number], (ENGINE, PROVIDER)[number // 4 % 2 ^ number % 2]
    small(project)
    if stack == "prod":  # dev has its database, and two tests of their own kill around prod's
        project.change(stack, jobs_alone)
    before = in_account(cloud, STACKS[stack])
    calls = CALLS[stack]
    if number in DELETING:
        project.change(stack, retired)
        project.up(stack)
        project.change(stack, without_orchestrator)
        calls = CALLS_OF_DELETION
    later = chance.choice((0.0, chance.uniform(0, LONGEST_DELAY_SECONDS)))
    kill(project, Killer(stack=stack, victim=victim, moment=chance.randint(1, calls), later_seconds=later))
    completed(project, cloud, stack, before)


def test_a_new_security_group_loses_aws_own_rule(project: Project, cloud: Cloud) -> None:
    """Killed between the call that makes it and the one that takes the rule away."""
    small(project)
    before = in_account(cloud, STACKS["prod"])
    kill(project, Killer(stack="prod", victim=PROVIDER, moment=1, only="CreateSecurityGroup"))
    completed(project, cloud, "prod", before)


@pytest.mark.parametrize("call", ["PutSecretValue", "CreateDBCluster"])
def test_a_database_and_its_secrets_have_one_password(project: Project, cloud: Cloud, call: str) -> None:
    """Killed once the password is drawn, and when the cluster is made with it."""
    small(project)
    before = in_account(cloud, STACKS["prod"])
    kill(project, Killer(stack="prod", victim=PROVIDER, moment=1, only=call))
    done = project.run(*UP, "prod", env=in_folder(project))
    assert done.returncode == 0, done.stdout + done.stderr
    project.pulumi("prod", "preview", "--refresh", "--expect-no-changes")
    assert in_state(project, "prod")[CLUSTER] == made_since(cloud, before, STACKS["prod"])[CLUSTER]
    assert value(cloud, "prod", "SELECT current_user") == "portal"


def test_recoveries_are_killed_too(project: Project, cloud: Cloud) -> None:
    chance, stack = random.Random(IN_A_ROW), "prod"  # noqa: S311 - not for secrets
    small(project)
    before = in_account(cloud, STACKS[stack])
    for number in range(IN_A_ROW):
        looks = number % 2 == 1
        most = LOOKED if looks else LATER if number else CALLS[stack]
        kill(
            project,
            Killer(
                stack=stack, victim=(PROVIDER, ENGINE)[number // 2 % 2], moment=chance.randint(1, most), looks=looks
            ),
        )
    completed(project, cloud, stack, before)

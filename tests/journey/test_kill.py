"""A `portal up` killed at any moment, engine or provider, is completed by the next one; nothing is left behind.

The dev stack, with its network and orchestrators. Each kill is at a call that AWS has just carried out. Several kills
follow one another before an `up` is let through: so recoveries are killed too.
"""

from __future__ import annotations

import random

import pytest

from tests.journey.conftest import Cloud, Project, smaller
from tests.journey.inventory import in_account, in_state, made_since
from tests.journey.killing import ENGINE, PROVIDER, UP, Killer, in_folder, killed_up

ROUNDS, KILLS = 4, 5
FIRST, LATER, LOOKED = 100, 25, 150
"""The most calls before a kill: of the first `up`, of a later one, and of a recovery, its looking included."""


def killers(seed: int) -> list[Killer]:
    """The kills of one round: engine and provider in turn, every third among the calls of a recovery."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    made: list[Killer] = []
    for number in range(KILLS):
        looks = number % 3 == 2
        most = LOOKED if looks else LATER if number else FIRST
        victim = (ENGINE, PROVIDER)[(seed + number) % 2]
        made.append(Killer(victim=victim, moment=chance.randint(1, most), looks=looks))
    return made


def completed(project: Project, cloud: Cloud, before: dict[str, set[str]]) -> None:
    """The next `up` ends well, the account has what the state holds, and that is what the program asks for."""
    done = project.run(*UP, env=in_folder(project))
    assert done.returncode == 0, done.stdout + done.stderr
    assert in_state(project) == made_since(cloud, before)
    project.pulumi("dev", "preview", "--refresh", "--expect-no-changes")


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_the_next_up_completes_killed_ones(project: Project, cloud: Cloud, seed: int) -> None:
    project.change("dev", smaller)
    for file in list((project.folder / "workflows").glob("*.wdl"))[1:]:
        file.unlink()
    before = in_account(cloud)
    for killer in killers(seed):
        print(f"seed {seed}: {killer.victim} at call {killer.moment}{' or look' if killer.looks else ''}")
        done = killed_up(project, killer)
        assert killer.killed, f"{killer} did not come to its call: {done.stdout}"
    completed(project, cloud, before)

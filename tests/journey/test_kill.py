"""A `portal up` killed at any moment, engine or provider, is completed by the next one; nothing is left behind.

Kills are at a call that AWS has just carried out, or some milliseconds later. Those of a stack follow one another: each
`up` goes on where the one before was killed, and is killed some calls later, until one is let through. What any of
them left behind or made twice is then in the account beside what the state has. The public stack is small, so that
more moments of its are tried. Last, recoveries are killed while they look.
"""

from __future__ import annotations

import random
from typing import Any, Final

import pytest

from components import names
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server import images
from localcloud.server.services.rds.model import REGIONS
from tests.journey.conftest import INGEST, STACKS, Cloud, Project, jobs_alone, serving, smaller
from tests.journey.databases import value
from tests.journey.in_use import types_in_use
from tests.journey.inventory import INHERENT, INVENTORY, in_account, in_state, made_since
from tests.journey.killing import ENGINE, KUBERNETES, PROVIDER, UP, Killer, in_folder, installed, killed_up
from tests.journey.points import Point, Points
from tests.localcloud.clouds import CONFIGURATION, REGION

CALLS: Final = {"dev": 26, "prod": 14, "public": 4}
"""The calls that change something between two kills of a stack's first `up`."""
CALLS_OF_DELETION: Final = 15
LATER_SECONDS: Final = 0.05
FIRST_VICTIMS: Final = (("dev", 0), ("prod", 1), ("public", 0), ("public", 1))
"""Stacks, and whether the engine or the provider is killed first: they are in turn."""
FEWEST, MOST = 3, 12
"""Kills of a stack: too few would ask little; more would be an `up` that never gets on."""
IN_A_ROW: Final = 4
FIRST, LATER, LOOKED = 80, 15, 150
"""The most calls before a kill of prod's first `up`, of an `up` that follows a killed one, and of a recovery, its
looking included."""
CLUSTER: Final = "aws:rds/cluster:Cluster"
SERVING: Final = (
    Point(reached="elbv2.CreateLoadBalancer", victim=PROVIDER),
    Point(reached="cloudfront.CreateVpcOrigin", victim=ENGINE),
    Point(reached="eks.CreateCluster", victim=ENGINE),
    Point(reached=kind("Namespace").path("", "staging"), victim=KUBERNETES),
    Point(reached=kind("Deployment").path("staging", "api"), victim=ENGINE),
)
"""Where most hangs on what nobody heard of: AWS chooses the load balancer's and the origin's ids; the component of
pulumi_eks registers the cluster, whose endpoint the Kubernetes provider is configured with; all objects are in the
namespace; the Deployment is there long before its pods are."""


def without_orchestrator(settings: dict[str, Any]) -> None:
    del settings["environments"]["staging"]["orchestrator"], settings["network"]["zones"]


def retired(settings: dict[str, Any]) -> None:
    settings["environments"]["staging"]["retire"] = True
    del settings["environments"]["staging"]["database"], settings["data_cdn"]


def small(project: Project) -> None:
    project.change("dev", smaller)
    project.keep_workflows(INGEST)


def serving_without_jobs(settings: dict[str, Any]) -> None:
    serving(settings)
    for part in ("orchestrator", "ingest", "import"):
        del settings["environments"]["staging"][part]
    del settings["data_cdn"]
    for bucket in ("source", "embargo"):
        del settings["buckets"][bucket]


def completed(project: Project, cloud: Cloud, stack: str, before: dict[str, set[str]]) -> None:
    """The next `up` ends well, the account has what the state holds, and that is what the program asks for."""
    done = project.run(*UP, stack, env=in_folder(project))
    assert done.returncode == 0, done.stdout + done.stderr
    is_complete(project, cloud, stack, before)


def is_complete(project: Project, cloud: Cloud, stack: str, before: dict[str, set[str]]) -> None:
    assert in_state(project, stack) == made_since(cloud, before, STACKS[stack])
    project.pulumi(stack, "preview", "--refresh", "--expect-no-changes")


def killed_on_the_way(project: Project, stack: str, calls: int, first: int = 0) -> int:
    """Kills each `up` of the stack after so many calls, at the call or a little later, until one ends before that. How
    many were killed."""
    for number in range(MOST):
        later = LATER_SECONDS if number // 2 % 2 else 0.0
        victim = (ENGINE, PROVIDER)[(number + first) % 2]
        killer = Killer(stack=stack, victim=victim, moment=calls, later_seconds=later)
        done = killed_up(project, killer)
        if not killer.killed:
            assert done.returncode == 0, done.stdout
            return number
    raise AssertionError(f"{stack} never gets on")


def kill(project: Project, killer: Killer) -> None:
    done = killed_up(project, killer)
    assert killer.killed, f"{killer} did not come to its call: {done.stdout}"


def test_what_the_account_is_asked_for_is_all_that_a_stack_makes() -> None:
    assert types_in_use() <= set(INVENTORY) | INHERENT
    assert not set(INVENTORY) & INHERENT


@pytest.mark.parametrize(("stack", "first"), FIRST_VICTIMS)
def test_the_next_up_completes_a_killed_one(project: Project, cloud: Cloud, stack: str, first: int) -> None:
    """Prod is first killed between the call that makes a security group and the one that takes AWS's own rule away."""
    small(project)
    if stack == "prod":  # dev has its database, and two tests of their own kill around prod's
        project.change(stack, jobs_alone)
    before = in_account(cloud, STACKS[stack])
    if stack == "prod":
        kill(project, Killer(stack=stack, victim=PROVIDER, moment=1, only="CreateSecurityGroup"))
    assert killed_on_the_way(project, stack, CALLS[stack], first) >= FEWEST
    is_complete(project, cloud, stack, before)


def test_the_next_up_completes_a_killed_one_that_takes_an_orchestrator_down(project: Project, cloud: Cloud) -> None:
    small(project)
    before = in_account(cloud, STACKS["dev"])
    project.change("dev", retired)
    project.up("dev")
    project.change("dev", without_orchestrator)
    assert killed_on_the_way(project, "dev", CALLS_OF_DELETION) >= FEWEST - 1
    is_complete(project, cloud, "dev", before)


def test_a_database_and_its_secrets_have_one_password(project: Project, cloud: Cloud) -> None:
    """Killed once the password is drawn; then when the cluster is made, which must be with the password drawn last."""
    small(project)
    before = in_account(cloud, STACKS["prod"])
    for call in ("PutSecretValue", "CreateDBCluster"):
        kill(project, Killer(stack="prod", victim=PROVIDER, moment=1, only=call))
    drawn = cloud.client("secretsmanager", STACKS["prod"]).get_secret_value(SecretId=names.database_password("prod"))
    [cluster] = REGIONS[STACKS["prod"], REGION].clusters.values()
    assert cluster.password == drawn["SecretString"]
    done = project.run(*UP, "prod", env=in_folder(project))
    assert done.returncode == 0, done.stdout + done.stderr
    project.pulumi("prod", "preview", "--refresh", "--expect-no-changes")
    assert in_state(project, "prod")[CLUSTER] == made_since(cloud, before, STACKS["prod"])[CLUSTER]
    assert value(cloud, "prod", "SELECT current_user") == "portal"


def test_what_serves_is_completed_from_every_point(project: Project, cloud: Cloud) -> None:
    """Each `up` is killed at the next point of the one before, and the last is let through: nothing is there twice."""
    images.configure(CONFIGURATION.images)
    project.change("dev", serving_without_jobs)
    before = in_account(cloud, STACKS["dev"])
    points = Points("dev", list(SERVING))
    with installed(points):  # from first to last: a killed update's provider ends the call under way
        while points.left:
            left = len(points.left)
            with points.one_update():
                done = killed_up(project, points)
            assert len(points.left) < left, done.stdout
    assert len(points.killed) >= len(SERVING) - 1, points.killed
    completed(project, cloud, "dev", before)
    assert set(points.carried_out.values()) == {1}


def test_recoveries_are_killed_too(project: Project, cloud: Cloud) -> None:
    chance, stack = random.Random(IN_A_ROW), "prod"  # noqa: S311 - not for secrets
    small(project)
    before = in_account(cloud, STACKS[stack])
    for number in range(IN_A_ROW):
        looks = number % 2 == 1
        most = LOOKED if looks else LATER if number else FIRST
        kill(
            project,
            Killer(
                stack=stack, victim=(PROVIDER, ENGINE)[number // 2 % 2], moment=chance.randint(1, most), looks=looks
            ),
        )
    completed(project, cloud, stack, before)

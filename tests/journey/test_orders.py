"""The stacks in any order, from empty.

- With jobs alone in all six orders: each stack names roles and buckets of the others. Dev has one environment: its
  second reads and writes in its own account alone, as do data CDNs.
- With all of their stack files, prod first: its pods run images of dev's repositories, which are not there yet. Nothing
  else of what serves is another stack's, and dev first is what `make up` does.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from components import names
from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server import images
from localcloud.server.services.eks.model import REGIONS
from tests.journey.conftest import INGEST, PROD, STACKS, Project, jobs_alone, smaller
from tests.journey.serving import texts
from tests.localcloud.batch_steps import time_scale, until
from tests.localcloud.clouds import CONFIGURATION, REGION
from tests.unit.stackfiles import STACK_FILES

SCALE = 0.2
"""Real seconds for one of AWS's, as in `make up`: the waits for images are still long enough for a whole stack."""
PATIENCE_SECONDS = 150


def without_cdn(settings: dict[str, Any]) -> None:
    del settings["data_cdn"]


@pytest.mark.parametrize("order", list(itertools.permutations(STACKS)), ids="-".join)
def test_the_stacks_come_up_in_any_order(project: Project, order: tuple[str, ...]) -> None:
    project.change("dev", smaller)
    project.keep_workflows(INGEST)
    for stack in ("dev", "prod"):
        project.change(stack, jobs_alone)
    for stack in ("dev", "public"):
        project.change(stack, without_cdn)
    for stack in order:
        project.up(stack)
    for stack in STACKS:
        project.up(stack, "--refresh", "--expect-no-changes")


def test_pods_wait_for_the_stack_that_has_their_images(project: Project) -> None:
    images.configure(CONFIGURATION.images)
    for stack in STACKS:
        whole = yaml.safe_load((STACK_FILES / f"Pulumi.{stack}.yaml").read_text())["config"]["portal:settings"]
        project.change(stack, lambda settings, whole=whole: settings.update(whole))
    with time_scale(SCALE), ThreadPoolExecutor(1) as beside:
        prod = beside.submit(project.up, "prod")
        until(lambda: prod.done() or "ImagePullBackOff" in statuses_of_prod(), PATIENCE_SECONDS)
        assert not prod.done(), prod.result()
        project.up("dev")
        assert "pods start once their images are in the repositories of the stack dev" in prod.result()
        project.up("public")
        # Still by that clock: by a slower one pods have not been ready for as long as they must.
        for stack in STACKS:
            project.up(stack, "--refresh", "--expect-no-changes")


def statuses_of_prod() -> str:
    """All that prod's pods say of themselves; nothing while there is no cluster."""
    region = REGIONS.get((PROD, REGION))
    cluster = region.clusters.get(names.CLUSTER) if region else None
    if cluster is None or cluster.running.api is None:
        return ""
    pods: list[dict[str, Any]] = cluster.running.api.client(CONTROLLERS).get(kind("Pod").path("prod"))["items"]
    return "\n".join(texts([pod.get("status") for pod in pods]))

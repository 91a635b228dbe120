"""Other machines for jobs, by the real engine: the next generation first, the one before until it is let go."""

from __future__ import annotations

from typing import Any

from tests.journey.conftest import DEV, Cloud, Project
from tests.journey.test_orchestrators import orchestrated, outputs


def listed(cloud: Cloud) -> list[str]:
    """Names of the compute environments that the spot queue of dev lists, in order."""
    [queue] = cloud.client("batch", DEV).describe_job_queues(jobQueues=["cryoet-ingestion-dev-main-spot"])["jobQueues"]
    orders = sorted(queue["computeEnvironmentOrder"], key=lambda one: one["order"])
    return [one["computeEnvironment"].rpartition("/cryoet-ingestion-dev-")[2] for one in orders]


def test_a_generation_follows_another_and_goes_when_it_is_let_go(project: Project, cloud: Cloud) -> None:
    orchestrated(project)
    project.up("dev")
    before = outputs(project, "dev")["dev"]["generations"]

    def change(settings: dict[str, Any]) -> None:
        settings["environments"]["dev"]["orchestrator"] |= {"instance_types": ["r5d", "m6id"], "retiring": before}

    project.change("dev", change)
    project.up("dev")
    project.pulumi("dev", "preview", "--expect-no-changes")
    newest, oldest = listed(cloud)
    assert oldest == before[0] != newest

    def let_go(settings: dict[str, Any]) -> None:
        settings["environments"]["dev"]["orchestrator"]["retiring"] = []

    project.change("dev", let_go)
    project.up("dev")
    project.pulumi("dev", "preview", "--expect-no-changes")
    assert listed(cloud) == [newest]
    found = cloud.client("batch", DEV).describe_compute_environments()["computeEnvironments"]
    assert not {f"cryoet-ingestion-dev-{one}" for one in before} & {one["computeEnvironmentName"] for one in found}

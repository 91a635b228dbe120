"""Other machines for jobs, by the real engine, while jobs run on them: none is lost.

Whatever else changes than limits of vCPUs and tags makes another generation, listed first. The one before stays behind
it, untouched, until somebody agrees to its removal once its jobs have ended.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journey.conftest import DEV, INGEST, Cloud, Project, jobs_alone, outputs, smaller
from tests.journey.killing import in_folder
from tests.journey.light_runs import PATIENCE_SECONDS, Fleet, light_runner, machines_of
from tests.journey.running import small_stages
from tests.localcloud.batch_steps import until

PREFIX = "cryoet-ingestion-staging-"
VCPUS = 2
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def standing(module_project: Project) -> Iterator[Project]:
    """Dev with one orchestrator, in which the light runner runs."""

    def small(settings: dict[str, Any]) -> None:
        smaller(settings)
        jobs_alone(settings)
        del settings["data_cdn"]
        machines = {"spot_max_vcpus": VCPUS, "overflow_max_vcpus": 0, "on_demand_max_vcpus": VCPUS}
        settings["environments"]["staging"]["orchestrator"] |= {**machines, "stages": small_stages()}

    module_project.keep_workflows(INGEST)
    module_project.change("dev", small)
    module_project.up("dev")
    with light_runner():
        yield module_project


class Machines:
    """The compute environments of staging: two generations at most, one for each queue."""

    def __init__(self, project: Project, cloud: Cloud) -> None:
        self.project, self.fleet = project, Fleet(cloud, "staging")
        self.batch = cloud.client("batch", DEV)

    def generations(self) -> tuple[list[str], list[str]]:
        """The current ones of the spot and the on-demand queue, and those that are kept for their jobs."""
        found = outputs(self.project, "dev")["staging"]
        return found["generations"], found["retiring"]

    def change(self, edit: Edit) -> None:
        def change(settings: dict[str, Any]) -> None:
            edit(settings["network"] | {"orchestrator": settings["environments"]["staging"]["orchestrator"]})

        self.project.change("dev", change)

    def up(self, edit: Edit | None = None, *options: str) -> str:
        """What `portal up` printed."""
        if edit:
            self.change(edit)
        done = self.portal("up", "--yes", "--skip-preview", *options, "dev")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def portal(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.project.run("portal", *arguments, env=in_folder(self.project) | {"COLUMNS": "200"})

    def steps(self) -> dict[str, Any]:
        """What a preview would do to each resource."""
        printed = self.project.run("pulumi", "preview", "--json", "--stack", "dev", "--non-interactive")
        assert printed.returncode == 0, printed.stdout + printed.stderr
        return {
            one["urn"]: (one["op"], one.get("newState", {}).get("inputs"))
            for one in json.loads(printed.stdout)["steps"]
        }

    def listed(self) -> tuple[list[str], ...]:
        """What the spot and the on-demand queue list, in order."""
        queues = [self.fleet.spot, self.fleet.on_demand]
        found = {one["jobQueueName"]: one for one in self.batch.describe_job_queues(jobQueues=queues)["jobQueues"]}
        orders = [sorted(found[one]["computeEnvironmentOrder"], key=lambda item: item["order"]) for one in queues]
        return tuple([one["computeEnvironment"].rpartition(f"/{PREFIX}")[2] for one in order] for order in orders)

    def delete_by_hand(self, queue: str, generation: str, *, left: str) -> None:
        """Without Pulumi: the queue lists what is left alone."""
        name = PREFIX + generation
        order = [{"order": 1, "computeEnvironment": PREFIX + left}]
        self.batch.update_job_queue(jobQueue=queue, computeEnvironmentOrder=order)
        self.batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
        until(lambda: self.described([generation])[0]["status"] == "VALID")
        self.batch.delete_compute_environment(computeEnvironment=name)
        until(lambda: not self.described([generation]))

    def described(self, generations: list[str]) -> list[dict[str, Any]]:
        """Those that there are, but for what follows the jobs."""
        wanted = {PREFIX + one for one in generations}
        every = self.batch.describe_compute_environments()["computeEnvironments"]
        found = [one for one in every if one["computeEnvironmentName"] in wanted]
        for one in found:
            del one["computeResources"]["desiredvCpus"]
        return sorted(found, key=lambda one: one["computeEnvironmentName"])


@pytest.fixture
def machines(standing: Project, cloud: Cloud) -> Machines:
    return Machines(standing, cloud)


class Held:
    """Runs whose jobs stop half way, until they may go on."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self._fleet, self.go = fleet, folder / "go"
        self.spot: dict[str, str] = {}
        self.on_demand: dict[str, str] = {}

    def start(self, spot: int, on_demand: int) -> None:
        given = {"holds": ["RunSPOT", "RunEC2"], "until": str(self.go)}
        self.spot = self._fleet.start({self._fleet.name(f"spot{number}"): given for number in range(spot)})
        runs = {self._fleet.name(f"demand{number}"): given for number in range(on_demand)}
        self.on_demand = self._fleet.start(runs, DoNotInterrupt=True)

    def jobs(self) -> list[dict[str, Any]]:
        """On spot, then on demand; each run has exactly one."""
        return [
            *self._fleet.described(self._fleet.spot, self.spot),
            *self._fleet.described(self._fleet.on_demand, self.on_demand),
        ]

    def until_running(self, wanted: int) -> list[str]:
        """The ids of the jobs, once so many of them run."""

        def running() -> list[str] | None:
            found = [job["jobId"] for job in self.jobs() if job["status"] == "RUNNING"]
            return found if len(found) == wanted else None

        try:
            return until(running, PATIENCE_SECONDS)
        except AssertionError as error:
            jobs = [(job["jobName"], job["status"], job.get("statusReason"), job["attempts"]) for job in self.jobs()]
            runs = self._fleet.stand({**self.spot, **self.on_demand})
            raise AssertionError(f"{wanted} jobs were to run; jobs: {jobs}; runs: {runs}") from error

    def let_go_on(self) -> None:
        self.go.touch()

    def end(self) -> list[dict[str, Any]]:
        """Lets them go on. The jobs, which all went well, as did the runs."""
        self.let_go_on()
        ended = self._fleet.ends({**self.spot, **self.on_demand})
        assert {one["status"] for one in ended.values()} == {"SUCCEEDED"}
        assert not self._fleet.described(self._fleet.on_demand, self.spot)
        jobs = self.jobs()
        assert len(jobs) == len(ended)
        return jobs


@pytest.fixture
def held(machines: Machines, tmp_path: Path) -> Iterator[Held]:
    made = Held(machines.fleet, tmp_path)
    yield made
    made.let_go_on()


def set_to(**values: Any) -> Edit:
    return lambda settings: settings["orchestrator"].update(values)


CHANGES: dict[str, Edit] = {
    "subnets": lambda settings: settings["zones"].append("us-west-2c"),
    "launch template": set_to(scratch_gib=200),
    "machine image": set_to(machine_image="ami-0123456789abcdef0"),
}


def told(generations: list[str], what: str) -> list[str]:
    """Lines of `portal up` about earlier machines."""
    return [f"staging: the earlier machines {one} {what}" for one in generations]


def follow(machines: Machines, held: Held, edit: Edit) -> tuple[list[str], list[str]]:
    """A change while a job runs on spot and one on demand, which end; what was idle before goes with it. The
    generations before and after it."""
    before, left = machines.generations()
    held.start(1, 1)
    running, kept = held.until_running(2), machines.described(before)
    printed = machines.up(edit, "--remove-idle-machines")
    assert all(line in printed for line in told(before, "stay (tasks on them: 1)")), printed
    assert all(line in printed for line in told(left, "are removed: Pulumi.dev.yaml says so")), printed
    after, retiring = machines.generations()
    assert retiring == before
    assert not set(after) & set(before)
    assert machines.listed() == ([after[0], before[0]], [after[1], before[1]])
    assert machines.described(before) == kept, "what jobs run on is not touched"
    assert machines.described(left) == [], "what was idle is gone"
    assert held.until_running(2) == running
    new = machines.fleet.start({machines.fleet.name("new"): {}})
    machines.fleet.ends(new)
    [job] = machines.fleet.described(machines.fleet.spot, new)
    assert (job["status"], machines_of(job)) == ("SUCCEEDED", [PREFIX + after[0]])
    assert [machines_of(job) for job in held.end()] == [[PREFIX + one] for one in before]
    return before, after


@pytest.mark.parametrize("change", CHANGES)
def test_jobs_run_on_while_another_generation_follows(machines: Machines, held: Held, change: str) -> None:
    follow(machines, held, CHANGES[change])


def test_earlier_machines_stay_until_their_removal_is_agreed_to(machines: Machines, held: Held) -> None:
    """Of two generations, one is deleted by hand meanwhile."""
    before, left = machines.generations()
    held.start(1, 1)
    running, kept = held.until_running(2), machines.described(before)
    machines.up(set_to(instance_types=["r5d", "m6id"]), "--remove-idle-machines")
    after, _ = machines.generations()
    assert machines.described(left) == []

    busy = machines.steps()
    status = machines.portal("status").stdout
    assert all(f"machines of staging {one} (retiring, tasks on it: 1): " in status for one in before), status
    machines.change(set_to(remove_machines=before))
    refused = machines.portal("up", "--yes", "--skip-preview", "dev")
    assert refused.returncode != 0
    key = "portal:settings.environments.staging.orchestrator.remove_machines"
    assert f"nothing was touched: Pulumi.dev.yaml: {key}[0]: '{before[0]}': tasks on them: 1; remove" in refused.stderr
    machines.change(lambda settings: settings["orchestrator"].pop("remove_machines"))
    assert machines.listed() == ([after[0], before[0]], [after[1], before[1]])
    assert machines.described(before) == kept
    assert held.until_running(2) == running
    assert [machines_of(job) for job in held.end()] == [[PREFIX + one] for one in before]

    assert machines.steps() == busy, "what a preview shows does not follow from what runs"
    status = machines.portal("status").stdout
    assert all(f"machines of staging {one} (retiring, idle: " in status for one in before), status
    printed = machines.up()
    assert all(
        line in printed for line in (*told(before, "are idle"), "they stay; --remove-idle-machines removes them")
    )
    assert machines.generations() == (after, before)

    machines.delete_by_hand(machines.fleet.on_demand, before[1], left=after[1])
    printed = machines.portal("up", "--yes", "--skip-preview", "dev").stdout
    assert told(before[1:], "are not in the account any more: `pulumi refresh` has the state forget them")[0] in printed
    machines.project.pulumi("dev", "refresh", "--yes", "--skip-preview")
    printed = machines.up(None, "--remove-idle-machines")
    assert told(before[:1], "are removed: Pulumi.dev.yaml says so")[0] in printed
    machines.project.pulumi("dev", "preview", "--expect-no-changes")
    assert machines.listed() == ([after[0]], [after[1]])
    assert machines.generations() == (after, [])
    assert machines.described(before) == []


DENIED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "states:UpdateStateMachine", "Resource": "*"}],
}


def test_an_update_that_fails_leaves_all_machines_with_jobs(machines: Machines, held: Held, cloud: Cloud) -> None:
    """It has changed the queues by then, so that a job has started on machines that are in no output. They are changed
    once more."""
    before, _ = machines.generations()
    iam, role = cloud.client("iam", DEV), {"RoleName": "OrganizationAccountAccessRole", "PolicyName": "fails"}
    held.start(1, 0)
    held.until_running(1)
    iam.put_role_policy(**role, PolicyDocument=json.dumps(DENIED))
    machines.change(set_to(instance_types=["r6id"], timeout_seconds=80_000))
    failed = machines.project.refused("dev", "up", "--yes", "--skip-preview")
    iam.delete_role_policy(**role)
    assert failed.returncode != 0
    assert "states:UpdateStateMachine" in failed.stdout
    assert machines.generations()[0] == before, "the outputs are those of the update before"
    listed = machines.listed()[0]
    assert listed[1] == before[0]

    name = machines.fleet.name("between")
    between = machines.fleet.start({name: {"holds": ["RunSPOT"], "until": str(held.go)}})
    held.spot |= between
    running = held.until_running(2)
    kept = machines.described([listed[0], before[0]])
    machines.up(set_to(instance_types=["m6id"]), "--remove-idle-machines")
    after, retiring = machines.generations()
    assert listed[0] not in after
    assert {listed[0], before[0]} <= set(retiring)
    assert machines.described([listed[0], before[0]]) == kept
    assert held.until_running(2) == running
    assert {tuple(machines_of(job)) for job in held.end()} == {(PREFIX + listed[0],), (PREFIX + before[0],)}


def test_more_vcpus_and_other_tags_come_in_place(machines: Machines, held: Held) -> None:
    """The same environment has room for the job that waited; those that ran in it run on."""
    if machines.generations()[1]:
        machines.up(None, "--remove-idle-machines")  # they would have room for it
    before, _ = machines.generations()
    held.start(VCPUS + 1, 1)
    running = held.until_running(VCPUS + 1)
    kept = {one["computeEnvironmentName"]: (one["uuid"], template_of(one)) for one in machines.described(before)}
    machines.project.change("dev", lambda settings: settings["tags"].update(purpose="standardization"))
    machines.up(set_to(spot_max_vcpus=2 * VCPUS))
    assert machines.generations() == (before, [])
    found = machines.described(before)
    assert {one["computeEnvironmentName"]: (one["uuid"], template_of(one)) for one in found} == kept
    assert {one["tags"]["purpose"] for one in found} == {"standardization"}
    assert sorted(one["computeResources"]["maxvCpus"] for one in found) == [VCPUS, 2 * VCPUS]
    assert set(running) < set(held.until_running(VCPUS + 2))
    assert all(len(job["attempts"]) == 1 for job in held.end())


def template_of(environment: dict[str, Any]) -> tuple[str, str]:
    """Id and version of the launch template that its machines are made from."""
    template = environment["computeResources"]["launchTemplate"]
    return template["launchTemplateId"], template["version"]

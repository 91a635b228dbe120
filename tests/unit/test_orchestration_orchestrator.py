"""One environment's orchestrator as a whole, and two beside each other."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from components.orchestration.contract import Resources, StageArgs
from components.orchestration.notifications import StatusQueues
from components.orchestration.orchestrator import Orchestrator, OrchestratorArgs
from tests.unit.recording import Recording, Registered, record
from tests.unit.test_orchestration_compute import NETWORK, host_args
from tests.unit.test_orchestration_jobs import ACCOUNT, BOUNDARY, REGION, job_args

SIZE = Resources(memory_mib=120_000, vcpus=2)


def args(environment: str = "dev", **given: Any) -> OrchestratorArgs:
    found: dict[str, Any] = {
        "environment": environment,
        "account": ACCOUNT,
        "region": REGION,
        "boundary": BOUNDARY,
        "stages": (StageArgs(spot=SIZE, on_demand=SIZE),),
        "workspaces": (f"cryoet-swipe-comms-{environment}",),
        "workflows": (f"cryoet-swipe-wdl-{environment}",),
        "hosts": host_args(),
        "network": NETWORK,
        "job": job_args(),
        "notifications": StatusQueues(queues=("portal",)),
    }
    return OrchestratorArgs(**{**found, **given})


def deployed(environment: str = "dev", **given: Any) -> Recording:
    return record(lambda: Orchestrator(environment, args(environment, **given)))


@pytest.fixture(scope="module")
def graph() -> Recording:
    """The orchestrator of the environment dev. Recorded once: nothing changes it."""
    return deployed()


@pytest.fixture
def machine(graph: Recording) -> Registered:
    return graph.one("dev-machine", "sfn/stateMachine:StateMachine")


def test_clients_find_the_machine_by_its_name(machine: Registered) -> None:
    assert machine.inputs["name"] == "cryoet-ingestion-dev-default-wdl"
    assert machine.inputs["type"] == "STANDARD"
    assert machine.inputs["roleArn"] == "arn:aws:mock:::dev-machine"


def test_the_definition_names_the_queues_and_the_job_definition_that_are_made(
    graph: Recording, machine: Registered
) -> None:
    states = machine.json("definition")["States"]
    for queue in graph.of("batch/jobQueue:JobQueue"):
        assert f"job-queue/{queue.inputs['name']}" in states["Run"]["Arguments"]["JobQueue"]
    assert states["Run"]["Arguments"]["JobDefinition"] == graph.one("dev-job").inputs["name"]
    [queue] = [one for one in graph.of("sqs/queue:Queue") if not one.name.endswith("dead-letter")]
    assert states["RunNotify"]["Arguments"]["QueueUrl"].endswith(f"/{ACCOUNT}/{queue.inputs['name']}")


def test_the_role_holds_what_the_definition_calls_and_the_log_needs(graph: Recording) -> None:
    grants = {one["Sid"]: one for one in graph.one("dev-machine-policy").json("policy")["Statement"]}
    assert set(grants) == {
        *("SubmitJobs", "WatchJobs", "EndJobs", "LearnOfEndedJobs"),
        *("WriteInputs", "ReadOutputs", "KnowWhatIsMissing", "SendMessages", "DeliverLogs"),
    }


def test_only_this_machine_can_take_the_role(graph: Recording) -> None:
    [trust] = graph.one("dev-machine", "iam/role:Role").json("assumeRolePolicy")["Statement"]
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:cryoet-ingestion-dev-default-wdl"
    assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": arn}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


def test_the_machine_is_logged_and_comes_after_what_it_names(machine: Registered) -> None:
    logging = machine.inputs["loggingConfiguration"]
    assert logging["level"] == "ALL"
    assert logging["logDestination"].endswith(":*")
    needed = {"dev-machine-policy", "dev-spot-queue", "dev-on-demand-queue", "dev-job", "dev-portal"}
    assert needed <= machine.depends_on


def test_every_role_has_the_boundary_and_a_name_of_the_programs(graph: Recording) -> None:
    roles = graph.of("iam/role:Role")
    assert len(roles) == 3
    assert {one.inputs["permissionsBoundary"] for one in roles} == {BOUNDARY}
    assert all(one.inputs["name"].startswith("cryoet-") for one in roles)


def test_definitions_by_workflow_are_made_named_and_granted() -> None:
    graph = deployed(job=job_args(roles={"db_import": "arn:aws:iam::1:role/x"}))
    name = graph.one("dev-job-db_import").inputs["name"]
    chosen = graph.one("dev-machine", "StateMachine").json("definition")["States"]["Run"]["Arguments"]["JobDefinition"]
    assert f'"{name}"' in chosen
    assert f"job-definition/{name}:*" in graph.one("dev-machine-policy").inputs["policy"]
    assert "dev-job-db_import" in graph.one("dev-machine", "StateMachine").depends_on


def test_tags_reach_jobs_and_need_a_grant() -> None:
    graph = deployed(tags={"project": "portal"})
    states = graph.one("dev-machine", "StateMachine").json("definition")["States"]
    assert states["Run"]["Arguments"]["Tags"] == {"project": "portal"}
    assert "batch:TagResource" in graph.one("dev-machine-policy").inputs["policy"]


def test_more_than_the_smaller_queue_can_run_is_refused() -> None:
    found = args(hosts=host_args(on_demand_max_vcpus=16)).largest()
    assert found == Resources(memory_mib=1_016_818, vcpus=16)


def test_many_stages_make_one_machine() -> None:
    stages = tuple(StageArgs(name=name, spot=SIZE, on_demand=SIZE) for name in ("One", "Two"))
    states = deployed(stages=stages).one("dev-machine", "StateMachine").json("definition")["States"]
    assert {"One", "Two", "ReadStagesMap"} <= set(states)


def names(graph: Recording) -> set[str]:
    """Every fixed name of a graph's resources in their account; that of an inline policy is its role's alone."""
    whole = [one for one in graph.resources if not one.type.endswith("iam/rolePolicy:RolePolicy")]
    return {str(one.inputs[key]) for one in whole for key in ("name", "alarmName") if key in one.inputs}


def test_two_environments_in_one_account_share_nothing() -> None:
    def program() -> None:
        Orchestrator("dev", args("dev"))
        Orchestrator("staging", args("staging"))

    both = record(program)
    assert names(both) == names(deployed("dev")) | names(deployed("staging"))
    assert not names(deployed("dev")) & names(deployed("staging"))
    for environment, other in (("dev", "staging"), ("staging", "dev")):
        definition = both.one(f"{environment}-machine", "StateMachine").inputs["definition"]
        policy = both.one(f"{environment}-machine-policy").inputs["policy"]
        assert f"-{other}-" not in definition
        assert f"-{other}-" not in policy


def test_every_resource_is_below_the_orchestrator(graph: Recording) -> None:
    [component] = graph.of("portal:orchestration:Orchestrator")
    urns = {one.urn: one.parent for one in graph.resources}

    def top(urn: str) -> str:
        return top(urns[urn]) if urns.get(urn) in urns else urn

    assert {top(one.urn) for one in graph.resources} == {component.urn}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"log_days": 31}, "Orchestrator 'dev': log_days: 31: CloudWatch Logs keeps for"),
        ({"job": job_args(log_days=2)}, "Orchestrator 'dev': job.log_days: 2: CloudWatch Logs keeps for 1, 3"),
        ({"job": job_args(image="")}, "Orchestrator 'dev': job.image: '': an image is written with its tag"),
        ({"hosts": host_args(scratch=1)}, "Orchestrator 'dev': hosts.scratch: 1: 30 to"),
        ({"notifications": StatusQueues(queues=("A",))}, "Orchestrator 'dev': notifications.queues[0]: 'A'"),
        ({"stages": ()}, "Orchestrator 'dev': stages"),
        ({"hosts": host_args(instance_types=("r5d.large",))}, "Orchestrator 'dev': stages.Run"),
        ({"hosts": host_args(overflow_max_vcpus=8)}, "Orchestrator 'dev': hosts.overflow_max_vcpus: 8: at least 16"),
    ],
)
def test_arguments_that_cannot_be_are_refused_before_anything_is_made(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(fault)}"):
        Orchestrator("dev", args(**given))


def test_the_definition_is_the_same_at_every_run(machine: Registered) -> None:
    again = deployed().one("dev-machine", "StateMachine")
    assert again.inputs["definition"] == machine.inputs["definition"]
    assert len(json.dumps(machine.json("definition"))) < 100_000

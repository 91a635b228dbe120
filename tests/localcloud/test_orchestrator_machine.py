"""The orchestrator's own state machine, executed: jobs that end in every way, and a role without each of its grants."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from components.access.statements import document
from components.orchestration import grants
from components.orchestration.contract import Resources, StageArgs
from components.orchestration.machine import StateMachineArgs
from components.orchestration.statemachine import definition

from . import batch_steps
from .batch_steps import World, time_scale, until
from .conftest import DEV, REGION, Cloud
from .states_steps import Machines

SIZE = Resources(memory_mib=1_000, vcpus=1)
OUTPUT = {"wf.file": "s3://elsewhere/x", "wf.list": ["dropped"], "wf.nothing": None}


@dataclass
class Orchestra:
    """Queues, a bucket, and machines that are made of a job's command."""

    cloud: Cloud
    world: World
    machines: Machines

    def __post_init__(self) -> None:
        self.spot, self.on_demand = self.world.queue(), self.world.queue()
        self.s3, self.sqs = self.cloud.client("s3"), self.cloud.client("sqs")
        self.bucket = self.cloud.name("workspace")
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.messages = self.sqs.create_queue(QueueName=self.cloud.name("messages"))["QueueUrl"]

    def args(self, *command: str, stages: tuple[str, ...] = ("Run",), **given: Any) -> StateMachineArgs:
        job = self.world.definition(*command)
        return StateMachineArgs(
            stages=tuple(StageArgs(name=name, spot=SIZE, on_demand=SIZE) for name in stages),
            spot_queue=self.spot,
            on_demand_queue=self.on_demand,
            job_definition=job.rpartition("/")[2].partition(":")[0],
            largest=Resources(memory_mib=4_000, vcpus=4),
            workspaces=(self.bucket,),
            message_queues=(self.messages,),
            **given,
        )

    def machine(self, args: StateMachineArgs, without: str = "") -> str:
        """A machine whose role holds exactly what its definition needs; ``without``: but for this action."""
        made = definition("test", args)
        needed = grants.statements(made, args, account=DEV, region=REGION, logged=False)
        held = [replace(one, actions=tuple(a for a in one.actions if a != without)) for one in needed]
        role = self.machines.role()
        self.machines.iam.put_role_policy(
            RoleName=role.rpartition("/")[2],
            PolicyName="derived",
            PolicyDocument=document("identity", tuple(one for one in held if one.actions)),
        )
        top = {key: made[key] for key in ("Comment", "TimeoutSeconds")}
        return self.machines.create(made["States"], start=made["StartAt"], role=role, top=top)

    def given(self, **more: Any) -> dict[str, Any]:
        folder = self.cloud.name("run")
        prefix = f"s3://{self.bucket}/{folder}"
        return {"OutputPrefix": prefix, "RUN_WDL_URI": "s3://wdl/flow-v1.2.wdl", "Input": {"Run": {"x": [1]}}} | more

    def written(self, given: dict[str, Any], name: str) -> Any:
        key = f"{given['OutputPrefix'].split('/', 3)[3]}/flow-1/{name}"
        return json.loads(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def write(self, given: dict[str, Any], name: str, content: Any) -> None:
        """What the job would leave."""
        key = f"{given['OutputPrefix'].split('/', 3)[3]}/flow-1/{name}"
        body = content if isinstance(content, str) else json.dumps(content)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def run(
        self, args: StateMachineArgs, given: dict[str, Any], output: Any = OUTPUT, without: str = ""
    ) -> dict[str, Any]:
        """The ended execution; ``output``: what the job left, None if it left nothing."""
        if output is not None:
            self.write(given, "run_output.json", output)
        with time_scale(0.002):
            return self.machines.run(self.machine(args, without), given)

    def run_and_tell(self, folder: Path, status: int, output: Any, earlier: Any = None) -> dict[str, Any]:
        """The ended execution whose job on spot leaves ``output`` (None: nothing) and then ends with ``status``.

        ``earlier``: what was there before. A job on demand ends well.
        """
        done, given = folder / "done", self.given()
        waits = f"[ $SFN_CURRENT_STATE = RunEC2 ] && exit 0; until [ -e {done} ]; do sleep 0.02; done; exit {status}"
        if earlier is not None:
            self.write(given, "run_output.json", earlier)
            time.sleep(1.1)  # S3's times are whole seconds
        with time_scale(0.002):
            execution = self.machines.start(self.machine(self.args("sh", "-c", waits)), given)
            until(lambda: "Run" in self.way({"executionArn": execution}))
            if output is not None:
                self.write(given, "run_output.json", output)
            done.touch()
            return self.machines.ended(execution)

    def way(self, ended: dict[str, Any]) -> list[str]:
        """The states that were entered."""
        events = self.machines.events(ended["executionArn"])
        return [one["stateEnteredEventDetails"]["name"] for one in events if one["type"].endswith("StateEntered")]

    def stages_told(self, ended: dict[str, Any]) -> list[str]:
        """The stages of an execution that messages told of; takes every message off the queue."""
        found: list[str] = []
        while got := self.sqs.receive_message(QueueUrl=self.messages, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                self.sqs.delete_message(QueueUrl=self.messages, ReceiptHandle=message["ReceiptHandle"])
                detail = json.loads(message["Body"])["detail"]
                found += [detail["lastCompletedStage"]] if detail["executionArn"] == ended["executionArn"] else []
        return found


@pytest.fixture(scope="module")
def orchestra(cloud: Cloud) -> Orchestra:
    return Orchestra(cloud, World(cloud), Machines(cloud))


@pytest.fixture(autouse=True)
def _plain() -> Iterator[None]:
    batch_steps.stand_ins()
    yield
    batch_steps.no_faults()


def test_a_run_takes_four_transitions_and_puts_out_its_results(orchestra: Orchestra) -> None:
    given = orchestra.given()
    ended = orchestra.run(orchestra.args("true"), given)
    assert ended["status"] == "SUCCEEDED", ended
    assert orchestra.way(ended) == ["PreprocessInput", "Run", "RunNotify", "RunReadOutput"]
    found = json.loads(ended["output"])
    folder = f"{given['OutputPrefix']}/flow-1"
    assert found == {
        **given,
        **{f"Run{market}{what}": size for market in ("SPOT", "EC2") for what, size in (("Memory", 1_000), ("Vcpu", 1))},
        "RUN_INPUT_URI": f"{folder}/run_input.json",
        "RUN_OUTPUT_URI": f"{folder}/run_output.json",
        "Result": {"wf.file": "s3://elsewhere/x", "wf.nothing": None},
        "BatchJobDetails": {"Run": {}},
    }
    assert orchestra.written(given, "run_input.json") == {"x": [1]}
    assert orchestra.stages_told(ended) == ["run"]


FALLS_BACK = [
    pytest.param({"kind": "reclaimed", "after_marker": "half"}, id="reclaimed"),
    pytest.param({"kind": "host_lost", "after_marker": "half"}, id="host lost without a word"),
]


@pytest.mark.parametrize("fault", FALLS_BACK)
def test_a_lost_machine_is_followed_by_one_on_demand(orchestra: Orchestra, fault: dict[str, Any]) -> None:
    batch_steps.faults.add(queue=orchestra.spot, **fault)
    args = orchestra.args("sh", "-c", "echo half; [ $SFN_CURRENT_STATE = RunEC2 ] || sleep 600")
    ended = orchestra.run(args, orchestra.given())
    assert ended["status"] == "SUCCEEDED", ended
    way = ["PreprocessInput", "Run", "RunDetectError", "Run", "RunNotify", "RunReadOutput"]
    assert orchestra.way(ended) == way
    submitted = [
        json.loads(one["taskScheduledEventDetails"]["parameters"])["JobQueue"]
        for one in orchestra.machines.events(ended["executionArn"])
        if one["type"] == "TaskScheduled" and one["taskScheduledEventDetails"]["resourceType"] == "batch"
    ]
    assert submitted == [orchestra.spot, orchestra.on_demand]
    assert orchestra.stages_told(ended) == ["run"]


OWN = {"error": "UncaughtError", "cause": "it is broken", "exit_status": 143}


@pytest.mark.parametrize(
    ("output", "earlier"),
    [
        pytest.param(None, None, id="nothing is there"),
        pytest.param(None, OWN, id="an earlier run's"),
        pytest.param(None, {"wf.out": 1}, id="an earlier run's output"),
        pytest.param({"error": "RunFailed", "cause": {"error": "Terminated"}}, None, id="it says that it was told to"),
    ],
)
def test_a_job_that_was_told_to_stop_is_followed_by_one_on_demand(
    orchestra: Orchestra, tmp_path: Path, output: Any, earlier: Any
) -> None:
    """After one state more than a lost machine, which looks for words of its own."""
    ended = orchestra.run_and_tell(tmp_path, 143, output, earlier)
    assert orchestra.way(ended)[:5] == ["PreprocessInput", "Run", "RunDetectError", "RunDetectInterruption", "Run"]
    assert orchestra.way(ended).count("Run") == 2
    assert orchestra.way(ended)[5:7] == ["RunNotify", "RunReadOutput"]


@pytest.mark.parametrize("earlier", [None, {"wf.out": 1}])
def test_a_task_that_ends_like_a_job_told_to_stop_ends_the_run(
    orchestra: Orchestra, tmp_path: Path, earlier: Any
) -> None:
    ended = orchestra.run_and_tell(tmp_path, 143, OWN, earlier)
    assert (ended["status"], ended["error"]) == ("FAILED", "UncaughtError")
    assert ended["cause"].startswith("it is broken (the program failed (States.TaskFailed; status: Essential")
    after = ["RunDetectInterruption", "RunNotifyFailure", "RunReadError", "HandleFailure"]
    assert orchestra.way(ended) == ["PreprocessInput", "Run", "RunDetectError", *after]


@pytest.mark.parametrize(
    ("output", "error"), [({"error": "NoTiltAxis", "cause": "x"}, "NoTiltAxis"), (None, "UncaughtError")]
)
def test_a_failed_program_ends_the_run_in_its_own_words_and_no_earlier_ones(
    orchestra: Orchestra, tmp_path: Path, output: Any, error: str
) -> None:
    ended = orchestra.run_and_tell(tmp_path, 1, output, {"error": "Earlier", "cause": "y"})
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert orchestra.way(ended).count("Run") == 1


def test_lack_of_capacity_is_followed_by_a_machine_on_demand(orchestra: Orchestra) -> None:
    reason = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    limit = {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
    waiting = orchestra.world.queue(limits=[limit])
    batch_steps.faults.add(queue=waiting, kind="no_capacity", times=-1)
    ended = orchestra.run(replace(orchestra.args("true"), spot_queue=waiting), orchestra.given())
    assert ended["status"] == "SUCCEEDED", ended
    assert orchestra.way(ended).count("Run") == 2


def test_a_job_that_runs_too_long_ends_the_run(orchestra: Orchestra) -> None:
    ended = orchestra.run(orchestra.args("sleep", "30", job_timeout_seconds=60), orchestra.given())
    assert (ended["status"], ended["error"]) == ("FAILED", "TimedOut")
    assert orchestra.way(ended).count("Run") == 1


def test_a_job_that_someone_ends_ends_the_run_with_their_words(orchestra: Orchestra) -> None:
    batch, given = orchestra.world.batch, orchestra.given()
    execution = orchestra.machines.start(orchestra.machine(orchestra.args("sleep", "30")), given)
    name = execution.rsplit(":", 1)[1]

    def running() -> str | None:
        jobs = batch.list_jobs(jobQueue=orchestra.spot, filters=[{"name": "JOB_NAME", "values": [name]}])
        found = [job["jobId"] for job in jobs["jobSummaryList"] if job["status"] == "RUNNING"]
        return found[0] if found else None

    batch.terminate_job(jobId=until(running), reason="wrong dataset, sorry")
    ended = orchestra.machines.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "Cancelled")
    assert "wrong dataset, sorry" in ended["cause"]


def test_a_machine_lost_on_demand_ends_the_run(orchestra: Orchestra) -> None:
    batch_steps.faults.add(queue="*", kind="reclaimed", after_marker="half", times=2)
    ended = orchestra.run(orchestra.args("sh", "-c", "echo half; sleep 5"), orchestra.given())
    assert (ended["status"], ended["error"]) == ("FAILED", "HostReclaimed")
    assert orchestra.way(ended).count("Run") == 2


def test_do_not_interrupt_goes_straight_to_on_demand(orchestra: Orchestra) -> None:
    ended = orchestra.run(orchestra.args("true"), orchestra.given(DoNotInterrupt=True))
    assert orchestra.way(ended) == ["PreprocessInput", "Run", "RunNotify", "RunReadOutput"]
    jobs = orchestra.world.batch.list_jobs(
        jobQueue=orchestra.on_demand, filters=[{"name": "JOB_NAME", "values": [ended["name"]]}]
    )
    assert len(jobs["jobSummaryList"]) == 1


ENDS = [
    pytest.param({"kind": "out_of_memory"}, None, "OutOfMemory", id="out of memory"),
    pytest.param({"kind": "image_pull"}, None, "ImagePullFailed", id="image pull"),
    pytest.param({"kind": "exit", "exit_code": 2}, None, "UncaughtError", id="exit 2"),
    pytest.param({"kind": "throttled", "times": -1}, None, "Throttled", id="throttled"),
    pytest.param({"kind": "service_error", "times": -1}, None, "ServiceError", id="service error"),
    pytest.param(None, None, "MissingOutput", id="no output"),
    pytest.param(None, "[]", "MissingOutput", id="no object"),
    pytest.param(None, "", "MissingOutput", id="empty"),
    pytest.param(None, {"k": "v" * 200_000}, "OutputTooLarge", id="too large"),
    pytest.param(None, {"k": [""] * 49_000}, "OutputTooLarge", id="too large as text in a result"),
]


@pytest.mark.parametrize(("fault", "output", "error"), ENDS)
def test_any_other_failure_ends_the_run_by_its_name_and_never_reaches_on_demand(
    orchestra: Orchestra, fault: dict[str, Any] | None, output: Any, error: str
) -> None:
    if fault:
        batch_steps.faults.add(queue=orchestra.spot, **fault)
    ended = orchestra.run(orchestra.args("true"), orchestra.given(), output)
    assert (ended["status"], ended.get("error")) == ("FAILED", error), ended
    assert orchestra.way(ended).count("Run") == 1
    assert orchestra.stages_told(ended) == ["run"]
    assert ended["cause"]


def test_a_passing_throttle_is_waited_for(orchestra: Orchestra) -> None:
    batch_steps.faults.add(queue=orchestra.spot, kind="throttled", times=3)
    ended = orchestra.run(orchestra.args("true"), orchestra.given())
    assert ended["status"] == "SUCCEEDED", ended
    assert orchestra.way(ended) == ["PreprocessInput", "Run", "RunNotify", "RunReadOutput"]


def test_bad_input_is_refused_by_the_first_state(orchestra: Orchestra) -> None:
    given = orchestra.given(OutputPrefix="https://x", RunSPOTMemory=4_001)
    with time_scale(0.002):
        ended = orchestra.machines.run(orchestra.machine(orchestra.args("true")), given)
    assert (ended["status"], ended["error"]) == ("FAILED", "BadInput")
    assert "OutputPrefix must be an s3:// URI" in ended["cause"]
    assert "RunSPOTMemory must be a whole number of MiB from 4 to 4000" in ended["cause"]
    assert orchestra.way(ended) == ["PreprocessInput", "RefuseInput"]


def test_two_stages_are_linked_by_the_map(orchestra: Orchestra) -> None:
    given = orchestra.given()
    place = given["OutputPrefix"]
    given = {
        "OutputPrefix": place,
        "ONE_WDL_URI": "s3://wdl/flow-v1.2.wdl",
        "TWO_WDL_URI": "s3://wdl/flow-v1.2.wdl",
        "STAGES_IO_MAP_JSON": f"{place}/flow-1/map.json",
        "Input": {"One": {"image": "a"}, "Two": {}},
    }
    orchestra.write(given, "map.json", {"Two": {"text": "out", "image": ["One", "image"]}})
    orchestra.write(given, "one_output.json", {"first.out": "s3://x/one"})
    orchestra.write(given, "two_output.json", {"second.out": "s3://x/two"})
    ended = orchestra.run(orchestra.args("true", stages=("One", "Two")), given, None)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["Result"] == {"first.out": "s3://x/one", "second.out": "s3://x/two"}
    assert orchestra.written(given, "two_input.json") == {"text": "s3://x/one", "image": "a"}
    assert orchestra.stages_told(ended) == ["one", "two"]


def test_an_input_from_nowhere_ends_the_run_by_name(orchestra: Orchestra) -> None:
    given = orchestra.given()
    given |= {"ONE_WDL_URI": given["RUN_WDL_URI"], "TWO_WDL_URI": given["RUN_WDL_URI"], "Input": {"One": {}, "Two": {}}}
    given["STAGES_IO_MAP_JSON"] = f"{given['OutputPrefix']}/flow-1/map.json"
    orchestra.write(given, "map.json", {"Two": {"text": "nowhere"}})
    orchestra.write(given, "one_output.json", {})
    ended = orchestra.run(orchestra.args("true", stages=("One", "Two")), given, None)
    assert (ended["status"], ended["error"]) == ("FAILED", "MissingInput")
    assert ended["cause"].endswith("these inputs of Two: text")


NEEDED = ["batch:SubmitJob", "batch:DescribeJobs", "s3:PutObject", "s3:GetObject", "sqs:SendMessage"]


@pytest.mark.parametrize("action", NEEDED)
def test_without_one_grant_the_run_fails_and_says_which(orchestra: Orchestra, action: str) -> None:
    ended = orchestra.run(orchestra.args("true"), orchestra.given(), without=action)
    assert (ended["status"], ended["error"]) == ("FAILED", "Misconfigured"), ended
    assert action in ended["cause"]


def test_without_the_grant_to_list_a_missing_output_says_so(orchestra: Orchestra) -> None:
    ended = orchestra.run(orchestra.args("true"), orchestra.given(), None, without="s3:ListBucket")
    assert (ended["status"], ended["error"]) == ("FAILED", "Misconfigured"), ended
    assert "Access Denied" in ended["cause"]
    assert ended["cause"].endswith(", in the state RunReadOutput")


def test_tags_reach_the_job_and_its_role_may_set_them(orchestra: Orchestra) -> None:
    ended = orchestra.run(orchestra.args("true", job_tags={"project": "portal"}), orchestra.given())
    assert ended["status"] == "SUCCEEDED", ended

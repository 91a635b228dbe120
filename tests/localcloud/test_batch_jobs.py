"""Jobs that run: their environment, output, credentials, limits, retries, end."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localcloud.server import images
from localcloud.server.pipeline import SERVER
from localcloud.server.sessions import RENEWED_BEFORE, Renewed
from portal.pulumi_cli import ROOT

from .batch_steps import IMAGE, World, policy, time_scale, until, until_there
from .conftest import DEV, REGION

TOOL, DIGEST = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/nothing/tool", f"sha256:{'0' * 64}"

pytestmark = pytest.mark.usefixtures("plain_batch")

EXITED = "Essential container in task exited"


def test_a_job_runs_its_command_and_its_output_is_in_the_log(world: World, queue: str) -> None:
    job = world.run(queue, "sh", "-c", "echo one; echo two >&2; pwd; ls -a")
    assert job["status"] == "SUCCEEDED", job
    assert (job["statusReason"], job["container"]["exitCode"]) == (EXITED, 0)
    assert world.lines(job)[:2] == ["one", "two"]
    assert job["container"]["logStreamName"].split("/")[1] == "default"
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]


def test_a_description_has_what_aws_gives(world: World, queue: str) -> None:
    job = world.run(queue, "true")
    assert set(job) == {
        "jobArn", "jobName", "jobId", "jobQueue", "status", "attempts", "statusReason", "createdAt", "retryStrategy",
        "startedAt", "stoppedAt", "dependsOn", "jobDefinition", "parameters", "container", "tags",
        "platformCapabilities", "isCancelled", "isTerminated",
    }  # fmt: skip
    assert set(job["container"]) == {
        "image", "command", "volumes", "environment", "mountPoints", "ulimits", "exitCode", "containerInstanceArn",
        "taskArn", "logStreamName", "networkInterfaces", "resourceRequirements", "secrets",
    }  # fmt: skip
    (attempt,) = job["attempts"]
    assert attempt["container"]["taskArn"] == job["container"]["taskArn"]
    assert attempt["statusReason"] == EXITED
    assert job["retryStrategy"] == {"attempts": 1, "evaluateOnExit": []}


def test_the_environment_is_that_of_batch_and_the_job_alone(
    world: World, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_OF_THE_OPERATOR", "x")
    role = world.role("ecs-tasks.amazonaws.com")
    definition = world.definition(
        "sh", "-c", "env", container={"jobRoleArn": role, "environment": [{"name": "A", "value": "1"}]}
    )
    overrides = {"environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}]}
    job = world.run(queue, definition=definition, containerOverrides=overrides)
    seen = dict(line.split("=", 1) for line in world.lines(job) if "=" in line)
    assert (seen["A"], seen["B"]) == ("3", "2")
    assert seen["AWS_BATCH_JOB_ID"] == job["jobId"]
    assert seen["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert seen["AWS_BATCH_JQ_NAME"] == queue.rpartition("/")[2]
    assert seen["AWS_BATCH_CE_NAME"].startswith("ce-")
    assert seen["AWS_EXECUTION_ENV"] == "AWS_ECS_EC2"
    assert "/_localcloud/credentials/" in seen["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    assert seen["AWS_ENDPOINT_URL"] == world.cloud.https_url
    assert "AWS_SECRET_OF_THE_OPERATOR" not in seen
    assert not [name for name in seen if name.startswith("AWS_ACCESS_KEY")]
    assert Path(seen["HOME"]).is_dir()


def test_a_job_acts_as_its_role_and_no_more(world: World, queue: str) -> None:
    bucket = world.cloud.name("job-data")
    world.cloud.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    role = world.role("ecs-tasks.amazonaws.com", policy("s3:PutObject", resource=f"arn:aws:s3:::{bucket}/*"))
    program = (
        "import boto3\n"
        "print(boto3.client('sts').get_caller_identity()['Arn'])\n"
        "s3 = boto3.client('s3')\n"
        f"s3.put_object(Bucket='{bucket}', Key='a', Body=b'x')\n"
        "try:\n"
        f"    s3.get_object(Bucket='{bucket}', Key='a')\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, 'AccessDenied' in str(error))\n"
    )
    more = {"jobRoleArn": role, "environment": [{"name": "AWS_DEFAULT_REGION", "value": REGION}]}
    job = world.run(queue, definition=world.definition(sys.executable, "-c", program, container=more))
    lines = world.lines(job)
    assert job["status"] == "SUCCEEDED", lines
    assert f"arn:aws:sts::{DEV}:assumed-role/{role.rpartition('/')[2]}/" in lines[0]
    assert lines[1:] == ["AccessDenied True"]


def test_a_host_gives_credentials_while_the_accounts_are_busy(world: World, queue: str, tmp_path: Path) -> None:
    """SDKs wait two seconds for them, and a hundred jobs that start at once keep the accounts busy for longer."""
    go, got = tmp_path / "go", tmp_path / "got"
    program = (
        "import os, pathlib, time, urllib.request as u\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.02)\n"
        "answer = u.urlopen(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI']).read()\n"
        f"pathlib.Path({str(got)!r}).write_bytes(answer)\n"
    )
    container = {"jobRoleArn": world.role("ecs-tasks.amazonaws.com")}
    job = world.submit(queue, definition=world.definition(sys.executable, "-c", program, container=container))
    world.until_status(job, "RUNNING")
    with SERVER.lock:
        go.touch()
        until(got.exists)
    assert world.ended(job)["status"] == "SUCCEEDED"


def test_a_host_renews_credentials_before_they_expire() -> None:
    left = iter([RENEWED_BEFORE / 2, RENEWED_BEFORE * 2])
    issued = iter("ab")
    role = Renewed(lambda: (next(issued), datetime.now(UTC) + next(left)))
    assert [role.get() for _ in range(3)] == ["a", "b", "b"]


def test_the_metadata_endpoint_names_the_task(world: World, queue: str) -> None:
    program = (
        "import json, os, urllib.request as u\n"
        "base = os.environ['ECS_CONTAINER_METADATA_URI_V4']\n"
        "print(json.load(u.urlopen(base))['Image'], json.load(u.urlopen(base + '/task'))['TaskARN'])\n"
    )
    job = world.run(queue, sys.executable, "-c", program)
    assert world.lines(job) == [f"{IMAGE} {job['container']['taskArn']}"]


def test_an_exit_code_fails_the_job(world: World, queue: str) -> None:
    job = world.run(queue, "sh", "-c", "exit 7")
    assert (job["status"], job["statusReason"], job["container"]["exitCode"]) == ("FAILED", EXITED, 7)
    assert "reason" not in job["container"]


@pytest.mark.parametrize(
    ("image", "command", "reason"),
    [
        ("docker.io/nobody/nothing:1", ["true"], "CannotPullContainerError: Error response from daemon: manifest for"),
        (IMAGE, ["no-such-program"], "CannotStartContainerError:"),
        (f"{TOOL}:1", ["1"], f"pull access denied for {TOOL}, "),
        (f"{TOOL}@{DIGEST}", ["1"], f"pull access denied for {TOOL}, "),
    ],
)
def test_what_does_not_start_says_why(world: World, queue: str, image: str, command: list[str], reason: str) -> None:
    job = world.run(queue, definition=world.definition(*command, container={"image": image}))
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert reason in job["container"]["reason"]
    assert "startedAt" not in job


def test_an_image_is_pulled_across_accounts_only_if_its_repository_lets_it(world: World) -> None:
    ecr = world.cloud.client("ecr")
    name = f"{world.cloud.name('repo')}/tool"
    ecr.create_repository(repositoryName=name)
    uri = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/{name}:main"
    other = World(world.cloud, "111122223333")
    actions = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "logs:*")
    execution = other.role("ecs-tasks.amazonaws.com", policy(*actions))
    definition = other.definition("print(1)", container={"image": uri, "executionRoleArn": execution})
    queue = other.queue()
    denied = other.run(queue, definition=definition)
    assert "ecr:BatchGetImage" in denied["container"]["reason"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ecr.set_repository_policy(repositoryName=name, policyText=document)
    job = other.run(queue, definition=definition)
    assert (job["status"], other.lines(job)) == ("SUCCEEDED", ["1"])


def test_logs_go_where_the_definition_says_if_the_group_is_there(world: World, queue: str) -> None:
    group = f"/test/{world.cloud.name('group')}"
    options = {"awslogs-group": group, "awslogs-stream-prefix": "mine"}
    container = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    definition = world.definition("echo", "hello", container=container)
    missing = world.run(queue, definition=definition)
    assert "The specified log group does not exist" in missing["container"]["reason"]
    world.logs.create_log_group(logGroupName=group)
    job = world.run(queue, definition=definition)
    assert job["container"]["logStreamName"].startswith("mine/default/")
    assert world.lines(job, group) == ["hello"]


def test_memory_above_the_limit_is_killed_with_all_children(world: World, queue: str) -> None:
    eater = "x = b'x' * (300 << 20); import time; time.sleep(30)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {eater!r}])"
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
    definition = world.definition(sys.executable, "-c", program, container={"resourceRequirements": sizes})
    job = world.run(queue, definition=definition)
    assert job["container"]["exitCode"] == 137
    assert job["container"]["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert job["statusReason"] == EXITED


def test_memory_of_an_override_is_the_limit(world: World, queue: str) -> None:
    program = "x = b'x' * (200 << 20); print(len(x))"
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
    definition = world.definition(sys.executable, "-c", program, container={"resourceRequirements": sizes})
    more = {"resourceRequirements": [{"type": "MEMORY", "value": "1024"}]}
    job = world.run(queue, definition=definition, containerOverrides=more)
    assert job["status"] == "SUCCEEDED"
    assert {"type": "MEMORY", "value": "1024"} in job["container"]["resourceRequirements"]


def test_an_attempt_that_takes_too_long_is_ended_and_not_retried(world: World, queue: str) -> None:
    program = "trap 'exit 4' TERM; echo up; while :; do sleep 0.01; done"
    definition = world.definition("sh", "-c", program, retryStrategy={"attempts": 3})
    with time_scale(0.01):
        job = world.run(queue, definition=definition, timeout={"attemptDurationSeconds": 60})
    assert (job["status"], job["statusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")
    assert (len(job["attempts"]), job["container"]["exitCode"]) == (1, 4)


def test_a_program_that_ignores_sigterm_is_killed_after_thirty_seconds(world: World, queue: str) -> None:
    job_id = world.submit(queue, "sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.01; done")
    job = world.until_status(job_id, "RUNNING")
    until(lambda: world.lines(job))
    with time_scale(0.01):
        world.batch.terminate_job(jobId=job_id, reason="enough of it")
        ended = world.ended(job_id)
    assert (ended["statusReason"], ended["container"]["exitCode"]) == ("enough of it", 137)
    assert (ended["isTerminated"], ended["isCancelled"]) == (True, False)


def test_nothing_of_a_job_outlives_it(world: World, queue: str, tmp_path: Path) -> None:
    here, go, mark = tmp_path / "here", tmp_path / "go", tmp_path / "mark"
    child = f"touch {here}; {until_there(go)}; touch {mark}"
    assert world.run(queue, "sh", "-c", f"setsid sh -c '{child}' & {until_there(here)}")["status"] == "SUCCEEDED"
    go.touch()
    time.sleep(0.5)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("conditions", "attempts"),
    [
        ([{"onExitCode": "3", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], 3),
        ([{"onExitCode": "4", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], 1),
        ([{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onExitCode": "*", "action": "EXIT"}], 1),
        ([{"onExitCode": "4", "action": "EXIT"}], 3),
        ([], 3),
    ],
)
def test_evaluate_on_exit_decides(world: World, queue: str, conditions: list[dict[str, str]], attempts: int) -> None:
    strategy = {"attempts": 3, "evaluateOnExit": conditions}
    job = world.run(queue, "sh", "-c", "echo $AWS_BATCH_JOB_ATTEMPT; exit 3", retryStrategy=strategy)
    assert len(job["attempts"]) == attempts
    assert world.lines(job) == [str(attempts)]


def test_a_parameter_takes_the_place_of_its_reference(world: World, queue: str) -> None:
    definition = world.definition("echo", "Ref::word", parameters={"word": "one"})
    job = world.run(queue, definition=definition, parameters={"word": "two"})
    assert (world.lines(job), job["container"]["command"]) == (["two"], ["echo", "two"])


def test_dependencies_are_waited_for_and_their_failure_is_told(world: World, queue: str) -> None:
    first = world.submit(queue, "sh", "-c", "sleep 1; exit 1")
    second = world.submit(queue, "true", dependsOn=[{"jobId": first}])
    world.until_status(second, "PENDING")
    job = world.ended(second)
    assert (job["statusReason"], job["attempts"]) == ("Dependent Job failed", [])
    third = world.submit(queue, "true", dependsOn=[{"jobId": world.submit(queue, "true")}])
    assert world.ended(third)["status"] == "SUCCEEDED"


def test_an_array_has_a_job_for_each_index(world: World, queue: str) -> None:
    parent = world.submit(queue, "sh", "-c", "exit $AWS_BATCH_JOB_ARRAY_INDEX", arrayProperties={"size": 2})
    job = world.ended(parent)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Array Child Job failed")
    assert job["arrayProperties"] == {"size": 2, "statusSummary": {"SUCCEEDED": 1, "FAILED": 1}}
    children = world.batch.list_jobs(arrayJobId=parent)["jobSummaryList"]
    assert children == []
    failed = world.batch.list_jobs(arrayJobId=parent, jobStatus="FAILED")["jobSummaryList"]
    assert [item["jobId"] for item in failed] == [f"{parent}:1"]


def test_bat_46_cancel_ends_what_waits_and_leaves_what_runs(world: World, tmp_path: Path) -> None:
    queue = world.queue(world.environment(maxvCpus=1))
    running = world.submit(queue, "sh", "-c", until_there(tmp_path / "go"))
    world.until_status(running, "RUNNING")
    waiting = world.submit(queue, "true")
    world.until_status(waiting, "RUNNABLE")
    world.batch.cancel_job(jobId=waiting, reason="not needed")
    world.batch.cancel_job(jobId=running, reason="not needed")
    (tmp_path / "go").touch()
    cancelled = world.job(waiting)
    assert (cancelled["status"], cancelled["statusReason"], cancelled["isCancelled"]) == ("FAILED", "not needed", True)
    assert world.ended(running)["status"] == "SUCCEEDED"


def test_lists_are_filtered_and_come_in_pages(world: World) -> None:
    queue = world.queue()
    names = [f"{prefix}-{number}" for prefix in ("a", "b") for number in range(3)]
    for job_id in [world.submit(queue, "true", jobName=name) for name in names]:
        world.ended(job_id)
    listed = world.batch.list_jobs(jobQueue=queue, jobStatus="SUCCEEDED", maxResults=4)
    rest = world.batch.list_jobs(jobQueue=queue, jobStatus="SUCCEEDED", nextToken=listed["nextToken"])
    assert [item["jobName"] for item in listed["jobSummaryList"] + rest["jobSummaryList"]] == names[::-1]
    filters = [{"name": "JOB_NAME", "values": ["a-*"]}]
    found = world.batch.list_jobs(jobQueue=queue, filters=filters)["jobSummaryList"]
    assert {item["jobName"] for item in found} == set(names[:3])
    assert found[0]["container"] == {"exitCode": 0}
    assert world.batch.list_jobs(jobQueue=queue)["jobSummaryList"] == []


def test_a_stand_in_has_an_entry_point_and_a_command_as_an_image_has() -> None:
    images.configure(images.stand_ins([{"image": "x:*", "entrypoint": ["run"], "command": ["all"]}], ROOT))
    found = images.stand_in("x:1")
    assert found is not None
    assert (found.argv([]), found.argv(["one"])) == (["run", "all"], ["run", "one"])
    assert images.stand_in("y:1") is None
    images.configure(images.stand_ins([{"image": "x:1", "entrypoint": ["run"]}], ROOT))
    assert images.stand_in(f"x:1@{DIGEST}") == images.stand_in("x:1")
    assert images.stand_in(f"x@{DIGEST}") is None
    with pytest.raises(ValueError, match="cmd is none of image, entrypoint, command, environment"):
        images.configure(images.stand_ins([{"image": "x", "cmd": []}], ROOT))

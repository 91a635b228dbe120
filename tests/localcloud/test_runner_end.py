"""How jobs end: a host taken away, memory exceeded, retries, and what tasks may leave behind; step messages."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from components.orchestration import failures
from localcloud.runner import exits, processes
from tests.localcloud.conftest import Cloud
from tests.localcloud.runner_jobs import EXECUTION, Jobs, wait_for, wait_gone
from tests.localcloud.runner_workflows import THREE_TASKS, one_task
from tests.localcloud.thread_signals import to_another_thread


@pytest.fixture
def jobs(cloud: Cloud, tmp_path: Path) -> Jobs:
    return Jobs(cloud, tmp_path)


def test_exit_statuses_are_those_that_failures_are_classified_by() -> None:
    """The orchestrator and the runner say the same."""
    agreed = failures.INTERRUPTED_EXIT, failures.OUT_OF_MEMORY_EXIT
    assert agreed == (exits.TERMINATED, exits.OUT_OF_MEMORY)
    assert not {exits.REFUSED, exits.RUN_FAILED} & {*agreed}


def waiting(after: str = "") -> str:
    """A task that says its process id, with a child that would go on alone, and waits."""
    return one_task(
        f"sleep 300 & echo $$ $! > ~{{mark}}; {after} wait",
        'File out = "out.txt"',
        "File out = work.out",
        inputs="String mark",
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_reclaim_ends_all_and_a_rerun_is_whole(jobs: Jobs, tmp_path: Path, number: signal.Signals) -> None:
    """A reclaim is told from a failure, leaves no process and no output document; the next attempt does it all."""
    mark = tmp_path / "mark"
    process = jobs.start(jobs.put("test.wdl", waiting()), {"mark": str(mark)})
    children = [int(text) for text in wait_for(mark, process).split()]
    process.send_signal(number)
    log, _ = process.communicate(timeout=60)
    assert process.returncode == (exits.TERMINATED if number == signal.SIGTERM else -signal.SIGKILL), log
    for child in children:
        wait_gone(child)
    assert jobs.objects() == ["run_input.json"]
    wdl = waiting().replace("wait", "kill %1; echo whole > out.txt")
    assert jobs.run(jobs.put("test.wdl", wdl), {"mark": str(mark)}) == 0
    assert jobs.text("out.txt") == "whole\n"


def test_a_reclaim_reaches_a_runner_whose_main_thread_was_not_woken(jobs: Jobs, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    process = jobs.start(jobs.put("test.wdl", waiting()), {"mark": str(mark)})
    wait_for(mark, process)
    to_another_thread(process.pid, signal.SIGTERM)
    log, _ = process.communicate(timeout=60)
    assert process.returncode == exits.TERMINATED, log


def test_task_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task is given some time to end by itself, so that the job ends within the time that a host has left."""
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.3)
    command = processes.Command(
        arguments=["/bin/sh", "-c", "trap '' TERM; touch ready; while true; do sleep 1; done"],
        directory=tmp_path,
        environment={},
        stdout=tmp_path / "stdout",
        stderr=tmp_path / "stderr",
    )
    assert processes.run(command, (tmp_path / "ready").exists, lambda: None).status == 128 + signal.SIGKILL


def test_task_with_the_status_of_a_reclaim_is_told_by_its_document(jobs: Jobs) -> None:
    """Its status is handed on, as by the image, and there is a document, as after no reclaim."""
    assert jobs.run(jobs.put("test.wdl", one_task("exit 143")), {"hello": jobs.put("in", "")}) == exits.TERMINATED
    assert jobs.output()["exit_status"] == exits.TERMINATED


def test_earlier_output_document_is_removed(jobs: Jobs, tmp_path: Path) -> None:
    """What an earlier attempt said can't be read as this one's."""
    jobs.put(f"{jobs.prefix}/run_output.json", '{"error": "Old"}')
    mark = tmp_path / "mark"
    process = jobs.start(jobs.put("test.wdl", waiting()), {"mark": str(mark)})
    wait_for(mark, process)
    assert jobs.objects() == ["run_input.json"]
    process.kill()
    process.communicate()


TOUCHED = "x = bytearray({} << 20); x[::4096] = b'1' * len(x[::4096])"
UNSEEN = f"""
import sys
from pathlib import Path
from localcloud.runner import processes
processes.LOOK_SECONDS = (5.0, 5.0)
command = [sys.executable, "-c", {TOUCHED.format(300)!r}]
files = {{"directory": Path(), "stdout": Path("out"), "stderr": Path("err")}}
made = processes.Command(arguments=command, environment={{}}, memory_limit=200 << 20, **files)
print(processes.run(made, lambda: False, lambda: None))
"""


def test_a_peak_that_nobody_saw_is_found_afterwards(tmp_path: Path) -> None:
    """Also where what started the runner was itself larger: the kernel's record goes on from one to the next."""
    starts = f"{TOUCHED.format(400)}; import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    command, root = [sys.executable, "-c", starts, UNSEEN], str(Path(__file__).parents[2])
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": root}, capture_output=True, text=True, check=True)
    assert done.stdout == "Ended(status=137, over_memory=True)\n", done.stderr


HUNGRY = (
    f"{sys.executable} -c 'x = bytearray(400 << 20); x[::4096] = b\"1\" * len(x[::4096]); import time; time.sleep(2)'"
)


@pytest.mark.parametrize(
    ("command", "limit", "status"),
    [
        pytest.param(HUNGRY, "256 MiB", exits.OUT_OF_MEMORY, id="more than its memory"),
        pytest.param(HUNGRY.replace("sleep(2)", "sleep(0)"), "256 MiB", exits.OUT_OF_MEMORY, id="a short peak"),
        pytest.param(HUNGRY.replace("sleep(2)", "sleep(0)"), "2 GiB", exits.SUCCESS, id="within its memory"),
        pytest.param("kill -KILL $$", "2 GiB", exits.OUT_OF_MEMORY, id="killed"),
    ],
)
def test_memory_binds_the_task(jobs: Jobs, command: str, limit: str, status: int) -> None:
    """A task ends with 137, in the job's status and in its document, when it takes more than the submit says."""
    ended = jobs.run(
        jobs.put("test.wdl", one_task(command)),
        {"hello": jobs.put("in", "")},
        MINIWDL__TASK_RUNTIME__DEFAULTS=json.dumps({"docker": "ubuntu", "memory": limit}),
        MINIWDL__TASK_RUNTIME__MEMORY_LIMIT_MULTIPLIER="1",
    )
    assert ended == status
    if status:
        assert jobs.output()["exit_status"] == status
        assert ("more than its memory of 256 MiB" in jobs.output()["cause"]) == (limit == "256 MiB")


def test_retry_starts_afresh(jobs: Jobs) -> None:
    """A retried task finds its input and nothing of the failed attempt."""
    wdl = one_task(
        "test -f ~{hello}; if [ ! -e $TMPDIR/once ]; then touch $TMPDIR/once rest; exit 1; fi; ls > $PWD/out.txt",
        'File out = "out.txt"\nFile said = stderr()',
        "File out = work.out",
        runtime="maxRetries: 1",
    )
    assert jobs.run(jobs.put("test.wdl", wdl), {"hello": jobs.put("in.txt", "")}) == 0
    assert jobs.text("out.txt") == "_miniwdl_inputs\nout.txt\n"


def test_clean_environment(jobs: Jobs) -> None:
    """A task sees how to reach AWS and what the job passes on, and nothing else of the job's environment."""
    wdl = one_task("env | cut -d= -f1 | sort > out.txt", 'File out = "out.txt"', "File out = work.out")
    given = {"SECRET": "x", "APP_SETTING": "y", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/role"}
    passed = "APP_SETTING ABSENT"
    keys = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
    wdl_uri = jobs.put("test.wdl", wdl)
    assert jobs.run(wdl_uri, {"hello": jobs.put("in", "")}, WDL_PASSTHRU_ENVVARS=f"{passed} {keys}", **given) == 0
    assert set(jobs.text("out.txt").split()) - {"PWD", "SHLVL", "_"} == {
        "PATH", "HOME", "TMPDIR", "LANG", "APP_SETTING", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_DEFAULT_REGION",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "PGSSLROOTCERT", *keys.split(),
    }  # fmt: skip


def test_step_messages(jobs: Jobs) -> None:
    """Each task's end is published with its outputs, once."""
    topic = jobs.cloud.client("sns").create_topic(Name=jobs.cloud.name("steps"))["TopicArn"]
    sqs = jobs.cloud.client("sqs")
    queue = sqs.create_queue(QueueName=jobs.cloud.name("steps"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    jobs.cloud.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    inputs = {"hello": jobs.put("input.txt", "hello\n")}
    assert jobs.run(jobs.put("test.wdl", THREE_TASKS), inputs, STEP_NOTIFICATION_TOPIC_ARN=topic) == 0
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
    assert {message["MessageAttributes"]["TaskName"]["StringValue"] for message in messages} == {
        "call-add_world", "call-add_goodbye", "call-add_farewell",
    }  # fmt: skip
    assert len(messages) == 3
    details = {
        key: uri for message in messages for key, uri in json.loads(json.loads(message["Body"])["detail"]).items()
    }
    assert details["out_world"] == jobs.uri("out_world.txt")
    assert all(message["MessageAttributes"]["ExecutionId"]["StringValue"] == EXECUTION for message in messages)


def test_step_message_that_cannot_be_sent(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    """A topic that isn't there costs a line in the log and not the run."""
    topic = "arn:aws:sns:us-west-2:908710317728:absent"
    inputs = {"hello": jobs.put("input.txt", "hello\n")}
    assert jobs.run(jobs.put("test.wdl", one_task("true")), inputs, STEP_NOTIFICATION_TOPIC_ARN=topic) == 0
    assert f"was not told to {topic}" in caplog.text

"""
What happens around each WDL task: its outputs go to S3 as soon as it ends, its status is kept, its end is told.

miniwdl calls a task plugin as a coroutine in three steps: inputs, command, outputs. A failure at any step is thrown
into it and goes on from there.
"""

import json
import logging
import uuid
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from WDL import Env, Tree, Value, values_to_json
from WDL.runtime import config

from localcloud.runner import failures
from localcloud.runner.run import Run, run_of

log = logging.getLogger(__name__)
Exchange = dict[str, Any]


def task(
    cfg: config.Loader, _logger: logging.Logger, run_id: list[str], _run_dir: str, task: Tree.Task, **received: Any
) -> Generator[Exchange, Exchange, None]:
    """The task plugin. It changes nothing of what passes through it."""
    run = run_of(cfg)
    if run is None or run_id[-1].startswith("download-"):
        for _ in range(2):
            received = yield received
        yield received
        return
    name = run_id[-1].removeprefix("call-")
    if run.status is not None:
        run.status.begin(name, description(task))
    try:
        received = yield received  # inputs
        received = yield received  # command
        upload(run, received["outputs"])
    except Exception as error:
        if run.status is not None and not failures.is_termination(error):
            text = str(failures.document(error).get("cause") or error)
            run.status.failed(name, text, by_user=failures.is_user_fault(error))
        raise
    if run.status is not None:
        run.status.uploaded(name)
    if run.job.topic_arn:
        tell(run, run_id, received["outputs"])
    yield received


def description(task: Tree.Task) -> str | None:
    """`description` of the task's meta section."""
    text = task.meta.get("description")
    return text if isinstance(text, str) else None


def upload(run: Run, outputs: Env.Bindings[Value.Base]) -> None:
    """Upload every file and directory among a task's outputs."""

    def one(value: Value.File | Value.Directory) -> str:
        run.uploads.add(Path(value.value))
        return value.value

    Value.rewrite_env_paths(outputs, one)


def tell(run: Run, run_id: list[str], outputs: Env.Bindings[Value.Base]) -> None:
    """Publish a task's end. A topic that can't be reached is said in the log: the task has done its work."""
    where = located(run, outputs)
    topic = run.job.topic_arn.split(":")
    message = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Step Notification",
        "source": "aws.batch",
        "account": topic[4],
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": topic[3],
        "resources": [run.job.execution_id] if run.job.execution_id else [],
        "detail": json.dumps(values_to_json(where)),
    }
    attributes = {
        "WorkflowName": run_id[0],
        "TaskName": run_id[-1],
        "ExecutionId": run.job.execution_id or "none",
    }
    try:
        run.session.client("sns", region_name=topic[3]).publish(
            TopicArn=run.job.topic_arn,
            Message=json.dumps(message),
            MessageAttributes={key: {"DataType": "String", "StringValue": text} for key, text in attributes.items()},
        )
    except (BotoCoreError, ClientError) as error:
        log.warning("the end of task %s was not told to %s: %s", run_id[-1], run.job.topic_arn, error)


def located(run: Run, values: Env.Bindings[Value.Base]) -> Env.Bindings[Value.Base]:
    """The same values with each file named by its URI, where it has one."""
    return Value.rewrite_env_paths(values, lambda value: run.uploads.uri(value.value) or value.value)

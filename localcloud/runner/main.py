"""
The runner from its first line to its exit status.

Order matters: everything a reader may follow (files, tags, status, cache) is in S3 before the output document is. If
SIGTERM comes, the tasks are ended, nothing more is written and the status is 143; a watchdog says so too if ending
takes longer than the host has left. An output document of an earlier attempt is removed first, so that no one can
read it as this attempt's.
"""

import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import boto3
import WDL
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError
from WDL import Env, Error, Tree, Type, Value, Zip
from WDL._util import (
    VERBOSE_LEVEL,
    TerminationSignalFlag,  # pyright: ignore[reportPrivateUsage] - the handlers that it sets
)
from WDL.runtime import cache, config, download
from WDL.runtime.workflow import run_local_workflow

from localcloud.runner import exits, failures
from localcloud.runner.job import Job, JobError, read_job
from localcloud.runner.run import Run, RunConfiguration
from localcloud.runner.status import StatusFile
from localcloud.runner.store import Store
from localcloud.runner.uploads import Uploads

CREDENTIALS_SECONDS = 2.0  # between tries, of which botocore makes three each
NO_CREDENTIALS = "non 200 response 4"  # the host's own answer, in botocore's words: it is not busy, it has none to give
LOOK_SECONDS = 0.2  # between two looks for signals
WATCHDOG_SECONDS = 12.0  # Docker kills 15 s after its SIGTERM when the machine shuts down, ECS after 30 s
log = logging.getLogger("runner")


def main() -> int:
    """Run the job that the environment describes, in the current directory."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    logging.getLogger("wdl").setLevel(VERBOSE_LEVEL)  # with what tasks write on stderr, as swipe's image has it
    stopping = threading.Event()
    try:
        job = read_job()
        with _signals(stopping):
            status = _awaited(Runner(job, Path.cwd(), stopping).run)
    except JobError as error:
        log.error("refused: %s", error)  # noqa: TRY400 - the text says it all
        status = exits.REFUSED
    return exits.TERMINATED if stopping.is_set() else status


def _awaited(work: Callable[[], int]) -> int:
    """What the work returns, in a thread of its own. Python handles signals in the main thread alone, and the kernel
    may give one to another thread: a main thread that waited for the work itself would then sleep on."""
    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(work)
        while not wait([future], LOOK_SECONDS).done:
            pass
        return future.result()


@contextlib.contextmanager
def _signals(stopping: threading.Event) -> Generator[None]:
    """Set `stopping` at SIGTERM, around miniwdl's own handling (it flags its tasks, and keeps no record of why)."""
    with TerminationSignalFlag(logging.getLogger("miniwdl")):
        flag = signal.getsignal(signal.SIGTERM)

        def handle(number: int, frame: Any) -> None:
            if not stopping.is_set():
                stopping.set()
                watchdog = threading.Timer(WATCHDOG_SECONDS, os._exit, [exits.TERMINATED])
                watchdog.daemon = True
                watchdog.start()
            if callable(flag):
                flag(number, frame)

        signal.signal(signal.SIGTERM, handle)
        yield


def session_with_credentials(stopping: threading.Event) -> boto3.Session:
    """A session that has the job's credentials.

    A host that does not answer is busy, as when it starts many jobs at once: it is waited for. The job's own time limit
    ends a job that waits in vain.

    Raises:
        JobError: the host answers that there are none, or `stopping` is set
    """
    while True:
        session = boto3.Session()
        try:
            session.get_credentials()
        except CredentialRetrievalError as error:
            if NO_CREDENTIALS in str(error):
                raise JobError(f"the host gives no credentials of the job's role: {error}") from error
            log.warning("no credentials yet: %s", error)
        else:
            return session
        if stopping.wait(CREDENTIALS_SECONDS):
            raise JobError("told to stop while it waited for the host's credentials")


class Runner:
    """One job in one directory."""

    def __init__(self, job: Job, directory: Path, stopping: threading.Event) -> None:
        if any(character.isspace() for character in str(directory)):
            raise JobError(f"miniwdl's run directory can't have blanks in its path: {directory}")
        session = session_with_credentials(stopping)
        self.store = Store(session, stopping)
        self.run_state = Run(
            job=job,
            directory=directory,
            session=session,
            store=self.store,
            uploads=Uploads(self.store, job.prefix),
            stopping=stopping,
        )

    def run(self) -> int:
        """Run the workflow and deliver its output document, or the document that says why not.

        Returns:
            the exit status; it counts only if `stopping` isn't set
        """
        job = self.run_state.job
        try:
            self._remove_earlier_output()
            outputs = self._workflow_outputs()
            if not self.run_state.stopping.is_set():
                self.store.write_json(outputs, job.output_uri)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be told before the process ends
            return self._fail(error)
        return exits.SUCCESS

    def _remove_earlier_output(self) -> None:
        uri = self.run_state.job.output_uri
        if self.store.exists(uri):
            self.store.delete(uri)

    def _workflow_outputs(self) -> dict[str, Any]:
        with contextlib.ExitStack() as cleanup:
            workflow = self._load(cleanup)
            configuration = RunConfiguration(self.run_state)
            inputs = self._inputs(workflow, configuration)
            if self.run_state.job.status_file:
                self.run_state.status = StatusFile(self.store, self.run_state.job.prefix, workflow.name)
            calls = cleanup.enter_context(cache.new(configuration, logging.getLogger("miniwdl")))
            directory = self.run_state.directory / "run"
            directory.mkdir()
            _, values = run_local_workflow(configuration, workflow, inputs, run_dir=f"{directory}/.", _cache=calls)
            return self._deliver(workflow, values)

    def _load(self, cleanup: contextlib.ExitStack) -> Tree.Workflow:
        uri = self.run_state.job.workflow_uri
        path = self.run_state.download_path(uri)
        try:
            self.store.download(uri, path)
        except FileNotFoundError as error:
            raise Error.InputError(f"the workflow is missing: {error}") from error
        if path.suffix == ".zip":
            path = Path(cleanup.enter_context(Zip.unpack(str(path))).main_wdl)
        document = WDL.load(str(path))
        if document.workflow is None:
            raise Error.InputError(f"{uri} has no workflow")
        literal_outputs_as_strings(document.workflow)
        return document.workflow

    def _inputs(self, workflow: Tree.Workflow, configuration: config.Loader) -> Env.Bindings[Value.Base]:
        uri = self.run_state.job.input_uri
        body = self.store.read(uri)
        if body is None:
            raise Error.InputError(f"there is no input document {uri}")
        given = json.loads(body)
        if not isinstance(given, dict):
            raise Error.InputError(f"{uri} must be a JSON object")
        inputs = WDL.values_from_json(given, workflow.available_inputs, workflow.required_inputs, workflow.name)

        def remote(value: Value.File | Value.Directory) -> str:
            if not download.able(configuration, value.value, isinstance(value, Value.Directory)):
                raise Error.InputError(f"an input file must be an s3:// or http(s):// URI: {value.value!r}")
            return value.value

        return Value.rewrite_env_paths(inputs, remote)

    def _deliver(self, workflow: Tree.Workflow, values: Env.Bindings[Value.Base]) -> dict[str, Any]:
        """Upload what no task made (written by the workflow itself), tag what isn't an output, and name the rest."""
        uris: list[str] = []

        def one(value: Value.File | Value.Directory) -> str:
            uris.append(self.run_state.uploads.uri(value.value) or self.run_state.uploads.add(Path(value.value)))
            return uris[-1]

        outputs = Value.rewrite_env_paths(values, one)
        self.run_state.uploads.mark_intermediates(uris)
        return WDL.values_to_json(outputs, namespace=workflow.name)

    def _fail(self, error: Exception) -> int:
        if self.run_state.stopping.is_set():
            log.warning("ended by SIGTERM; nothing more is written")
            return exits.TERMINATED
        document = failures.document(error)
        log.error("failed: %s", json.dumps(document), exc_info=not isinstance(error, Error.RuntimeError))
        try:
            self.store.write_json(document, self.run_state.job.output_uri)
        except (BotoCoreError, ClientError):
            log.exception("the failure was not delivered to %s", self.run_state.job.output_uri)
            return exits.REFUSED
        return failures.exit_status(error)


def literal_outputs_as_strings(workflow: Tree.Workflow) -> None:
    """Make workflow outputs like `File log = "output.txt"` strings.

    Most of the portal's workflows have one: a file named by a literal at workflow level, which belongs to no task.
    miniwdl up to 1.6, the version in swipe's image, gave the name back unchanged, and clients see that name; since 1.7
    it takes it for a file of the host and fails. As a string it is given back unchanged again.
    """
    for output in workflow.outputs or []:
        if isinstance(output.type, Type.File) and isinstance(output.expr, WDL.Expr.String) and output.expr.literal:
            output.type = Type.String(optional=output.type.optional)

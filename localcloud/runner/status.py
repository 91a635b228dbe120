"""
The status file: what each task of a workflow is doing, for those who watch a run.

`{workflow without its first word}_status2.json` beside the outputs: `swipe_test` gives `test_status2.json` (a workflow
of one word keeps its name). Task name to status (`running`, `uploaded`, `pipeline_errored`, `user_errored`), start
and end (seconds since 1970), error and description. A rerun reads it back first: the tasks that an earlier attempt
finished, and that the cache now answers for, keep their lines.
"""

import json
import threading
import time

from localcloud.runner.store import Store

Entry = dict[str, str | float | None]


class StatusFile:
    """The status file of one workflow; written to S3 at each change. May be used from many threads."""

    def __init__(self, store: Store, prefix: str, workflow: str) -> None:
        _, _, rest = workflow.partition("_")
        self.uri = f"{prefix}/{rest or workflow}_status2.json"
        self._store = store
        self._lock = threading.Lock()
        body = store.read(self.uri)
        self._tasks: dict[str, Entry] = json.loads(body) if body else {}

    def begin(self, task: str, description: str | None) -> None:
        self._write(task, status="running", start_time=time.time(), end_time=None, error=None, description=description)

    def uploaded(self, task: str) -> None:
        self._write(task, status="uploaded", end_time=time.time())

    def failed(self, task: str, error: str, *, by_user: bool) -> None:
        """`by_user`: the fault is in the run's input and not in the program."""
        self._write(task, status="user_errored" if by_user else "pipeline_errored", end_time=time.time(), error=error)

    def _write(self, task: str, **changes: str | float | None) -> None:
        with self._lock:
            self._tasks[task] = {**self._tasks.get(task, {}), **changes}
            self._store.write_json(self._tasks, self.uri)

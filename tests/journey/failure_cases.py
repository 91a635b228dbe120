"""Runs that fail, by a word each: what the client sends, what happens to the job, and how the run must end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tests.journey import workflows
from tests.journey.conftest import INGEST

NEVER: Final = 1_000_000.0
"""AWS seconds until a host kills what it asked to end: the program's own way to end is what counts here."""
TAKEN: Final[dict[str, dict[str, Any]]] = {
    "host": {"kind": "reclaimed"},
    "host-told-first": {"kind": "reclaimed", "signal": "SIGTERM", "grace_seconds": NEVER},
    "without-a-word": {"kind": "host_lost"},
    **{
        f"exit-{status}": {"kind": "reclaimed", "signal": "SIGTERM", "report": "program", "grace_seconds": NEVER}
        for status in (1, 2, 143)
    },
}
"""How a machine that is taken shows: by the host's reason, not at all, or as a program that ended with a status of its
own when it was told to."""
BODIES: Final = {
    "broken-v0.0.1.wdl": workflows.BROKEN,
    "happy-v0.0.1.wdl": workflows.HAPPY,
    "hungry-v0.0.1.wdl": workflows.HUNGRY,
    "limited-v0.0.1.wdl": workflows.LIMITED,
    "taken-v0.0.1.wdl": workflows.TAKEN,
    "talkative-v0.0.1.wdl": workflows.TALKATIVE,
}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """``error`` and a part of the ``cause`` are the execution's; ``jobs``: how many it had, all on spot."""

    error: str
    cause: str
    workflow: str = "broken-v0.0.1.wdl"
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    fault: dict[str, Any] = field(default_factory=dict[str, Any])
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    jobs: int = 1


_INGEST: Final = {
    "config_file": "../dataset_configs/10000.yaml",
    "input_bucket": "cryoetportal-rawdatasets-dev",
    "output_path": "cryoet-data-portal-staging",
    "flags": "--filter-run-name '^absent$'",
}
FAILURES: Final = {
    # The statuses that a machine that is taken may leave too, from a program that nobody told to end.
    **{
        f"broken-{status}": Failure(error="UncaughtError", cause="it is broken", inputs={"status": status})
        for status in (1, 2, 143)
    },
    "own-words": Failure(
        error="InvalidInputFileError",
        cause='no run in s3://cryoetportal-rawdatasets-dev/phantom/ matches ["^absent$"]',
        workflow=INGEST,
        inputs=_INGEST,
    ),
    "greedy": Failure(
        error="OutOfMemory",
        cause="the job needed more memory than it had asked for",
        workflow="hungry-v0.0.1.wdl",
        inputs={"mebibytes": 600},
        more={"RunSPOTMemory": 400, "RunEC2Memory": 400},
    ),
    "greedy-task": Failure(
        error="OutOfMemory",
        cause="exit code 137",
        workflow="limited-v0.0.1.wdl",
        inputs={"mebibytes": 300},
    ),
    "killed-by-batch": Failure(
        error="OutOfMemory",
        cause="reason: OutOfMemoryError: Container killed due to memory usage",
        fault={"kind": "out_of_memory"},
    ),
    "no-image": Failure(
        error="ImagePullFailed", cause="CannotPullContainerError", fault={"kind": "image_pull", "times": -1}
    ),
    "throttled": Failure(
        error="Throttled",
        cause="Too Many Requests (Service: AWSBatch; Status Code: 429;",
        fault={"kind": "throttled", "times": -1},
        jobs=0,
    ),
    "service": Failure(
        error="ServiceError", cause="Internal failure", fault={"kind": "service_error", "times": -1}, jobs=0
    ),
    "no-such-option": Failure(error="InputError", cause="unknown input/output: state", inputs={"state": 1}),
    "no-option": Failure(error="InputError", cause="missing required inputs/outputs: status"),
    "no-such-file": Failure(
        error="RunFailed",
        cause="unable to download s3://cryoet-swipe-wdl-staging/absent.txt",
        workflow="happy-v0.0.1.wdl",
        inputs={"hello": "s3://cryoet-swipe-wdl-staging/absent.txt"},
    ),
    "no-such-workflow": Failure(
        error="InputError",
        cause="the workflow is missing: there is no object s3://cryoet-swipe-wdl-staging/absent-v0.0.1.wdl",
        workflow="absent-v0.0.1.wdl",
    ),
    "no-output": Failure(
        error="MissingOutput", cause="there is no object s3://", fault={"kind": "exit", "exit_code": 0}
    ),
    "large-output": Failure(error="OutputTooLarge", cause=" bytes", workflow="talkative-v0.0.1.wdl"),
    "bad-place": Failure(
        error="BadInput",
        cause="OutputPrefix must be an s3:// URI",
        more={"OutputPrefix": "https://elsewhere/results"},
        jobs=0,
    ),
    "no-such-machine": Failure(
        error="BadInput",
        cause="RunEC2Memory must be a whole number of MiB",
        more={"RunEC2Memory": 10_000_000},
        jobs=0,
    ),
}
"""In staging's environment, none of whose jobs is ended for its time."""

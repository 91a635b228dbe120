"""
One run: what the plugins share, and miniwdl's configuration for it.

miniwdl hands its configuration to every plugin; `RunConfiguration` is that configuration with the run attached. A
plugin that meets any other configuration (miniwdl started by hand in the same virtual environment) does nothing.
"""

import json
import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from WDL.runtime import config

from localcloud.runner.job import Job
from localcloud.runner.status import StatusFile
from localcloud.runner.store import Store
from localcloud.runner.uploads import Uploads


@dataclass(kw_only=True)
class Run:
    """A job being run in `directory`. `stopping` is set as soon as the runner has to end."""

    job: Job
    directory: Path
    session: boto3.Session
    store: Store
    uploads: Uploads
    status: StatusFile | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    downloads: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def download_path(self, uri: str) -> Path:
        """A new place for the local copy of `uri`; files of one name don't meet there."""
        with self.lock:
            self.downloads += 1
            number = self.downloads
        return self.directory / "downloads" / str(number) / uri.rstrip("/").rpartition("/")[2]


class RunConfiguration(config.Loader):
    """miniwdl's configuration (`MINIWDL__*` variables, else its defaults) for one run.

    Overridden is what names a place of the container or a service that isn't here: everything is kept under the job's
    own directory, and tasks are processes.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(logging.getLogger("miniwdl"), filenames=[])
        self.run = run
        passed_on: dict[str, str | None] = dict.fromkeys(name for name in run.job.passed_on if name in os.environ)
        self.override(
            {
                "scheduler": {"container_backend": "process"},
                "task_runtime": {"env": json.dumps({**passed_on, **self.get_dict("task_runtime", "env")})},
                "call_cache": {
                    "dir": str(run.directory / "cache"),
                    "backend": "s3_progressive_upload_call_cache_backend",
                },
                "download_cache": {"put": False, "get": False, "dir": str(run.directory / "download_cache")},
            }
        )


def run_of(configuration: config.Loader) -> Run | None:
    return configuration.run if isinstance(configuration, RunConfiguration) else None

"""What a server leaves that was killed, or crashed: its jobs' processes, and what describes accounts that are gone.

A job's processes know their server by the address of its metadata in their environment; those that cleared their
environment are found by their session.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

METADATA_VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"
STATE, BATCHES = "state", "batches"
"""Of the local cloud's folder: the engine's state, and the record of submitted jobs."""
ROUNDS = 10
"""A process may start another one while it is ended."""
END_SECONDS = 2.0


def end_jobs(http_url: str) -> None:
    """SIGKILL to whatever runs of the jobs of the server that had that address."""
    for _ in range(ROUNDS):
        found = [*_processes(f"{http_url}/")]
        if not found:
            return
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=END_SECONDS)


def _processes(address: str) -> Iterator[psutil.Process]:
    known = [*psutil.process_iter()]
    sessions = {_session(process) for process in known if _metadata(process).startswith(address)}
    return (process for process in known if _session(process) in sessions - {None})


def _metadata(process: psutil.Process) -> str:
    with suppress(psutil.Error, OSError):
        return process.environ().get(METADATA_VARIABLE, "")
    return ""


def _session(process: psutil.Process) -> int | None:
    with suppress(OSError):
        return os.getsid(process.pid)
    return None


def forget_accounts(folder: Path) -> bool:
    """Removes what describes accounts of a server that is gone. Answers whether there was anything."""
    found = [path for name in (STATE, BATCHES) if (path := folder / name).is_dir() and any(path.iterdir())]
    for path in found:
        shutil.rmtree(path)
    return bool(found)

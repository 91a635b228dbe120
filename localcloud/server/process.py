"""Starts, finds and ends the server's process, and says what environment reaches it.

The process that is ended is the one that answers on the port of ``server.json`` and calls itself by that pid, or has
that folder on its command line; a pid alone might be somebody else's by now.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from localcloud.kubernetes.control_plane.installed import installed
from localcloud.server import leftovers
from localcloud.server.configuration import load
from localcloud.server.process_families import Family

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
ANSWER_SECONDS = 5.0
LOG_TAIL_LINES = 20
MODULE = "localcloud.server.daemon"


class ProcessError(Exception):
    """The server could not be started or ended. The text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that answers, as its ``server.json`` describes it."""

    pid: int
    https_url: str
    http_url: str
    ca_bundle: str
    accounts: list[str]
    region: str
    """Of commands that name none."""
    access_key_id: str
    secret_access_key: str
    scratch: str
    """The folder of what its jobs, pods and databases have on disk."""
    children_mark: str
    """In the environment of every process that it started for a job."""
    kubernetes: str
    """The folder with Kubernetes' own programs, if its clusters are of those; empty in light mode."""
    control_secret: str = field(repr=False)


def running(folder: Path) -> Running | None:
    """The server of that folder that answers, or None."""
    server = _described(folder)
    return server if server is not None and _answers(server) == server.pid else None


def _described(folder: Path) -> Running | None:
    """The server that was started last, whatever became of it."""
    try:
        described: Any = json.loads((folder / "server.json").read_text())
        return Running(**described)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _answers(server: Running) -> int | None:
    """The pid of what answers at the server's address."""
    try:
        return ask(server, "GET", "health").get("pid")
    except (OSError, ValueError):
        return None


def _command_line(server: Running) -> list[str]:
    """Of the process that has the server's pid now; empty if there is none."""
    try:
        return psutil.Process(server.pid).cmdline()
    except psutil.Error:
        return []


def _clear(server: Running) -> None:
    """Ends what is left of a server that is gone, and removes what that had on disk; unless its guard was killed as
    well, there is nothing."""
    Family(server.children_mark).end()
    shutil.rmtree(server.scratch, ignore_errors=True)


def ask(server: Running, method: str, route: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The control endpoint's answer to a JSON object, or to none. Raises OSError if there is none."""
    data = None if body is None else json.dumps(body).encode()
    url = f"{server.http_url}/_localcloud/{route}"
    headers = {"Authorization": f"Bearer {server.control_secret}"}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310  # http only
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=ANSWER_SECONDS) as response:
        return json.load(response)


def start(
    folder: Path,
    accounts: Sequence[str],
    *,
    configuration: Path | None = None,
    https_port: int = 0,
    http_port: int = 0,
    waiting: Callable[[float], None] = lambda _seconds: None,
    say: Callable[[str], None] = lambda _text: None,
) -> tuple[Running, bool]:
    """The server of that folder, and whether it was started now. ``waiting`` is told the seconds waited so far, ``say``
    what became of the accounts of a server before it. ``configuration``: a file, read when the server starts.

    Raises ProcessError: it died (with its log's end), did not answer in time, runs with other accounts or, where the
    environment asks for real mode, with other programs; ConfigurationError, and OSError if the file can't be read;
    ValueError where the environment asks for programs that are not there.
    """
    wanted = installed()
    if configuration is not None:
        load(configuration)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock(folder):
        server = running(folder)
        if server is not None:
            if set(server.accounts) != set(accounts):
                raise ProcessError(
                    f"a server with the accounts {', '.join(server.accounts)} runs already: stop it first"
                )
            if wanted is not None and server.kubernetes != str(wanted.folder):
                raise ProcessError(
                    "a server with other programs for its clusters runs already: `make down` ends it, then "
                    "`make up KUBERNETES=real` starts one with Kubernetes' own"
                )
            return server, False
        if (before := _described(folder)) is not None:
            if str(folder) in _command_line(before):
                raise ProcessError(f"the server's process {before.pid} does not answer: localcloud stop ends it")
            _clear(before)
        if leftovers.forget_accounts(folder):
            say(f"the accounts in {folder} ended with their server; their state was removed, the stacks begin anew")
        for name in ("pulumi", leftovers.STATE):
            (folder / name).mkdir(exist_ok=True)
        (folder / "server.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", MODULE, str(folder)]
        with (folder / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, str(https_port), str(http_port), str(configuration or ""), *accounts],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=_without_aws(os.environ),
            )
        return _wait(folder, process, waiting), True


def _without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without credentials and endpoints: the server is AWS, it is nobody's client."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def _wait(folder: Path, process: subprocess.Popen[bytes], waiting: Callable[[float], None]) -> Running:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < START_SECONDS:
        code = process.poll()
        if code is not None:
            raise ProcessError(f"the server ended with code {code}. {log_tail(folder)}")
        server = running(folder)
        if server is not None:
            return server
        waiting(passed)
        time.sleep(POLL_SECONDS)
    process.terminate()
    process.wait(STOP_SECONDS)
    raise ProcessError(f"the server did not answer within {START_SECONDS:.0f} s and was ended. {log_tail(folder)}")


def log_tail(folder: Path) -> str:
    """The end of the server's log, with where it is."""
    path = folder / "server.log"
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join([f"The end of {path}:", *lines[-LOG_TAIL_LINES:]])


def stop(folder: Path) -> bool:
    """Ends the server if it lives, what is left of its jobs, and removes the folder. Answers whether it lived.

    Raises ProcessError if it can't be ended; the folder is kept then.
    """
    if not folder.exists():
        return False
    with _lock(folder):
        server = _described(folder)
        lives = server is not None and (_answers(server) == server.pid or str(folder) in _command_line(server))
        if server is not None:
            if lives:
                _end(server)
            _clear(server)
        shutil.rmtree(folder)
    return lives


def _end(server: Running) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(server.pid)  # its identity: never another process that has the pid later
        try:
            ask(server, "POST", "stop")
        except (OSError, ValueError):
            process.terminate()
        if _gone(process):
            return
        process.kill()
        if not _gone(process):
            raise ProcessError(f"the server's process {server.pid} could not be ended")


def _gone(process: psutil.Process) -> bool:
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        return False
    return True


@contextmanager
def _lock(folder: Path) -> Generator[None]:
    """One start or stop at a time: a lock on the directory that holds the folder, so that no file is left behind."""
    descriptor = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

"""The record of a batch: what is to be started under which name, and what was.

One file of JSON lines a batch: a header, a line for each planned run with its name and input, a line for each started
one. A run is planned on disk before it is started, and its name and input never change; so whatever happens in between,
starting it again is the same call, which Step Functions answers with the execution that there is. A line that a killed
process left unfinished is removed: nothing was done on its account.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from portal.errors import PortalError

BATCH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FOLDER_VARIABLE: Final = "PORTAL_BATCHES"


def folder() -> Path:
    """PORTAL_BATCHES, or ``portal/batches`` in the user's folder for state."""
    given = os.environ.get(FOLDER_VARIABLE)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(given) if given else Path(state) / "portal" / "batches"


@dataclass(frozen=True, kw_only=True)
class Header:
    """A batch. ``identity``: a digest of all that its runs have in common."""

    batch: str
    identity: str
    environment: str
    machine: str
    unix: int


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A run; ``input`` is the text that is sent, to the letter."""

    target: str
    name: str
    input: str


def digest(identity: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(kw_only=True)
class Journal:
    """An open batch. Not for several threads."""

    header: Header
    file: IO[bytes] | None = field(default=None, repr=False)
    """None: nothing is recorded."""
    planned: dict[str, Planned] = field(default_factory=dict[str, Planned])
    """By target."""
    started: dict[str, str] = field(default_factory=dict[str, str])
    """ARNs by name."""

    def plan(self, runs: Iterable[Planned]) -> None:
        """Adds runs, and returns when they are on disk."""
        added = [*runs]
        self._write([{"planned": asdict(one)} for one in added])
        if self.file:
            os.fsync(self.file.fileno())
        self.planned |= {one.target: one for one in added}

    def start(self, name: str, arn: str) -> None:
        self._write([{"started": {"name": name, "arn": arn}}])
        self.started[name] = arn

    def _write(self, lines: Iterable[Mapping[str, Any]]) -> None:
        if self.file:
            self.file.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
            self.file.flush()


def read(file: Path) -> Journal | None:
    """A batch as it is on disk; None: not even its header is. Raises PortalError for a file that is no journal."""
    try:
        lines = file.read_bytes().split(b"\n")[:-1]
        if not lines:
            return None
        journal = Journal(header=Header(**json.loads(lines[0])["header"]))
        for line in lines[1:]:
            match json.loads(line):
                case {"planned": run}:
                    journal.planned[run["target"]] = Planned(**run)
                case {"started": run}:
                    journal.started[run["name"]] = run["arn"]
                case other:
                    raise ValueError(f"unknown line {other}")  # noqa: TRY301 - told as every other fault of the file
    except (ValueError, KeyError, TypeError) as error:
        raise PortalError(f"{file}: is no record of a batch: {error}") from error
    return journal


@contextmanager
def opened(
    where: Path,
    identity: Mapping[str, Any],
    environment: str,
    machine: str,
    *,
    batch: str | None = None,
    again: bool = False,
    clock: Callable[[], float] = time.time,
) -> Generator[Journal]:
    """The batch of that name, or the latest with that identity; a new one if there is none, or for ``again``.

    Raises PortalError if another process works on it, or if the name belongs to a batch of another identity.
    """
    if batch is not None and not BATCH.fullmatch(batch):
        raise PortalError(f"--batch: {batch!r}: must be letters, digits, dots, hyphens and _, 64 at most")
    where.mkdir(parents=True, exist_ok=True)
    mine = digest({**identity, "environment": environment, "machine": machine})
    with _folder_lock(where):
        known = {
            journal.header.batch: journal.header for file in sorted(where.glob("*.jsonl")) if (journal := read(file))
        }
        header = _header(known, batch, mine, again)
        if header is None:
            unix = _free_second(known, int(clock()))
            name = batch or f"{unix}-{mine}"
            header = Header(batch=name, identity=mine, environment=environment, machine=machine, unix=unix)
        file = _locked(where / f"{header.batch}.jsonl", header.batch)
    try:
        yield _continued(file, where / f"{header.batch}.jsonl", header)
    finally:
        file.close()


def _header(known: Mapping[str, Header], batch: str | None, identity: str, again: bool) -> Header | None:
    if batch is not None and batch in known:
        if known[batch].identity != identity:
            raise PortalError(f"--batch: {batch!r}: is another batch already, with other arguments")
        if again:
            raise PortalError(f"--again: the batch {batch!r} exists: choose another name for --batch")
        return known[batch]
    same = [header for header in known.values() if header.identity == identity]
    return max(same, key=lambda header: header.unix) if same and not again and batch is None else None


def _free_second(known: Mapping[str, Header], unix: int) -> int:
    """Names begin with it: two batches of the same second could have names in common."""
    taken = {header.unix for header in known.values()}
    while unix in taken:
        unix += 1
    return unix


@contextmanager
def _folder_lock(where: Path) -> Generator[None]:
    with (where / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _locked(path: Path, batch: str) -> IO[bytes]:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise PortalError(f"batch {batch}: another process is submitting it just now") from error
    return file


def _continued(file: IO[bytes], path: Path, header: Header) -> Journal:
    """Without the unfinished line at the end, if there is one."""
    whole = path.read_bytes()
    file.truncate(whole.rfind(b"\n") + 1)
    journal = read(path) or Journal(header=header)
    if not path.stat().st_size:
        file.write(json.dumps({"header": asdict(header)}).encode() + b"\n")
        file.flush()
    journal.file = file
    return journal

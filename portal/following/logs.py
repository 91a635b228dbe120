"""What the jobs of an execution print.

Rests on: GetLogEvents gives the same token again when there is nothing more in that direction; a stream exists from the
first line on; CloudWatch has what a job prints some seconds later; miniwdl, which runs the workflow, prints each line
of a task's standard error under the task's name with ``.stderr`` behind it, among its own.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from portal.errors import PortalError
from portal.following.runs import Follower

MOST_LINES: Final = 10_000
"""Of one call."""
FOLLOW_SECONDS: Final = 2.0
_BY_PROGRAM: Final = re.compile(r"\S+ \S+ wdl\.\S+\.stderr [A-Z]+ (?P<line>.*)")
_LOOKED_THROUGH: Final = 1_000
"""Of a log's last lines, for those of the program."""


def tail(follower: Follower, stream: str, lines: int) -> list[str]:
    """The last lines that a job's program printed, without the document that says why it failed; the last of the whole
    log if the program printed none. Raises PortalError."""
    if not lines:
        return []
    printed, _ = _read(follower, stream, limit=_LOOKED_THROUGH, startFromHead=False)
    matches = (_BY_PROGRAM.fullmatch(line) for line in printed)
    by_program = [match["line"] for match in matches if match and not _explains(match["line"])]
    return (by_program or printed)[-lines:]


def _explains(line: str) -> bool:
    """Whether a line is the document by which a program names its failure: it is the run's error already."""
    try:
        document = json.loads(line)
    except ValueError:
        return False
    return isinstance(document, dict) and "wdl_error_message" in document


def _read(follower: Follower, stream: str, **more: Any) -> tuple[list[str], str]:
    """Lines, and the token that goes on after them."""
    try:
        page = follower.logs.get_log_events(logGroupName=follower.log_group, logStreamName=stream, **more)
    except follower.logs.exceptions.ResourceNotFoundException:
        return [], ""
    except (ClientError, BotoCoreError) as error:
        raise PortalError(f"log stream {stream!r} of {follower.log_group}: {error}") from error
    return [event["message"] for event in page["events"]], page["nextForwardToken"]


class Reader:
    """Reads a stream from its begin, or from its last lines on."""

    def __init__(self, follower: Follower, stream: str, last: int | None) -> None:
        self._follower, self._stream, self._last = follower, stream, last
        self._token = ""

    def more(self) -> Iterator[str]:
        """What was printed since."""
        if not self._token and self._last is not None:
            lines, self._token = _read(self._follower, self._stream, limit=self._last, startFromHead=False)
            yield from lines
        while True:
            given = {"nextToken": self._token} if self._token else {}
            lines, token = _read(self._follower, self._stream, startFromHead=True, **given)
            yield from lines
            if token in ("", self._token):
                return
            self._token = token


def lines(
    follower: Follower,
    name: str,
    *,
    last: int | None = None,
    follow: bool = False,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[str]:
    """The log of an execution's latest job; with ``follow`` until the execution ends, later jobs of it too.

    Raises PortalError for a name that no execution has, and, without ``follow``, where there is no log.
    """
    reader, stream = None, ""
    while True:
        # Asked before reading: what was printed until then has been read when this says that it has ended.
        outcome, job = follower.outcome(name), follower.job(name)
        if job and job.stream and job.stream != stream:
            if reader:
                yield from reader.more()
            stream = job.stream
            reader = Reader(follower, stream, last)
        if reader:
            yield from reader.more()
        elif outcome.ended or not follow:
            why = f"{outcome.error}: {outcome.cause}" if outcome.error else (job.status if job else "no job yet")
            raise PortalError(f"{name!r}: there is no log: {outcome.status}, {why or 'its job is not known any more'}")
        if outcome.ended or not follow:
            return
        wait(FOLLOW_SECONDS)

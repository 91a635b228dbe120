"""What goes on beside a change: viewers who ask a site all the time, and a look at the machine's processes."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.journey.conftest import Cloud
from tests.journey.test_cdn import ask

PAUSE_SECONDS: Final = 0.1
"""Between two requests of a viewer, and between two looks at the processes."""
LEAST: Final = 10
"""Requests of a viewer while something changes: fewer would say nothing."""
COUNT: Final = "/graphql?query=%7BdatasetsCount%7D"


@contextmanager
def repeated(*actions: Callable[[], object]) -> Generator[None]:
    """Does each again and again, in threads of their own, until the end of the block."""
    ended = threading.Event()

    def repeat(action: Callable[[], object]) -> None:
        while not ended.wait(PAUSE_SECONDS):
            action()

    threads = [threading.Thread(target=repeat, args=(action,), daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@dataclass
class Viewers:
    """One asks a site's pages, one its API. Nothing that they ask is cached."""

    cloud: Cloud
    domain: str
    answered: int = 0
    """Requests so far, of which none failed."""
    rate: float = 0.0
    """Requests a second, while something changed last."""

    @contextmanager
    def asking(self, each: int = 1) -> Generator[None]:
        """Until the end of the block, after which every answer must have been a success. ``each``: so many ask pages,
        and so many the API."""
        started, answers = time.monotonic(), Counter[tuple[str, int | str]]()

        def viewer(of: str, path: Callable[[], str]) -> Callable[[], None]:
            def request() -> None:
                answers[of, self._status(path())] += 1

            return request

        both = (viewer("page", lambda: f"/?q={time.monotonic_ns()}"), viewer("API", lambda: COUNT))
        with repeated(*both * each):
            yield
        self.rate = answers.total() / (time.monotonic() - started)
        assert {status for _, status in answers} == {200}, answers
        assert min(answers["page", 200], answers["API", 200]) >= LEAST, answers
        self.answered += answers.total()

    def _status(self, path: str) -> int | str:
        """The answer's, or the error in its place."""
        try:
            return ask(self.cloud, self.domain, path)[0]
        except (OSError, http.client.HTTPException) as error:
            return repr(error)


def _command_lines() -> Iterator[str]:
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with suppress(OSError):  # it has ended
                yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


@dataclass
class Processes:
    """The machine's, as anybody sees them."""

    lines: set[str] = field(default_factory=set[str])
    """All command lines that were seen."""

    @contextmanager
    def watched(self) -> Generator[None]:
        with repeated(lambda: self.lines.update(_command_lines())):
            yield

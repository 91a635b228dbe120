"""An injected fault that awaits its moment in a job that runs: a time, a line of output, a file in its directory."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localcloud.server.timescale import SCALE

from .faults import Fault


@dataclass(kw_only=True)
class PendingFault:
    """``due`` is of the monotonic clock, once the job runs; ``seen``: what it awaits was there."""

    fault: Fault
    due: float | None = None
    seen: bool = False

    def begin(self) -> None:
        """The job runs: seconds are counted from here."""
        if not self.fault.awaits_writing:
            self.due = time.monotonic() + SCALE.real(self.fault.after_seconds or 0)

    def look_for_file(self, directory: Path) -> None:
        if self.fault.after_marker is not None and not self.seen:
            with suppress(OSError, ValueError, NotImplementedError):
                if next(directory.rglob(self.fault.after_marker), None) is not None:
                    self.seen = True

    def look_in(self, line: str) -> None:
        if self.fault.after_marker is not None:
            with suppress(re.error):  # a glob need not be an expression
                if re.search(self.fault.after_marker, line):
                    self.seen = True

    @property
    def strikes(self) -> bool:
        due = self.due is not None and time.monotonic() >= self.due
        return not self.fault.removed and (self.seen or due)

"""What an injected fault may wait for in a job that runs: a line of its output, or a file in its directory."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(kw_only=True)
class Marker:
    """``seen`` is true once the pattern was in the output, or a file of that name (a glob) in the directory."""

    pattern: str
    directory: Path
    seen: bool = False

    def look_for_file(self) -> None:
        if not self.seen:
            with suppress(OSError, ValueError, NotImplementedError):
                if next(self.directory.rglob(self.pattern), None) is not None:
                    self.seen = True

    def look_in(self, line: str) -> None:
        with suppress(re.error):  # a glob need not be an expression
            if re.search(self.pattern, line):
                self.seen = True

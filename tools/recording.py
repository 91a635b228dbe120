"""Runs a command and draws what it printed, with its timing, as an animated SVG: ``recording.py FILE.svg COMMAND...``.

The picture shows the last ``ROWS`` lines, as a terminal would. Waits of more than ``LONGEST_WAIT`` seconds are cut to
that; the clock in the title bar shows real time. This folder is shown as ``~/portal``, the user's own as ``~``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

ROWS, COLUMNS = 24, 110
LINE, CHARACTER, LEFT, TOP = 17, 7.3, 12, 44
LONGEST_WAIT: Final = 1.2
HOLD_SECONDS: Final = 6
"""How long the end stands before the picture begins again."""


@dataclass(frozen=True)
class Line:
    """Something printed, ``at`` seconds after the start."""

    at: float
    text: str


def run(command: Sequence[str]) -> list[Line]:
    """Every line with its time; shown here as well. Ends this process if the command fails."""
    begun, lines = time.monotonic(), list[Line]()
    env = {**os.environ, "COLUMNS": str(COLUMNS)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for text in process.stdout:
            line = text.rstrip("\n").replace(str(Path.cwd()), "~/portal").replace(str(Path.home()), "~")
            lines.append(Line(time.monotonic() - begun, line))
            print(text, end="", flush=True)
    if process.returncode:
        sys.exit(process.returncode)
    return lines


def shown(lines: Sequence[Line], prompt: str) -> list[tuple[float, Line]]:
    """The lines with the time at which the picture shows them, long waits cut, behind the command itself."""
    clock, before, found = 0.8, 0.0, [(0.0, Line(0.0, f"$ {prompt}"))]
    for line in lines:
        clock += min(line.at - before, LONGEST_WAIT)
        before = line.at
        found.append((clock, line))
    return found


def picture(frames: Sequence[tuple[float, Line]], title: str) -> str:
    """The SVG: each line appears at its time, and the lines move up as they would on a terminal."""
    total = frames[-1][0] + HOLD_SECONDS
    width, height = LEFT * 2 + COLUMNS * CHARACTER, TOP + ROWS * LINE + 8
    rules, texts, moves, clocks = list[str](), list[str](), ["0%{transform:translateY(0)}"], list[str]()
    for row, (at, line) in enumerate(frames):
        begin = 100 * at / total
        rules.append(f"@keyframes l{row}{{0%{{opacity:0}}{begin:.2f}%{{opacity:1}}100%{{opacity:1}}}}")
        texts.append(
            f'<text x="{LEFT}" y="{TOP + (row + 1) * LINE - 5}"{_weight(line.text)} '
            f'style="animation:l{row} {total:.1f}s step-end infinite">{escape(line.text[:COLUMNS])}</text>'
        )
        if row >= ROWS:
            moves.append(f"{begin:.2f}%{{transform:translateY({(ROWS - 1 - row) * LINE}px)}}")
    second = -1
    for row, (at, line) in enumerate(frames):
        if int(line.at) > second:
            second, begin = int(line.at), 100 * at / total
            later = next((other for other, one in frames[row:] if int(one.at) > second), total)
            end = min(100 * later / total, 100)
            rules.append(f"@keyframes c{row}{{0%{{opacity:0}}{begin:.2f}%{{opacity:1}}{end:.2f}%{{opacity:0}}}}")
            clocks.append(
                f'<text x="{width - LEFT:.0f}" y="20" text-anchor="end" class="bar" '
                f'style="opacity:0;animation:c{row} {total:.1f}s step-end infinite">{_clock(second)}</text>'
            )
    moves.append(f"100%{{transform:translateY({min(0, ROWS - len(frames)) * LINE}px)}}")
    rules.append(f"@keyframes up{{{''.join(moves)}}}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-family="monospace" '
        f'font-size="12" fill="#c0caf5"><title>{escape(title)}</title><style>text{{white-space:pre}}'
        f".bar{{fill:#737aa2}}{''.join(rules)}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="#1a1b26"/>'
        f'<text x="{LEFT}" y="20" class="bar">{escape(title)}</text>'
        f'{"".join(clocks)}<svg y="{TOP - 8}" x="0" width="{width:.0f}" height="{ROWS * LINE + 8}" '
        f'viewBox="0 {TOP - 8} {width:.0f} {ROWS * LINE + 8}">'
        f'<g style="animation:up {total:.1f}s step-end infinite">{"".join(texts)}</g></svg></svg>\n'
    )


def _weight(text: str) -> str:
    """What begins a step stands out, as it does on a terminal."""
    return ' font-weight="bold" fill="#ffffff"' if text.startswith(("== ", "$ ")) else ""


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def main() -> None:
    target, *command = sys.argv[1:]
    lines, typed = run(command), " ".join(command)
    Path(target).write_text(picture(shown(lines, typed), f"{typed}, in {_clock(int(lines[-1].at))}"))


if __name__ == "__main__":
    main()

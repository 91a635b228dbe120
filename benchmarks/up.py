"""`make up`: warm, again with nothing to change, and with `--fresh` in a clean clone with an empty home.

`make bench` runs this; or, after `make setup`: `.venv/bin/python -m benchmarks.up [--runs N] [--fresh]`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import HEADER, held, machine, row, seconds
from portal.pulumi_cli import ROOT

WARM_SECONDS, AGAIN_SECONDS = 90.0, 20.0
"""The most that is allowed on two processors with nothing beside it."""


def up_and_again(project: Path, env: Mapping[str, str]) -> tuple[float, float]:
    """Brings everything up and once more; ends it. Raises SystemExit with the output if that fails."""
    try:
        return seconds(["make", "up"], project, env), seconds(["make", "up"], project, env)
    finally:
        seconds(["make", "down"], project, env)


def warm() -> tuple[float, float]:
    """In this checkout, with accounts of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        return up_and_again(ROOT, {**os.environ, "LOCALCLOUD_FOLDER": str(Path(scratch) / "local")})


def fresh() -> float:
    """In a clean clone, with a home in which no engine and no package is cached."""
    with tempfile.TemporaryDirectory() as scratch:
        clone, home = Path(scratch) / "clone", Path(scratch) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        path = (one for one in os.environ["PATH"].split(os.pathsep) if not Path(one).is_relative_to(ROOT))
        return up_and_again(clone, {"HOME": str(home), "PATH": os.pathsep.join(path)})[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--fresh", action="store_true", help="once in a clean clone too: some minutes more")
    options = parser.parse_args()
    print(f"`make up`, {options.runs} runs, each in accounts of its own. {machine()}\n{HEADER}")
    if options.fresh:
        print(row("fresh", [fresh()]))
    taken = [warm() for _ in range(options.runs)]
    rows: list[tuple[str, bool]] = []
    for name, limit, at in (("warm", WARM_SECONDS, 0), ("again", AGAIN_SECONDS, 1)):
        print(row(name, [one[at] for one in taken]))
        rows.append(held(f"{name}, median", statistics.median(one[at] for one in taken), limit))
    print("\n".join(text for text, _ in rows))
    raise SystemExit(0 if all(within for _, within in rows) else 1)


if __name__ == "__main__":
    main()

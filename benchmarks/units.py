"""The whole unit suite, as `make check` and, with 2,000 changed stack files, `make test` run it; and in one process.

`make bench` runs this; or, after `make setup`: `.venv/bin/python -m benchmarks.units [--runs N]`.
"""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks.measure import HEADER, machine, row, seconds
from portal.pulumi_cli import ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print(f"The unit suite, {runs} runs. {machine()}\n{HEADER}")
    both = ["-n", "2", "--dist", "worksteal"]
    for name, options in (
        ("one process", []),
        ("make check", both),
        ("make test", [*both, "--mutations", "2000"]),
    ):
        command = [sys.executable, "-m", "pytest", "-q", *options, "tests/unit"]
        print(row(name, [seconds(command, ROOT, os.environ) for _ in range(runs)]), flush=True)


if __name__ == "__main__":
    main()

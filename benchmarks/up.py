"""`up` of all three stacks from empty, and again with nothing to change.

`make bench` runs this; or, after `make setup`: `.venv/bin/python -m benchmarks.up [--runs N]`.
"""

from __future__ import annotations

import argparse

from benchmarks.cloud import local_cloud
from benchmarks.measure import HEADER, machine, row, seconds
from portal.pulumi_cli import ROOT

UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs", "--stack")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    empty: list[float] = []
    unchanged: list[float] = []
    print(f"`up` of the three stacks, {runs} runs, each in accounts of its own. {machine()}\n{HEADER}")
    for _ in range(runs):
        with local_cloud() as (portal, env):
            empty.append(sum(seconds([*UP, stack], ROOT, env) for stack in portal.stacks))
            unchanged.append(sum(seconds([*UP, stack, "--expect-no-changes"], ROOT, env) for stack in portal.stacks))
    print(row("from empty", empty))
    print(row("unchanged", unchanged))


if __name__ == "__main__":
    main()

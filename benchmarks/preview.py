"""The preview of each stack, against a floor: a plain program with as many resources, each the simplest of its package.

Both run through the same engine and plugins, interleaved, against empty accounts. A stack with a cluster has a floor
with a cluster: the same component, as many providers and as many objects, so that the same plugins start. Until
2026-11-28 the floor had AWS's resources alone, whatever the stack had; that one (`aws alone`) is still measured and its
ratio printed, since it is what a cluster costs. The floor once more with this program's own switches (`lean`: no debug
messages of the SDK's, no garbage collected) says what those are worth; and the floor of AWS's resources is held against
the bare engine. Bytecode is kept, as Python does unless it is told not to. `make bench` runs this; or, after
`make setup`: `.venv/bin/python -m benchmarks.preview [--runs N]`. It fails if a limit is exceeded.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.cloud import local_cloud
from benchmarks.measure import HEADER, figure, held, interleaved, machine, pairwise, row, seconds
from portal.pulumi_cli import ROOT

LIMIT = 1.25
"""A stack's preview may take so many times its floor."""
ENGINE_LIMIT = 1.5
"""The floor may take so many times the bare engine."""
ENGINE = ((1, 0.92), (100, 1.22), (300, 2.15))
"""Seconds of a preview by resources, with a provider that does nothing: 2 idle processors, engine 3.259, 2026-11-24.
Beyond the last, each resource is taken to cost what it did before."""
Taken = dict[str, list[float]]
PREVIEW = ("pulumi", "preview", "--non-interactive", "--suppress-outputs", "--stack")


@dataclass(frozen=True)
class Size:
    """How many resources a preview would create."""

    aws: int
    objects: int
    """In the cluster."""


def size(folder: Path, env: Mapping[str, str], stack: str) -> Size:
    command = [*PREVIEW, stack, "--json"]
    printed = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout
    types = [step["urn"].split("::")[2].rpartition("$")[2] for step in json.loads(printed)["steps"]]
    packages = Counter(one.partition(":")[0] for one in types)
    return Size(packages["aws"], packages["kubernetes"])


def engine_seconds(count: int) -> float:
    """The bare engine's time for so many resources, on the line through the two measured points beside them."""
    pairs = [*itertools.pairwise(ENGINE)]
    (few, low), (many, high) = next((pair for pair in pairs if count <= pair[1][0]), pairs[-1])
    return low + (high - low) * (count - few) / (many - few)


def floor_project(folder: Path) -> Path:
    shutil.copytree(ROOT / "benchmarks" / "floor", folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def measured(stack: str, account: str, floor: Path, env: Mapping[str, str], runs: int) -> tuple[Size, Taken]:
    """The stack's size, and the seconds of each of its programs."""
    env = {**env, "PORTAL_AWS_PROFILE": stack}
    stack_size = size(ROOT, env, stack)
    alone = {**env, "COUNT": str(stack_size.aws), "ACCOUNT": account}
    alike = {**alone, "OBJECTS": str(stack_size.objects)}
    assert size(floor, alike, stack) == stack_size  # noqa: S101 - else the floor is that of another stack
    command = [*PREVIEW, stack]
    programs = {
        "preview": partial(seconds, command, ROOT, env),
        "floor": partial(seconds, command, floor, alike),
        "lean floor": partial(seconds, command, floor, {**alike, "LEAN": "1"}),
    }
    if stack_size.objects:
        programs["aws alone"] = partial(seconds, command, floor, alone)
    return stack_size, interleaved(runs, **programs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    kept: list[bool] = []
    with tempfile.TemporaryDirectory() as scratch, local_cloud() as (portal, inherited):
        env = {name: value for name, value in inherited.items() if name != "PYTHONDONTWRITEBYTECODE"}
        floor = floor_project(Path(scratch) / "floor")
        print(f"Preview from empty, {runs} runs each, interleaved. {machine()}\n{HEADER}")
        for stack, settings in portal.stacks.items():
            seconds(["pulumi", "stack", "init", stack, "--no-select"], floor, env)
            stack_size, taken = measured(stack, settings.account.id, floor, env, runs)
            print(f"{stack}: {stack_size.aws} resources of AWS, {stack_size.objects} objects in its cluster")
            for name, times in taken.items():
                print(row(f"{stack}: {name}", times))
            alone = taken.get("aws alone", taken["floor"])
            limits = (
                held(f"{stack}: preview / floor", pairwise(taken["preview"], taken["floor"]), LIMIT),
                held(
                    f"{stack}: aws alone / bare engine",
                    statistics.median(alone) / engine_seconds(stack_size.aws),
                    ENGINE_LIMIT,
                ),
            )
            for said, within in limits:
                print(said)
                kept.append(within)
            print(figure(f"{stack}: preview / lean floor", pairwise(taken["preview"], taken["lean floor"])))
            print(figure(f"{stack}: preview / aws alone", pairwise(taken["preview"], alone)), flush=True)
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()

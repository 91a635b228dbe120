"""The preview of each stack, against a floor: a program that registers as many of the simplest resource.

Both run through the same engine and provider, interleaved, against empty accounts. The floor once more with this
program's own switches (`lean`: no debug messages of the SDK's, no garbage collected) says what those are worth; and the
floor itself is held against the bare engine. `make bench` runs this; or, after `make setup`:
`.venv/bin/python -m benchmarks.preview [--runs N]`. It fails if a limit is exceeded.
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
"""Seconds of a preview by resources, with a provider that does nothing: 2 idle processors, engine 3.259, 2026-11-24."""
PREVIEW = ("pulumi", "preview", "--non-interactive", "--suppress-outputs", "--stack")


def resources(folder: Path, env: dict[str, str], stack: str) -> int:
    """How many resources of the provider a preview of the stack would create."""
    command = [*PREVIEW, stack, "--json"]
    printed = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout
    return sum("$aws:" in step["urn"] or "::aws:" in step["urn"] for step in json.loads(printed)["steps"])


def engine_seconds(count: int) -> float:
    """The bare engine's time for so many resources, between the measured points."""
    for (few, low), (many, high) in itertools.pairwise(ENGINE):
        if count <= many:
            return low + (high - low) * (count - few) / (many - few)
    raise SystemExit(f"{count} resources: the bare engine was measured up to {ENGINE[-1][0]}")


def floor_project(folder: Path) -> Path:
    shutil.copytree(ROOT / "benchmarks" / "floor", folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    kept: list[bool] = []
    with tempfile.TemporaryDirectory() as scratch, local_cloud() as (portal, env):
        floor = floor_project(Path(scratch) / "floor")
        print(f"Preview from empty, {runs} runs each, interleaved. {machine()}\n{HEADER}")
        for stack, settings in portal.stacks.items():
            seconds(["pulumi", "stack", "init", stack, "--no-select"], floor, env)
            count = resources(ROOT, env, stack)
            low = env | {"COUNT": str(count), "ACCOUNT": settings.account.id}
            taken = interleaved(
                runs,
                preview=partial(seconds, [*PREVIEW, stack], ROOT, env),
                floor=partial(seconds, [*PREVIEW, stack], floor, low),
                lean=partial(seconds, [*PREVIEW, stack], floor, low | {"LEAN": "1"}),
            )
            print(row(f"{stack}: {count} resources", taken["preview"]))
            print(row(f"{stack}: floor", taken["floor"]))
            print(row(f"{stack}: lean floor", taken["lean"]))
            preview, low_ones, lean = (taken[name] for name in ("preview", "floor", "lean"))
            for said, within in (
                held(f"{stack}: preview / floor", pairwise(preview, low_ones), LIMIT),
                held(
                    f"{stack}: floor / bare engine", statistics.median(low_ones) / engine_seconds(count), ENGINE_LIMIT
                ),
            ):
                print(said)
                kept.append(within)
            print(figure(f"{stack}: preview / lean floor", pairwise(preview, lean)), flush=True)
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()

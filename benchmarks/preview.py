"""The preview of each stack, against a floor: a program that registers as many of the simplest resource.

Both run through the same engine and provider, interleaved, against empty accounts. `make bench` runs this; or, after
`make setup`: `.venv/bin/python -m benchmarks.preview [--runs N]`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.cloud import local_cloud
from benchmarks.measure import HEADER, interleaved, machine, ratio, row, seconds
from portal.pulumi_cli import ROOT

LIMIT = 1.25
"""A stack's preview may take so many times its floor."""
PREVIEW = ("pulumi", "preview", "--non-interactive", "--suppress-outputs", "--stack")


def resources(folder: Path, env: dict[str, str], stack: str) -> int:
    """How many resources of the provider a preview of the stack would create."""
    command = [*PREVIEW, stack, "--json"]
    printed = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout
    return sum("$aws:" in step["urn"] or "::aws:" in step["urn"] for step in json.loads(printed)["steps"])


def floor_project(folder: Path) -> Path:
    shutil.copytree(ROOT / "benchmarks" / "floor", folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as scratch, local_cloud() as (portal, env):
        floor = floor_project(Path(scratch) / "floor")
        print(f"Preview from empty, {runs} runs each, interleaved. {machine()}\n{HEADER}")
        for stack, settings in portal.stacks.items():
            for program in (ROOT, floor):
                seconds(["pulumi", "stack", "init", stack, "--no-select"], program, env)
            count = resources(ROOT, env, stack)
            low = env | {"COUNT": str(count), "ACCOUNT": settings.account.id}
            taken = interleaved(
                runs,
                preview=partial(seconds, [*PREVIEW, stack], ROOT, env),
                floor=partial(seconds, [*PREVIEW, stack], floor, low),
            )
            print(row(f"{stack}: {count} resources", taken["preview"]))
            print(row(f"{stack}: floor", taken["floor"]))
            print(ratio(f"{stack}: preview / floor", taken["preview"], taken["floor"], LIMIT), flush=True)


if __name__ == "__main__":
    main()

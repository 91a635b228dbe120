"""Timing whole commands fairly: interleaved runs, medians, the machine and its load beside the figures."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def machine() -> str:
    """One line: processors, memory, load average, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    system = f"Python {platform.python_version()}, {platform.system()}"
    return f"{os.cpu_count()} processors, {memory:.0f} GiB, load {load}, {system}"


def seconds(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> float:
    """Wall time of one run. Raises SystemExit with the output if the command fails."""
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    spent = time.perf_counter() - begun
    if done.returncode != 0:
        raise SystemExit(f"`{' '.join(command)}` in {cwd} failed:\n{done.stdout}{done.stderr}")
    return spent


def interleaved(runs: int, **commands: Callable[[], float]) -> dict[str, list[float]]:
    """Each command once uncounted, then ``runs`` rounds of all of them in turn, so that drift hits all alike."""
    for command in commands.values():
        command()
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(command())
    return taken


def row(name: str, taken: Sequence[float]) -> str:
    """``name  min  median  max`` in seconds."""
    return f"{name:34} {min(taken):7.2f} {statistics.median(taken):7.2f} {max(taken):7.2f}"


HEADER = f"{'seconds':34} {'min':>7} {'median':>7} {'max':>7}"


def pairwise(taken: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the ratios of runs that stood side by side."""
    return statistics.median(one / other for one, other in zip(taken, floor, strict=True))


def figure(name: str, found: float) -> str:
    """A figure as a row."""
    return f"{name:34} {found:7.2f}"


def held(name: str, found: float, limit: float) -> tuple[str, bool]:
    """A figure against its limit, as a row, and whether it is within."""
    return f"{figure(name, found)} ({'within' if found <= limit else 'ABOVE'} {limit})", found <= limit

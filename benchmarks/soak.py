"""The local cloud's memory over many small runs: it must reach a plateau.

A state machine of one task runs a small job, again and again. What ended is kept as on AWS, for 7 and 90 days, and days
are made short for this: 90 of them pass in half a minute, so that all that is kept is of that time and not more.
`make bench` runs a short one; the whole: `.venv/bin/python -m benchmarks.soak --runs 2000`.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psutil

from benchmarks.measure import machine
from benchmarks.orchestra import Orchestra, allowed, orchestra
from localcloud.server import process

PARTS = 10
AT_ONCE = 10
KEPT_SECONDS = 30.0
"""How long 90 days last."""
SCALE = KEPT_SECONDS / timedelta(days=90).total_seconds()
MIB = 1 << 20
MOST_GROWTH = 0.05
"""Of the second half's parts, beyond which it is no plateau."""


def definition(queue: str, job: str) -> dict[str, object]:
    arguments = {"JobName": "soak", "JobQueue": queue, "JobDefinition": job}
    task = {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "Arguments": arguments, "End": True}
    return {"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": task}}


def run(running: Orchestra, arn: str, names: list[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = list(pool.map(lambda name: running.start(arn, name, {}), names))
    wrong = [one for one in running.wait(started) if one["status"] != "SUCCEEDED"]
    if wrong:
        raise SystemExit(f"{len(wrong)} failed, first: {wrong[0].get('error')}: {wrong[0].get('cause')}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    given = parser.parse_args()
    with orchestra(1.0) as running:
        process.ask(running.server, "PUT", "retention", {"scale": SCALE})
        may = allowed("batch:*", "events:*")
        arn = running.create("soak", definition(running.spot, running.job("true", "true")), may)
        server, seen = psutil.Process(running.server.pid), list[float]()
        print(f"{given.runs} runs, {AT_ONCE} at once; 90 days last {KEPT_SECONDS:.0f} s. {machine()}\n")
        print(f"{'runs':>8}{'seconds':>9}{'MiB':>8}")
        begun = time.monotonic()
        for part in range(PARTS):
            count = given.runs // PARTS
            for first in range(0, count, AT_ONCE):
                run(running, arn, [f"soak-{part}-{first + number}" for number in range(min(AT_ONCE, count - first))])
            seen.append(server.memory_info().rss / MIB)
            print(f"{(part + 1) * count:8}{time.monotonic() - begun:9.0f}{seen[-1]:8.0f}", flush=True)
    middle, last = seen[PARTS // 2], max(seen[PARTS // 2 :])
    growth = last / middle - 1
    print(f"\nfrom the middle to the most after it: {growth:+.1%} (a plateau: at most {MOST_GROWTH:+.0%})")
    return 0 if growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())

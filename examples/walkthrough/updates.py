"""`portal bootstrap` and `portal up` of all stacks at once, since much of an update is waiting. No stack's update needs
another's to be over; until there are images for its pods Kubernetes tries again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Collection, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3

from components import names
from composition.bootstrap import TAG, fingerprint
from examples.walkthrough.dataset import session_of
from localcloud.prepare import was_brought_up
from localcloud.server.process import Running, ask
from localcloud.server.timescale import VARIABLE
from portal.pulumi_cli import ROOT
from settings import Portal, load

SHORTER: Final = 0.2
"""While stacks come up a second of AWS's and Kubernetes' waits lasts so much of one: probes, new machines, pods that
must have been ready for a while. The environment may say otherwise (:data:`VARIABLE`)."""
PORTAL: Final = (sys.executable, "-m", "portal")
COUNT: Final = re.compile(r"^\W*(\d+ (?:created|updated|replaced|deleted|imported|unchanged|changes?\..*))$")
"""A line of the engine's summary: how many resources had which fate."""


def bring_up(
    stacks: Sequence[str], server: Running, folder: Path, env: Mapping[str, str], bootstrapped: Collection[str] = ()
) -> dict[str, subprocess.CompletedProcess[str]]:
    """What became of each stack's command, with all that it printed in ``stdout``. ``bootstrapped``: stacks whose
    accounts need no bootstrap."""

    def up(stack: str) -> subprocess.CompletedProcess[str]:
        return _up(stack, folder, env, to_bootstrap=stack not in bootstrapped)

    with _shorter_waits(server), ThreadPoolExecutor(len(stacks)) as at_once:
        return dict(zip(stacks, at_once.map(up, stacks), strict=True))


def bootstrapped(stacks: Sequence[str], server: Running) -> set[str]:
    """Stacks whose accounts were bootstrapped with the settings that the stack files have."""
    loaded = {stack: load(stack, ROOT) for stack in stacks}
    return {stack for stack, portal in loaded.items() if _bootstrapped_with(portal, server) == fingerprint(portal)}


def _bootstrapped_with(portal: Portal, server: Running) -> str:
    """The fingerprint of the settings that the account was bootstrapped with; empty: it was not."""
    account = portal.current.account
    given = session_of(server, account.region, names.role_arn(account.id, account.role), "make-up")
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], account.region)
    iam: Any = session.client("iam", endpoint_url=server.https_url, verify=server.ca_bundle)
    try:
        policy = iam.get_policy(PolicyArn=names.policy_arn(account.id, names.DATA_BOUNDARY))["Policy"]
    except iam.exceptions.NoSuchEntityException:
        return ""
    return next((tag["Value"] for tag in policy.get("Tags", ()) if tag["Key"] == TAG), "")


def summary(stack: str, printed: str) -> list[str]:
    """What `portal up` printed of a stack that it brought up: account, counts of resources and time on one line, then
    the lines that are none of these (warnings, what was completed of a killed update)."""
    account, *lines = printed.rpartition(f"\n{stack}: ")[2].splitlines()
    counts = [match[1] for line in lines if (match := COUNT.match(line))]
    took = next((line.split()[1] for line in lines if line.startswith("  Duration: ")), "")
    known = (*counts, "Resources:", f"Duration: {took}")
    others = [line for line in lines if line.strip() and not line.endswith(known)]
    return [f"{stack}: {account}: {', '.join(counts)} in {took}", *others]


def _up(stack: str, folder: Path, env: Mapping[str, str], *, to_bootstrap: bool) -> subprocess.CompletedProcess[str]:
    """The last command, an `up` where the account could be bootstrapped. A first update writes its state once, at its
    end: written at each step it takes the engine longer than all else. One that is killed is begun anew, with the
    accounts."""
    first = {} if was_brought_up(folder, stack) else {"PULUMI_SKIP_CHECKPOINTS": "true"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PORTAL, *words, stack],
            cwd=ROOT, env={**env, **first}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip

    done = run("bootstrap", "--yes") if to_bootstrap else None
    return run("up", "--yes", "--skip-preview") if done is None or done.returncode == 0 else done


@contextmanager
def _shorter_waits(server: Running) -> Generator[None]:
    scale = ask(server, "GET", "time")["scale"]
    if VARIABLE not in os.environ:
        ask(server, "POST", "time", {"scale": scale * SHORTER})
    try:
        yield
    finally:
        ask(server, "POST", "time", {"scale": scale})

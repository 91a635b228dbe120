"""What the portal's client (``enqueue_runs.py``) asks and sends, written down once more from its contract alone.

It looks for an environment's buckets by substrings over all names, the last match wins; computes the state machine's
name; and starts one execution a run. Nothing of the program is used here, not even its names: this is the other side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

REGISTRY = "908710317728"
PARALLELISM = 20
LONGEST_NAME = 80
NOT_IN_NAMES = re.compile(r"[^0-9a-zA-Z-]")


@dataclass(frozen=True, kw_only=True)
class AwsEnv:
    """What the client knows of an environment."""

    region: str
    wdl_bucket: str
    comms_bucket: str
    state_machine: str


def get_aws_env(environment: str, client: Callable[[str], Any]) -> AwsEnv:
    """``client``: makes a client of a service with the operator's credentials. RuntimeError: not all is there."""
    account = client("sts").get_caller_identity()["Account"]
    region = client("stepfunctions").meta.region_name
    found: dict[str, str] = {}
    for bucket in client("s3").list_buckets()["Buckets"]:
        for kind in ("swipe-wdl", "swipe-comms"):
            if kind in bucket["Name"] and environment in bucket["Name"]:
                found[kind] = bucket["Name"]
    arn = f"arn:aws:states:{region}:{account}:stateMachine:cryoet-ingestion-{environment}-default-wdl"
    try:
        client("stepfunctions").describe_state_machine(stateMachineArn=arn)
        wdl, comms = found["swipe-wdl"], found["swipe-comms"]
    except Exception as error:
        raise RuntimeError(f"{environment} is not set up in {account}: {error}") from error
    return AwsEnv(region=region, wdl_bucket=wdl, comms_bucket=comms, state_machine=arn)


def queue_name(unix: int, deposition: str, dataset: str, run: str) -> str:
    """The name of an ingest's execution: a long run's name is cut at its beginning."""
    prefix = f"{unix}-dep{deposition}-ds{dataset}"
    room = LONGEST_NAME - len("-run") - len(prefix)
    return NOT_IN_NAMES.sub("-", f"{prefix}-run{run[-room:]}")


def run_job(
    env: AwsEnv,
    client: Callable[[str], Any],
    *,
    name: str,
    wdl_key: str,
    inputs: Mapping[str, Any],
    memory: int,
    more: Mapping[str, Any] | None = None,
) -> str:
    """Starts one execution; its ARN. ``more``: keys that the client itself does not know."""
    image = f"{REGISTRY}.dkr.ecr.{env.region}.amazonaws.com/cryoet-staging:main"
    entered = {
        "Input": {"Run": {"aws_region": env.region, "docker_image_id": image, **inputs}},
        "OutputPrefix": f"s3://{env.comms_bucket}/swipe/swipe-job-output/{name}/results",
        "RUN_WDL_URI": f"s3://{env.wdl_bucket}/{wdl_key}",
        "RunEC2Memory": memory,
        "RunEC2Vcpu": 1,
        "RunSPOTMemory": memory,
        "RunSPOTVcpu": 1,
        "StateMachineArn": env.state_machine,
        **(more or {}),
    }
    started = client("stepfunctions").start_execution(
        stateMachineArn=env.state_machine, name=name, input=json.dumps(entered)
    )
    return str(started["executionArn"])


def run_jobs(jobs: Iterable[Callable[[], str]]) -> list[str]:
    """Starts them all, twenty at a time as the client does; their ARNs in the same order."""
    with ThreadPoolExecutor(PARALLELISM) as pool:
        return list(pool.map(lambda job: job(), jobs))

"""What the portal's client (``enqueue_runs.py``) asks and sends, written down once more from its contract alone.

It looks for an environment's buckets by substrings over all names, the last match wins; computes the state machine's
name; and starts one execution a run. Nothing of the program is used here, not even its names: this is the other side.

Of each of its five commands there is what one run of it gets, with the arguments that the client adds by itself, in its
order. Where its two generations differ, ``newer`` says which.
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
STAGING, PUBLIC = "cryoet-data-portal-staging", "cryoet-data-portal-public"
STAGING_URL, PROD_URL = (
    "https://files.cryoet.staging.si.czi.technology",
    "https://files.cryoetdataportal.cziscience.com",
)
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


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run of a command: the name of its execution without the time, its workflow, what that gets, its size."""

    label: str
    wdl_key: str
    inputs: Mapping[str, str]
    memory: int = 4_000
    vcpus: int = 1


def queue(config_file: str, input_bucket: str, output_path: str, deposition: str, run: str, *flags: str) -> Job:
    """``flags``: what the user has the client import and choose. It always says what is to be written."""
    dataset = config_file.rpartition("/")[2].removesuffix(".yaml")
    only = [f"--filter-dataset-name '^{dataset}$'", f"--filter-run-name '^{run}$'"]
    words = ["--https-prefix", PROD_URL, *flags[:1], "--write-mrc", "--write-zarr", *flags[1:], *only]
    inputs = {"config_file": config_file, "input_bucket": input_bucket, "output_path": output_path}
    return Job(
        label=f"dep{deposition}-ds{dataset}-run{run}",
        wdl_key="standardize_dirs.wdl-v0.0.1.wdl",
        inputs={**inputs, "flags": " ".join(words)},
        memory=24_000,
    )


def db_import(environment: str, dataset: str, *flags: str, newer: bool) -> Job:
    """It asks for the database's queries to be printed, unless the user says ``--no-debug``."""
    production = environment == "prod"
    inputs = {
        "s3_bucket": PUBLIC if production else STAGING,
        "https_prefix": PROD_URL if production else STAGING_URL,
        "flags": " ".join([*flags, f"--s3-prefix {dataset}", "--debug"]),
        "environment": environment,
        "v2_docker_image_id": f"{REGISTRY}.dkr.ecr.us-west-2.amazonaws.com/apiv2-x86:main",
    }
    return Job(
        label=f"dbimport-{dataset}", wdl_key="db_import-v0.0.4.wdl" if newer else "db_import-v0.0.3.wdl", inputs=inputs
    )


def sync(path: str, *flags: str, newer: bool) -> Job:
    """``path``: a dataset's folder, or a deposition's under ``depositions_metadata``. ``flags``: as the client quotes
    them for a shell."""
    kind = "dep" if path.startswith("depositions_metadata/") else "ds"
    inputs = {"input_bucket": STAGING, "input_path": path, "output_bucket": PUBLIC, "output_path": path}
    return Job(
        label=f"sync-{kind}-{path.rpartition('/')[2]}",
        wdl_key="sync-v0.0.2.wdl" if newer else "sync-v0.0.1.wdl",
        inputs={**inputs, "flags": " ".join(flags)},
        vcpus=4 if newer else 1,
    )


def _validation(label: str, **inputs: str) -> Job:
    every = {"dataset": "", "output_bucket": STAGING, "extra_args": "", "config_file": "", "flags": ""}
    return Job(label=label, wdl_key="validate_dataset-v0.0.2.wdl", inputs={**every, **inputs})


def validate(environment: str, dataset: str) -> Job:
    """It runs in staging, whatever ``environment`` is: that says whose bucket is looked at."""
    kind, bucket = ("staging", STAGING) if environment == "staging" else ("prod", PUBLIC)
    return _validation(
        f"validate-{kind}-{dataset}",
        dataset=dataset,
        input_bucket=bucket,
        output_dir=f"{kind}_validation",
        test_entity="standardized",
    )


def source_validate(config_file: str, input_bucket: str) -> Job:
    return _validation(
        f"validate-src-{config_file.rpartition('/')[2]}",
        config_file=config_file,
        input_bucket=input_bucket,
        output_dir="source_validation",
        flags="--no-multiprocessing",
        test_entity="source",
    )


def submit(env: AwsEnv, client: Callable[[str], Any], unix: int, job: Job) -> str:
    """Starts a command's run; its ARN."""
    name = NOT_IN_NAMES.sub("-", f"{unix}-{job.label}")
    sizes = {"RunEC2Vcpu": job.vcpus, "RunSPOTVcpu": job.vcpus}
    return run_job(env, client, name=name, wdl_key=job.wdl_key, inputs=job.inputs, memory=job.memory, more=sizes)


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

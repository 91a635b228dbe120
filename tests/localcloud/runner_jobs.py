"""A job as a scheduler starts it: the runner's process, its environment, its directory, and what it left in S3."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from botocore.loaders import Loader

from localcloud.runner.main import main
from tests.localcloud.conftest import REGION, Cloud

MODELS = Loader()  # of AWS's services, read once and not by each job
KEYS = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
EXECUTION = "arn:aws:states:us-west-2:908710317728:execution:cryoet-ingestion-staging-default-wdl:test"


@dataclass
class Jobs:
    """Jobs of one test: a bucket, a folder in it for each workflow, a directory for each job."""

    cloud: Cloud
    folder: Path
    bucket: str = ""
    prefix: str = "out/test-1"
    session: boto3.Session | None = None
    """Whose credentials a job gets; None: an administrator's."""
    _count: int = field(default=0)

    def __post_init__(self) -> None:
        self.s3 = self.cloud.client("s3")
        self.bucket = self.cloud.name("runner")
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def put(self, key: str, body: str | bytes) -> str:
        """Write an object; its URI."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def text(self, key: str) -> str:
        return self.s3.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{key}")["Body"].read().decode()

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{self.prefix}/{key}"

    def objects(self) -> list[str]:
        """Keys of the output folder, without the folder."""
        listing = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{self.prefix}/")
        return [item["Key"].removeprefix(f"{self.prefix}/") for item in listing.get("Contents", [])]

    def tags(self, key: str) -> dict[str, str]:
        answer = self.s3.get_object_tagging(Bucket=self.bucket, Key=f"{self.prefix}/{key}")
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def output(self, stage: str = "run") -> dict[str, Any]:
        return json.loads(self.text(f"{stage}_output.json"))

    def directory(self) -> Path:
        """A new job's directory."""
        self._count += 1
        directory = self.folder / f"job{self._count}"
        directory.mkdir()
        return directory

    def environment(self, wdl_uri: str, stage: str) -> dict[str, str]:
        """What a submit and the host give to a job's process."""
        keys = (self.session or self.cloud.session()).get_credentials()
        assert keys is not None
        assert keys.access_key
        assert keys.secret_key
        assert keys.token
        return {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": self.cloud.https_url,
            "AWS_CA_BUNDLE": self.cloud.ca_bundle,
            "PGSSLROOTCERT": self.cloud.ca_bundle,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_SESSION_TOKEN": keys.token,
            "WDL_PASSTHRU_ENVVARS": KEYS,
            "WDL_WORKFLOW_URI": wdl_uri,
            "WDL_INPUT_URI": self.uri(f"{stage}_input.json"),
            "WDL_OUTPUT_URI": self.uri(f"{stage}_output.json"),
            "SFN_EXECUTION_ID": EXECUTION,
            "SFN_CURRENT_STATE": "RunSPOT",
            "APP_NAME": "cryoet-ingestion-staging",
            "MINIWDL_DIR": "/mnt",
            "DOWNLOAD_CACHE_MAX_GB": "18",
        }

    def start(
        self, wdl_uri: str, inputs: Mapping[str, object], stage: str = "run", **environment: str
    ) -> subprocess.Popen[str]:
        """Start a job's process. `environment` goes over that of the submit."""
        self.put(f"{self.prefix}/{stage}_input.json", json.dumps(inputs))
        return subprocess.Popen(
            [sys.executable, "-m", "localcloud.runner"],
            cwd=self.directory(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self.environment(wdl_uri, stage), **environment},
        )

    def run(self, wdl_uri: str, inputs: Mapping[str, object], stage: str = "run", **environment: str) -> int:
        """Run a job to its end, in this process (start-up is most of a small job's time); its exit status."""
        self.put(f"{self.prefix}/{stage}_input.json", json.dumps(inputs))
        everything = {**self.environment(wdl_uri, stage), **environment}
        with (
            contextlib.chdir(self.directory()),
            patch.dict(os.environ, everything, clear=True),
            patch("botocore.session.create_loader", return_value=MODELS),
        ):
            return main()


def wait_for(path: Path, process: subprocess.Popen[str]) -> str:
    """What a task wrote into a file, as soon as it is there."""
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_text()):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.02)
    return path.read_text()


def wait_gone(pid: int) -> None:
    """Wait until a process has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z":
            return  # ended; whoever adopted it has not asked for its status yet
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError(f"process {pid} goes on")

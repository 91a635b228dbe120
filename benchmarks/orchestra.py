"""The orchestrator's own state machine in a local cloud of its own: queues, roles, a bucket, and runs of it.

Made by AWS's API alone, so that it costs a second; the definition and its role's policy are those that the program
deploys (``components.orchestration``).
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from components.access.statements import document
from components.orchestration import grants
from components.orchestration.contract import Resources, StageArgs
from components.orchestration.machine import StateMachineArgs
from components.orchestration.statemachine import definition
from localcloud.server import process
from localcloud.server.configuration import FILE, OrganizationSettings
from localcloud.server.process import Running
from portal.pulumi_cli import ROOT

ACCOUNT, REGION = "908710317728", "us-west-2"
JOB_VARIABLES = {"APP_NAME": "benchmark", "MINIWDL_DIR": "/mnt", "DOWNLOAD_CACHE_MAX_GB": "1"}
"""What a job definition says to the runner."""
COMMAND_IMAGE, RUNNER_IMAGE = "docker.io/library/busybox:1", "ghcr.io/chanzuckerberg/swipe:v1"
PATIENCE_SECONDS = 300
WORKFLOW = """version 1.0
task work { command { echo done } output { String said = read_string(stdout()) } runtime { docker: "ubuntu" } }
workflow bench { input { String docker_image_id } call work output { String said = work.said } }
"""


@contextmanager
def orchestra(scale: float) -> Generator[Orchestra]:
    """``scale``: real seconds of one AWS second, for waits and time limits."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "cloud"
        configuration = Path(scratch) / FILE
        configuration.write_text((ROOT / FILE).read_text() + f'[[images]]\nimage = "{COMMAND_IMAGE}"\n')
        server, _ = process.start(folder, [ACCOUNT], configuration=configuration)
        try:
            made = Orchestra(server, folder)
            process.ask(server, "PUT", "time", {"scale": scale})
            yield made
        finally:
            process.stop(folder)


@dataclass
class Orchestra:
    """One environment's worth of orchestrator."""

    server: Running
    folder: Path
    machine_role: str = ""
    _clients: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        config = Config(retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"})
        keys = boto3.Session(self.server.access_key_id, self.server.secret_access_key, region_name=REGION)
        where: dict[str, Any] = {"endpoint_url": self.server.https_url, "verify": self.server.ca_bundle}
        role = f"arn:aws:iam::{ACCOUNT}:role/{OrganizationSettings.role}"
        got = keys.client("sts", **where).assume_role(RoleArn=role, RoleSessionName="benchmark")["Credentials"]
        self._session = boto3.Session(
            got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], region_name=REGION
        )
        self._where = where | {"config": config}
        self._network()
        self.spot, self.on_demand = self._queue("spot"), self._queue("on-demand")
        self.bucket = "benchmark-workspace"
        self.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.client("s3").put_object(Bucket=self.bucket, Key="bench-v1.0.wdl", Body=WORKFLOW.encode())
        self.messages = str(self.client("sqs").create_queue(QueueName="messages")["QueueUrl"])

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(service, **self._where)  # pyright: ignore[reportCallIssue, reportArgumentType]  # the name is a literal in boto3's stubs
        return self._clients[service]

    def role(self, name: str, service: str, policy: str = "") -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=text)["Role"]["Arn"]
        if policy:
            self.client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
        return str(arn)

    def _network(self) -> None:
        ec2, iam = self.client("ec2"), self.client("iam")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self._subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
        self._group = ec2.create_security_group(GroupName="batch", Description="batch", VpcId=vpc)["GroupId"]
        logs = allowed("logs:CreateLogStream", "logs:PutLogEvents")
        self.role("instances", "ec2.amazonaws.com", logs)
        self._profile = iam.create_instance_profile(InstanceProfileName="instances")["InstanceProfile"]["Arn"]
        iam.add_role_to_instance_profile(InstanceProfileName="instances", RoleName="instances")
        self.job_role = self.role("jobs", "ecs-tasks.amazonaws.com", allowed("s3:*"))

    def _queue(self, name: str) -> str:
        batch = self.client("batch")
        spot = name == "spot"
        made = batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            state="ENABLED",
            computeResources={
                "type": "SPOT" if spot else "EC2",
                "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED" if spot else "BEST_FIT_PROGRESSIVE",
                "minvCpus": 0,
                "maxvCpus": 64,
                "instanceTypes": ["r5d"],
                "subnets": [self._subnet],
                "securityGroupIds": [self._group],
                "instanceRole": self._profile,
            },
        )["computeEnvironmentArn"]
        self._until(
            lambda: (
                batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"][0]["status"]
                == "VALID"
            )
        )
        order = [{"order": 1, "computeEnvironment": made}]
        arn = batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)["jobQueueArn"]
        self._until(lambda: batch.describe_job_queues(jobQueues=[name])["jobQueues"][0]["status"] == "VALID")
        return str(arn)

    def job(self, name: str, *command: str) -> str:
        """A job definition: a command, or without one the runner of workflows."""
        sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
        image = COMMAND_IMAGE if command else RUNNER_IMAGE
        properties: dict[str, Any] = {
            "image": image,
            "command": list(command),
            "resourceRequirements": sizes,
            "environment": [{"name": key, "value": value} for key, value in JOB_VARIABLES.items()],
            "jobRoleArn": self.job_role,
        }
        self.client("batch").register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=properties
        )
        return name

    def machine(self, job: str) -> str:
        """The ARN of the program's machine for one stage, whose role has exactly what its definition needs."""
        size = Resources(memory_mib=1_000, vcpus=1)
        args = StateMachineArgs(
            stages=(StageArgs(name="Run", spot=size, on_demand=size),),
            spot_queue=self.spot,
            on_demand_queue=self.on_demand,
            job_definition=job,
            largest=Resources(memory_mib=4_000, vcpus=4),
            workspaces=(self.bucket,),
            message_queues=(self.messages,),
        )
        made = definition("benchmark", args)
        needed = grants.statements(made, args, account=ACCOUNT, region=REGION, logged=False)
        return self.create(f"machine-{job}", made, document("identity", tuple(needed)))

    def create(self, name: str, made: Mapping[str, Any], policy: str = "") -> str:
        role = self.role(f"role-of-{name}", "states.amazonaws.com", policy)
        states = self.client("stepfunctions")
        return str(states.create_state_machine(name=name, roleArn=role, definition=json.dumps(made))["stateMachineArn"])

    def given(self, name: str, *, output: bool = True, **more: Any) -> dict[str, Any]:
        """The input of a run. ``output``: the job's output JSON is there already, since the job is no workflow."""
        if output:
            self.client("s3").put_object(Bucket=self.bucket, Key=f"{name}/bench-1/run_output.json", Body=b"{}")
        found: dict[str, Any] = {
            "OutputPrefix": f"s3://{self.bucket}/{name}",
            "RUN_WDL_URI": f"s3://{self.bucket}/bench-v1.0.wdl",
            "Input": {"Run": {"docker_image_id": "ubuntu"}},
        }
        return found | more

    def job_environment(self, name: str) -> dict[str, str]:
        """What a job's process gets from Batch and its submit, but for its input's and output's places."""
        keys: Any = self._session.get_credentials()
        return {
            "AWS_ENDPOINT_URL": self.server.https_url,
            "AWS_CA_BUNDLE": self.server.ca_bundle,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_SESSION_TOKEN": keys.token,
            **JOB_VARIABLES,
            "WDL_WORKFLOW_URI": f"s3://{self.bucket}/bench-v1.0.wdl",
            "SFN_EXECUTION_ID": f"arn:aws:states:{REGION}:{ACCOUNT}:execution:benchmark:{name}",
        }

    def start(self, machine: str, name: str, given: Mapping[str, Any]) -> str:
        states = self.client("stepfunctions")
        return str(states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))["executionArn"])

    def wait(self, executions: Sequence[str]) -> list[dict[str, Any]]:
        """The ended executions. Raises SystemExit for one that takes minutes."""
        states, found = self.client("stepfunctions"), list[dict[str, Any]]()
        for arn in executions:

            def ended(arn: str = arn) -> bool:
                return states.describe_execution(executionArn=arn)["status"] != "RUNNING"

            self._until(ended)
            found.append(states.describe_execution(executionArn=arn))
        return found

    def events(self, execution: str) -> list[dict[str, Any]]:
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    @staticmethod
    def _until(reached: Any) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            if time.monotonic() > deadline:
                raise SystemExit(f"nothing came within {PATIENCE_SECONDS} s")
            time.sleep(0.02)


def allowed(*actions: str) -> str:
    """A policy that allows actions on everything."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

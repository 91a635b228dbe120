"""What tests of Batch stand on: a network, roles, compute environments, queues, definitions, and waiting for jobs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server import images
from localcloud.server.services.batch import faults
from localcloud.server.timescale import SCALE
from portal.pulumi_cli import ROOT

from .clouds import DEV, REGION, Cloud

IMAGE = "docker.io/library/busybox:1"
PATIENCE_SECONDS = 60
GROUP = "/aws/batch/job"


def trust(*services: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(*actions: str, resource: str | Sequence[str] = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextmanager
def time_scale(factor: float) -> Generator[None]:
    before = SCALE.factor
    SCALE.factor = factor
    try:
        yield
    finally:
        SCALE.factor = before


@contextmanager
def refused(code: str, text: str = "") -> Generator[None]:
    """The call inside is refused with that code and a message that has the text."""
    with pytest.raises(ClientError) as caught:
        yield
    error: Any = caught.value.response.get("Error", {})
    assert (error["Code"], text in error["Message"]) == (code, True), error


@dataclass
class World:
    """One account's network and roles for Batch, made once a session."""

    cloud: Cloud
    account: str = DEV
    subnets: list[str] = field(default_factory=list[str])
    group: str = ""
    instance_profile: str = ""

    def __post_init__(self) -> None:
        self.iam = self.cloud.client("iam", self.account)
        self.batch = self.cloud.client("batch", self.account)
        self.logs = self.cloud.client("logs", self.account)
        self.ec2 = ec2 = self.cloud.client("ec2", self.account)
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.vpc = vpc
        self.subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]]
        self.group = ec2.create_security_group(GroupName="batch", Description="batch", VpcId=vpc)["GroupId"]
        role = self.role("ec2.amazonaws.com", policy("logs:CreateLogStream", "logs:PutLogEvents"))
        name = self.cloud.name("profile")
        profile = self.iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        self.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role.rpartition("/")[2])
        self.instance_profile = profile["Arn"]

    def role(self, service: str, document: str = "") -> str:
        name = self.cloud.name("role")
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        if document:
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        return str(arn)

    def resources(self, **more: Any) -> dict[str, Any]:
        return {
            "type": "SPOT",
            "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
            "minvCpus": 0,
            "maxvCpus": 16,
            "instanceTypes": ["r5d"],
            "subnets": self.subnets,
            "securityGroupIds": [self.group],
            "instanceRole": self.instance_profile,
        } | more

    def create(self, *, state: str = "ENABLED", name: str = "", service_role: str = "", **more: Any) -> str:
        """The name of a compute environment that was accepted."""
        made = name or self.cloud.name("ce")
        self.batch.create_compute_environment(
            computeEnvironmentName=made,
            type="MANAGED",
            state=state,
            computeResources=self.resources(**more),
            **({"serviceRole": service_role} if service_role else {}),
        )
        return made

    def template(self, data: Mapping[str, Any]) -> str:
        """The name of a new launch template."""
        name = self.cloud.name("template")
        self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return name

    def environment(self, **more: Any) -> str:
        """The ARN of a VALID compute environment."""
        found = self.settled_environment(self.create(**more))
        assert found["status"] == "VALID", found
        return str(found["computeEnvironmentArn"])

    def settled_environment(self, name: str) -> dict[str, Any]:
        def settled() -> dict[str, Any] | None:
            found = self.batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
            done = not found or found[0]["status"] in ("VALID", "INVALID")
            return (found[0] if found else {"status": "gone"}) if done else None

        return until(settled)

    def queue(self, *environments: str, limits: Sequence[Mapping[str, Any]] = (), priority: int = 10) -> str:
        """The ARN of a VALID queue of these compute environments (a new one if none is given)."""
        names = environments or (self.environment(),)
        order = [{"order": place, "computeEnvironment": name} for place, name in enumerate(names)]
        arn = self.create_queue(order, priority=priority, jobStateTimeLimitActions=list(limits))
        self.settled_queue(arn)
        return arn

    def create_queue(self, order: Sequence[Mapping[str, Any]], **more: Any) -> str:
        """The ARN of a queue that was accepted."""
        name = self.cloud.name("queue")
        given = {"jobQueueName": name, "priority": 1, "computeEnvironmentOrder": order} | more
        return str(self.batch.create_job_queue(**given)["jobQueueArn"])

    def settled_queue(self, arn: str) -> dict[str, Any]:
        def settled() -> dict[str, Any] | None:
            found = self.batch.describe_job_queues(jobQueues=[arn])["jobQueues"]
            done = not found or found[0]["status"] == "VALID"
            return (found[0] if found else {"status": "gone"}) if done else None

        return until(settled)

    def container(self, *command: str, **more: Any) -> dict[str, Any]:
        sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
        return {"image": IMAGE, "command": list(command), "resourceRequirements": sizes} | more

    def definition(self, *command: str, container: Mapping[str, Any] | None = None, **more: Any) -> str:
        """The ARN of a new job definition that runs a command."""
        answer = self.batch.register_job_definition(
            jobDefinitionName=self.cloud.name("definition"),
            type="container",
            containerProperties=self.container(*command, **(container or {})),
            **more,
        )
        return str(answer["jobDefinitionArn"])

    def submit(self, queue: str, *command: str, definition: str = "", **more: Any) -> str:
        name = self.cloud.name("job")
        wanted = definition or self.definition(*command)
        answer = self.batch.submit_job(**{"jobName": name, "jobQueue": queue, "jobDefinition": wanted} | more)
        return str(answer["jobId"])

    def job(self, job_id: str) -> dict[str, Any]:
        return self.batch.describe_jobs(jobs=[job_id])["jobs"][0]

    def until_status(self, job_id: str, *statuses: str) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            job = self.job(job_id)
            if job["status"] in ("SUCCEEDED", "FAILED") and job["status"] not in statuses:
                raise AssertionError(f"{job['status']} instead of {statuses}: {job}")
            return job if job["status"] in statuses else None

        return until(reached)

    def ended(self, job_id: str) -> dict[str, Any]:
        return self.until_status(job_id, "SUCCEEDED", "FAILED")

    def blocked(self, job_id: str) -> dict[str, Any]:
        """A job once it is told why it cannot start."""

        def told() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job.get("statusReason") else None

        return until(told)

    def run(self, queue: str, *command: str, **more: Any) -> dict[str, Any]:
        return self.ended(self.submit(queue, *command, **more))

    def lines(self, job: Mapping[str, Any], group: str = GROUP) -> list[str]:
        stream = job["container"]["logStreamName"]
        events = self.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
        return [event["message"] for event in events]


def until_there(file: Path) -> str:
    """For a shell: wait until the file is there."""
    return f"until [ -e {file} ]; do sleep 0.02; done"


def limit(reason: str, seconds: int = 600) -> dict[str, Any]:
    """A queue's time limit."""
    return {"reason": reason, "state": "RUNNABLE", "action": "CANCEL", "maxTimeSeconds": seconds}


def until(probe: Callable[[], Any], patience: float = PATIENCE_SECONDS) -> Any:
    """The first value that counts as true; fails after some seconds. Between two probes it waits longer than one takes:
    what is waited for needs the processor."""
    looked = time.monotonic()
    deadline = looked + patience
    while looked < deadline:
        if value := probe():
            return value
        time.sleep(min(max(0.01, 4 * (time.monotonic() - looked)), 0.2))
        looked = time.monotonic()
    raise AssertionError(f"nothing came within {patience} s")


def stand_ins() -> None:
    """Programs of this machine in place of the busybox image."""
    tool = {"image": "*/tool[:@]*", "entrypoint": ["{python}", "-c"]}
    images.configure(images.stand_ins([{"image": "docker.io/library/busybox:*"}, tool], ROOT))


def no_faults() -> None:
    faults.clear()


__all__ = [
    "GROUP",
    "IMAGE",
    "REGION",
    "World",
    "limit",
    "policy",
    "refused",
    "time_scale",
    "trust",
    "until",
    "until_there",
]

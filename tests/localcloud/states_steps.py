"""What tests of Step Functions stand on: roles, machines, executions and waiting for their ends."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .batch_steps import policy, trust, until
from .conftest import DEV, Cloud

SYNC_RULE = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
BATCH = ("batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob")
LOGS = (
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
)  # fmt: skip
PASS = {"Type": "Pass", "End": True}
SUBMIT = "arn:aws:states:::batch:submitJob"
JOB = {"JobName": "a", "JobQueue": "b", "JobDefinition": "c"}
ALL = ["States.ALL"]


def definition(states: Mapping[str, Any], language: str = "JSONata", **more: Any) -> str:
    """A machine's text that starts at the first of its states."""
    return json.dumps({"QueryLanguage": language, "StartAt": next(iter(states), "A"), "States": states} | more)


def task(**more: Any) -> dict[str, Any]:
    """The states of a machine that submits a job."""
    return {"A": {"Type": "Task", "Resource": SUBMIT, "Arguments": JOB, "End": True} | more}


def only(state: dict[str, Any]) -> dict[str, Any]:
    """A machine of one state, ``Only``."""
    return {"Only": state | ({} if state["Type"] in ("Succeed", "Fail", "Choice") else {"End": True})}


def log_to(arn: str, level: str = "ALL") -> dict[str, Any]:
    """A machine's loggingConfiguration."""
    place = {"cloudWatchLogsLogGroup": {"logGroupArn": arn}}
    return {"level": level, "includeExecutionData": True, "destinations": [place] if arn else []}


@dataclass
class Machines:
    """State machines of one account."""

    cloud: Cloud
    account: str = DEV

    def __post_init__(self) -> None:
        self.sfn = self.cloud.client("stepfunctions", self.account)
        self.iam = self.cloud.client("iam", self.account)

    def role(self, *actions: str, service: str = "states.amazonaws.com") -> str:
        name = self.cloud.name("machine-role")
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        if actions:
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*actions))
        return str(arn)

    def create(
        self, states: Mapping[str, Any], *actions: str, start: str = "", language: str = "JSONata", **more: Any
    ) -> str:
        """The ARN of a new machine whose role may do ``actions``; ``more`` are CreateStateMachine's."""
        top = {"StartAt": start or next(iter(states)), **more.pop("top", {})}
        wanted = {"roleArn": more.pop("role", "") or self.role(*actions), **more}
        name, text = self.cloud.name("machine"), definition(states, language, **top)
        return str(self.sfn.create_state_machine(name=name, definition=text, **wanted)["stateMachineArn"])

    def start(self, machine: str, value: Any = None, **more: Any) -> str:
        given = json.dumps({} if value is None else value)
        return str(self.sfn.start_execution(stateMachineArn=machine, input=given, **more)["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            found = self.sfn.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        return until(ended)

    def run(self, machine: str, value: Any = None) -> dict[str, Any]:
        return self.ended(self.start(machine, value))

    def output(self, states: Mapping[str, Any], value: Any = None, *actions: str, **more: Any) -> Any:
        """The output of a new machine's run, which must succeed."""
        found = self.run(self.create(states, *actions, **more), value)
        assert found["status"] == "SUCCEEDED", found
        return json.loads(found["output"])

    def failure(self, states: Mapping[str, Any], value: Any = None, *actions: str, **more: Any) -> tuple[str, str]:
        """Error and cause of a new machine's run, which must fail."""
        found = self.run(self.create(states, *actions, **more), value)
        assert found["status"] == "FAILED", found
        return found.get("error", ""), found.get("cause", "")

    def events(self, execution: str) -> list[dict[str, Any]]:
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def kinds(self, execution: str) -> Sequence[str]:
        return [event["type"] for event in self.events(execution)]

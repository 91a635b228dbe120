"""The state machine's role: for each call a grant, for each grant a call."""

from __future__ import annotations

from typing import Any

import pytest

from components.access.statements import Statement, document
from components.orchestration import grants
from components.orchestration.statemachine import definition
from tests.unit.machines import ACCOUNT, ON_DEMAND, QUEUE, REGION, SPOT, machine_args

CALLS = {
    "arn:aws:states:::batch:submitJob.sync": {
        *("batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob"),
        *("events:PutRule", "events:PutTargets", "events:DescribeRule"),
    },
    "arn:aws:states:::aws-sdk:s3:putObject": {"s3:PutObject"},
    "arn:aws:states:::aws-sdk:s3:getObject": {"s3:GetObject", "s3:ListBucket"},
    "arn:aws:states:::aws-sdk:s3:headObject": {"s3:GetObject", "s3:ListBucket"},
    "arn:aws:states:::sqs:sendMessage": {"sqs:SendMessage"},
}
"""What AWS's documentation says each task needs."""


def granted(*stages: str, logged: bool = True, **given: Any) -> dict[str, Statement]:
    args = machine_args(*stages, **given)
    found = grants.statements(definition("test", args), args, account=ACCOUNT, region=REGION, logged=logged)
    return {statement.sid: statement for statement in found}


@pytest.mark.parametrize("given", [{}, {"message_queues": ()}, {"message_queues": (QUEUE, QUEUE + "2")}])
@pytest.mark.parametrize("stages", [(), ("One", "Two")])
def test_no_call_without_a_grant_and_no_grant_without_a_call(stages: tuple[str, ...], given: dict[str, Any]) -> None:
    machine = definition("test", machine_args(*stages, **given))
    tasks = {state["Resource"] for state in machine["States"].values() if state["Type"] == "Task"}
    needed = {action for task in tasks for action in CALLS[task]}
    actions = [action for statement in granted(*stages, logged=False, **given).values() for action in statement.actions]
    assert sorted(actions) == sorted(needed)


def test_jobs_go_to_its_own_queues_and_definition_alone() -> None:
    definition_arn = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/cryoet-ingestion-dev-main"
    assert set(granted()["SubmitJobs"].resources) == {SPOT, ON_DEMAND, definition_arn, f"{definition_arn}:*"}


def test_jobs_of_workflows_with_another_role_have_their_grant() -> None:
    found = granted(job_definitions={"sync": "cryoet-ingestion-dev-main-sync"})["SubmitJobs"].resources
    assert f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/cryoet-ingestion-dev-main-sync:*" in found


def test_the_managed_rule_is_the_only_one() -> None:
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForBatchJobsRule"
    assert granted()["LearnOfEndedJobs"].resources == (rule,)


def test_tags_need_a_grant_and_only_they_do() -> None:
    found = granted(job_tags={"project": "portal"})
    assert found["TagJobs"].actions == ("batch:TagResource",)
    every_job = f"arn:aws:batch:{REGION}:{ACCOUNT}:job/*"
    assert set(found["TagJobs"].resources) == {every_job, *found["SubmitJobs"].resources}
    assert "TagJobs" not in granted()


def test_logs_need_a_grant_and_only_they_do() -> None:
    assert "logs:CreateLogDelivery" in granted()["DeliverLogs"].actions
    assert "DeliverLogs" not in granted(logged=False)


def test_files_lie_in_the_workspaces_alone() -> None:
    found = granted(workspaces=("comms/swipe", "comms/swipe2", "other"))
    objects = ("arn:aws:s3:::comms/swipe/*", "arn:aws:s3:::comms/swipe2/*", "arn:aws:s3:::other/*")
    assert found["WriteInputs"].resources == found["ReadOutputs"].resources == objects
    assert found["KnowWhatIsMissing"].resources == ("arn:aws:s3:::comms", "arn:aws:s3:::other")


def test_a_map_of_stages_may_lie_with_the_workflows() -> None:
    assert "arn:aws:s3:::cryoet-swipe-wdl-dev/*" in granted("One", "Two")["ReadOutputs"].resources
    assert "arn:aws:s3:::cryoet-swipe-wdl-dev/*" not in granted()["ReadOutputs"].resources


def test_messages_go_to_its_own_queues_alone() -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:cryoet-ingestion-dev-portal-sfn-notifications-queue"
    assert granted()["SendMessages"].resources == (queue,)
    local = f"http://127.0.0.1:5000/{ACCOUNT}/cryoet-ingestion-dev-portal-sfn-notifications-queue"
    assert granted(message_queues=(local,))["SendMessages"].resources == (queue,)


def test_what_is_no_queue_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not the URL of a queue: .*'arn:x'"):
        granted(message_queues=("arn:x",))


def test_an_unknown_call_is_refused() -> None:
    args = machine_args()
    machine = definition("test", args)
    machine["States"]["Run"]["Resource"] = "arn:aws:states:::lambda:invoke"
    with pytest.raises(ValueError, match="no grant is known for arn:aws:states:::lambda:invoke"):
        grants.statements(machine, args, account=ACCOUNT, region=REGION, logged=True)


def test_a_machine_without_tasks_may_do_nothing() -> None:
    assert (
        grants.statements(
            {"States": {"End": {"Type": "Fail"}}}, machine_args(), account=ACCOUNT, region=REGION, logged=False
        )
        == ()
    )


def test_aws_takes_the_document() -> None:
    assert document("identity", tuple(granted("One", "Two", job_tags={"a": "b"}).values()))

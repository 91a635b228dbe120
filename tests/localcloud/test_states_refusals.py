"""What Step Functions refuses, row by row of docs/refusals.md, with AWS's codes.

What is wrong with definitions is in test_states_definition_refusals.py, how executions fail in test_states_failures.py,
test_states_executions.py and test_states_jobs.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import refused
from .conftest import DEV, PROD, REGION, Cloud
from .states_steps import ALL, BATCH, JOB, LOGS, PASS, SUBMIT, SYNC_RULE, Machines, definition, log_to, task

GROUP = f"arn:aws:logs:{REGION}:{DEV}:log-group:none"


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


@pytest.fixture(scope="module")
def role(machines: Machines) -> str:
    """One that may wait for jobs."""
    return machines.role(*SYNC_RULE)


def test_sfn_13_role_that_step_functions_can_not_assume(machines: Machines) -> None:
    arn = machines.create({"A": PASS})
    for role in (machines.role(service="ec2.amazonaws.com"), f"arn:aws:iam::{DEV}:role/nobody"):
        with refused("AccessDeniedException", "Neither the global service principal states.amazonaws.com, nor"):
            machines.create({"A": PASS}, role=role)
        with refused("AccessDeniedException", "Neither the global service principal states.amazonaws.com, nor"):
            machines.sfn.update_state_machine(stateMachineArn=arn, roleArn=role)


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("", "Must specify exactly one Log Destination"),
        ("arn:aws:s3:::bucket", "Must set valid log group ARN"),
        (GROUP, "must be provided with '*' qualifier"),
        (f"{GROUP}:*", "Log Destination not found"),
    ],
)
def test_sfn_15_log_group_that_is_none(machines: Machines, group: str, text: str) -> None:
    with refused("InvalidLoggingConfiguration", text):
        machines.create({"A": PASS}, *LOGS, loggingConfiguration=log_to(group))


def test_sfn_15_two_log_groups(machines: Machines) -> None:
    both = log_to(f"{GROUP}:*")
    both["destinations"] *= 2
    with refused("InvalidLoggingConfiguration", "Must specify exactly one Log Destination"):
        machines.create({"A": PASS}, *LOGS, loggingConfiguration=both)


def log_group(machines: Machines) -> str:
    """The ARN of a new one, as machines name it."""
    name = f"/aws/vendedlogs/{machines.cloud.name('states')}"
    machines.cloud.client("logs", machines.account).create_log_group(logGroupName=name)
    return f"arn:aws:logs:{REGION}:{machines.account}:log-group:{name}:*"


def test_sfn_16_role_without_one_of_the_rights_to_log(machines: Machines) -> None:
    arn = log_group(machines)
    for missing in LOGS:
        kept = [action for action in LOGS if action != missing]
        with refused("AccessDeniedException", "is not authorized to access the Log Destination"):
            machines.create({"A": PASS}, *kept, loggingConfiguration=log_to(arn))
    assert machines.create({"A": PASS}, *LOGS, loggingConfiguration=log_to(arn))


def test_sfn_16_account_with_as_many_policies_of_logs_as_it_may_have(cloud: Cloud) -> None:
    machines, logs = Machines(cloud, PROD), cloud.client("logs", PROD)
    statement = {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for policy in logs.describe_resource_policies()["resourcePolicies"]:
        logs.delete_resource_policy(policyName=policy["policyName"])
    names = [f"full-{number}" for number in range(10)]
    for name in names:
        logs.put_resource_policy(policyName=name, policyDocument=document)
    arn = log_group(machines)
    with refused("AccessDeniedException", "is not authorized to access the Log Destination"):
        machines.create({"A": PASS}, *LOGS, loggingConfiguration=log_to(arn))
    for name in names:
        logs.delete_resource_policy(policyName=name)
    assert machines.create({"A": PASS}, *LOGS, loggingConfiguration=log_to(arn))


def test_sfn_17_names(machines: Machines, role: str) -> None:
    given = {"definition": definition({"A": PASS}), "roleArn": role}
    for letter in ' <>{}[]?*"#%\\^|~`$&,;:/\x07\x7f':
        with refused("InvalidName", f"Invalid Name: 'a{letter}b'"):
            machines.sfn.create_state_machine(name=f"a{letter}b", **given)
    with refused("ValidationException", "length less than or equal to 80"):
        machines.sfn.create_state_machine(name="a" * 81, **given)
    logged = {"loggingConfiguration": log_to(log_group(machines)), "roleArn": machines.role(*LOGS)}
    with refused("InvalidLoggingConfiguration", "must be ASCII"):
        machines.sfn.create_state_machine(name="Kryo-Ä", **given | logged)


def test_sfn_18_name_that_is_taken(machines: Machines, cloud: Cloud, role: str) -> None:
    given = {"name": cloud.name("machine"), "definition": definition({"A": PASS}), "roleArn": role}
    first = machines.sfn.create_state_machine(**given)
    looked_past = {"roleArn": machines.role(), "tags": [{"key": "a", "value": "b"}]}
    again = machines.sfn.create_state_machine(**given | looked_past)
    assert (again["stateMachineArn"], again["creationDate"]) == (first["stateMachineArn"], first["creationDate"])
    logging = {"roleArn": machines.role(*LOGS), "loggingConfiguration": log_to(log_group(machines))}
    for other in (
        {"definition": definition({"A": PASS}, Comment="x")},
        {"tracingConfiguration": {"enabled": True}},
        logging,
    ):
        with refused("StateMachineAlreadyExists", first["stateMachineArn"]):
            machines.sfn.create_state_machine(**given | other)


@pytest.mark.parametrize(
    ("more", "field", "kind"),
    [
        ({"Parameters": {"a": 1}}, "a", "STRING"),
        ({"ContainerOverrides": {"Environment": [{"Name": "A", "Value": 1}]}}, "Value", "STRING"),
        ({"ContainerOverrides": {"Environment": {"A": "1"}}}, "Environment", "LIST"),
        ({"ContainerOverrides": []}, "ContainerOverrides", "STRUCTURE"),
    ],
)
def test_sfn_24_values_of_a_job_that_are_no_strings(
    machines: Machines, more: dict[str, Any], field: str, kind: str
) -> None:
    catch = [{"ErrorEquals": ALL, "Next": "Last"}]
    states = task(Resource=f"{SUBMIT}.sync", Arguments=JOB | more, Catch=catch) | {"Last": PASS}
    error, cause = machines.failure(states, None, *BATCH, *SYNC_RULE)
    assert error == "States.Runtime"
    assert cause.startswith("An error occurred while executing the state 'A' (entered at the event id #2). The Param")
    assert cause.endswith(f"used to start the Task: [The value for the field '{field}' must be a {kind}]")


def test_sfn_32_update_of_nothing(machines: Machines) -> None:
    with refused("MissingRequiredParameter", "must be specified"):
        machines.sfn.update_state_machine(stateMachineArn=machines.create({"A": PASS}))


@pytest.mark.parametrize(
    ("encryption", "text"),
    [
        ({"type": "CUSTOMER_MANAGED_KMS_KEY"}, "Must set a valid kmsKeyId"),
        ({"type": "AWS_OWNED_KEY", "kmsKeyId": "a"}, "must not be set"),
        ({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "arn:aws:kms:eu-west-1:1:key/a"}, "invalid arn"),
    ],
)
def test_sfn_33_encryption_without_a_key_of_the_region(
    machines: Machines, encryption: dict[str, str], text: str
) -> None:
    with refused("InvalidEncryptionConfiguration", text):
        machines.create({"A": PASS}, encryptionConfiguration=encryption)


def test_sfn_34_text_and_tags_beyond_the_limits(machines: Machines, cloud: Cloud, role: str) -> None:
    with refused("ValidationException", "length less than or equal to 1048576"):
        machines.create({"A": PASS}, top={"Comment": "x" * (1 << 20)}, role=role)
    tags = [{"key": f"k{number}", "value": ""} for number in range(51)]
    with refused("TooManyTags", "at most 50"):
        machines.create({"A": PASS}, role=role, tags=tags)
    arn = machines.create({"A": PASS}, role=role, tags=tags[:50])
    machines.sfn.tag_resource(resourceArn=arn, tags=[{"key": "k0", "value": "other"}])
    with refused("TooManyTags", "at most 50"):
        machines.sfn.tag_resource(resourceArn=arn, tags=tags[50:])


def test_sfn_38_role_of_a_task_that_can_not_be_assumed(machines: Machines) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "End": True}
    for target in (machines.role(), f"arn:aws:iam::{PROD}:role/nobody"):
        states = {"A": state | {"Credentials": {"RoleArn": target}}}
        error, cause = machines.failure(states, None, "sts:AssumeRole")
        assert (error, f"is not authorized to assume the task state's role, {target}" in cause) == (
            "States.TaskFailed",
            True,
        )


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("Step Functions", "SFN", *(path.name for path in refusal_rows.HERE.glob("test_states_*.py")))

"""What AWS refuses about state machines, by code, words and place; and what it keeps of those it takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.server.states import definition

from .batch_steps import refused
from .conftest import REGION, Cloud
from .states_steps import Machines

PASS = {"Type": "Pass", "End": True}
STATES = "arn:aws:states::"
SUBMIT = "arn:aws:states:::batch:submitJob"
JOB = {"JobName": "a", "JobQueue": "b", "JobDefinition": "c"}
SCHEMA, TARGET = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET"


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


def machine(states: dict[str, Any], language: str = "JSONata", **more: Any) -> str:
    return json.dumps({"QueryLanguage": language, "StartAt": next(iter(states), "A"), "States": states} | more)


def task(**more: Any) -> dict[str, Any]:
    return {"A": {"Type": "Task", "Resource": SUBMIT, "Arguments": JOB, "End": True} | more}


def choice(**more: Any) -> dict[str, Any]:
    return {"A": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "B"} | more]}, "B": PASS}


def mapped(config: dict[str, Any], **more: Any) -> dict[str, Any]:
    block = {"ProcessorConfig": config, "StartAt": "I", "States": {"I": PASS}}
    return {"A": {"Type": "Map", "ItemProcessor": block, "End": True} | more}


DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
ALL = ["States.ALL"]

WRONG: list[tuple[str, str, str, str | None]] = [
    ("{", "INVALID_JSON_DESCRIPTION", "", None),
    (machine({"A": PASS | {"Next": "B"}}), SCHEMA, "There should only be one of [Next, End]", "/States/A"),
    (machine({"A": {"Type": "Pass"}}), SCHEMA, "These fields are required: [Next or End]", "/States/A"),
    (machine({"A": {"Type": "Pass", "Next": "No"}, "B": PASS}), TARGET, "Missing 'Next' target: No", "/States/A/Next"),
    (machine({"A": PASS, "B": PASS}), TARGET, 'State "B" is not reachable', "/States/B"),
    (machine({"A": PASS}, StartAt="No"), TARGET, "Missing 'Next' target: No", "/StartAt"),
    (
        machine({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}),
        "MISSING_END_STATE",
        "Workflow has no terminal state",
        None,
    ),
    (machine({"A": PASS | {"Output": "{% phone %}"}}), "UNSUPPORTED_JSONATA_EXPRESSION", "'phone'", "/States/A/Output"),
    (machine({"A": PASS | {"Output": "{% $$ %}"}}), "UNSUPPORTED_JSONATA_EXPRESSION", "'$$'", "/States/A/Output"),
    (machine({"A": PASS | {"Output": "{% $states.result %}"}}), "UNSUPPORTED_JSONATA_EXPRESSION", "'result'", None),
    (machine({"A": PASS | {"Output": "{% $states.nothing %}"}}), "UNSUPPORTED_JSONATA_EXPRESSION", "'nothing'", None),
    (
        machine(task(Output="{% $states.errorOutput %}")),
        "UNSUPPORTED_JSONATA_EXPRESSION",
        "'errorOutput'",
        "/States/A/Output",
    ),
    (machine({"A": PASS | {"Output": "{% ( %}"}}), "INVALID_JSONATA_EXPRESSION", "is not valid", "/States/A/Output"),
    (machine({"A": PASS | {"Output": "{% 1"}}), "INVALID_JSONATA_EXPRESSION", "ends with %}", "/States/A/Output"),
    (machine({"A": PASS | {"ResultPath": "$.a"}}), SCHEMA, "only supported for 'JSONPath'", "/States/A/ResultPath"),
    (
        machine({"A": PASS | {"Output": {}}}, "JSONPath"),
        SCHEMA,
        "QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for 'JSONata'",
        "/States/A/Output",
    ),
    (
        machine({"A": PASS | {"QueryLanguage": "JSONPath"}}),
        "INVALID_DOWNGRADE_QUERY_LANGUAGE",
        "can not be 'JSONPath' if set to 'JSONata' for the whole machine",
        "/States/A/QueryLanguage",
    ),
    (machine({"A": PASS | {"Retry": []}}), SCHEMA, "Field 'Retry' is not supported", "/States/A/Retry"),
    (machine({"A": PASS | {"end": True}}), SCHEMA, "Field 'end' is not supported", "/States/A/end"),
    (machine(task(Retry=[{}])), SCHEMA, "required: [ErrorEquals]", "/States/A/Retry[0]"),
    (machine(task(Retry=[{"ErrorEquals": ALL}, {"ErrorEquals": ["A"]}])), SCHEMA, "States.ALL must appear alone", None),
    (machine(task(Retry=[{"ErrorEquals": ["A"], "BackoffRate": 0.5}])), SCHEMA, "Minimum value is 1.0", None),
    (machine(task(Retry=[{"ErrorEquals": ["A"], "MaxDelaySeconds": 99_999_999}])), SCHEMA, "Maximum value is", None),
    (machine(task(Catch=[{"ErrorEquals": ALL}])), SCHEMA, "required: [Next]", "/States/A/Catch[0]"),
    (machine(task(TimeoutSeconds=0)), SCHEMA, "Minimum value is 1", "/States/A/TimeoutSeconds"),
    (machine(task(Credentials={})), SCHEMA, "'RoleArn' is required but was missing", "/States/A/Credentials"),
    (machine(task(Arguments={"JobName": "a", "JobQueue": "b"})), SCHEMA, "'JobDefinition' is required", None),
    (machine(task(Arguments=JOB | {"Command": "x"})), SCHEMA, "'Command' is not supported by Step Functions", None),
    (machine(task(Resource=f"{STATES}:aws-sdk:s3:eatObject")), SCHEMA, "is not recognized", "/States/A/Resource"),
    (machine(task(Resource=f"{STATES}:sqs:sendMessage.sync")), SCHEMA, "is not recognized", "/States/A/Resource"),
    (machine(task(Resource=f"{SUBMIT}.waitForTaskToken")), SCHEMA, "is not recognized", "/States/A/Resource"),
    (machine(choice(Variable="$.a")), SCHEMA, "only supported for 'JSONPath'", "/States/A/Choices[0]/Variable"),
    (machine(mapped({"Mode": "DISTRIBUTED"})), SCHEMA, "required: [ExecutionType]", None),
    (machine(mapped(DISTRIBUTED, Label="a b")), "INVALID_LABEL_NAME", "invalid character", "/States/A/Label"),
    (machine(mapped(DISTRIBUTED, Label="a" * 41)), "INVALID_LABEL_NAME", "cannot exceed 40", "/States/A/Label"),
    (machine(mapped(DISTRIBUTED, Label="")), "INVALID_LABEL_NAME", "cannot be empty", "/States/A/Label"),
    (machine(mapped({"Mode": "INLINE"}, ItemReader={"Resource": "x"})), SCHEMA, "'ItemReader' is not supported", None),
    (machine({"A": PASS | {"Assign": {"states": 1}}}), "RESERVED_VARIABLE_NAME", "'states'", None),
    (machine({"A": PASS | {"Assign": {"1a": 1}}}), "INVALID_VARIABLE_NAME", "'1a'", None),
    (machine({"A" * 81: PASS}), "INVALID_STATE_NAME", "80 characters", None),
    (machine({"I": {"Type": "Parallel", "Branches": [{"StartAt": "I", "States": {"I": PASS}}], "End": True}}),
     "DUPLICATE_STATE_NAME", "Duplicate State name: I", None),
    (machine({"A": {"Type": "Wait", "Seconds": 1, "Timestamp": "x", "End": True}}), SCHEMA, "exactly one of", None),
    (machine({"A": {"Type": "Sleep"}}), SCHEMA, "Must be one of", "/States/A/Type"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "sentence", "place"), WRONG)
def test_a_wrong_definition_is_told_by_code_words_and_place(
    text: str, code: str, sentence: str, place: str | None
) -> None:
    found = definition.problems(text)
    assert any(
        problem.code == code and sentence in problem.text and place in (None, problem.at) for problem in found
    ), found


def test_a_right_definition_has_no_problem() -> None:
    catch = [{"ErrorEquals": ALL, "Output": "{% $states.errorOutput.Cause %}", "Next": "B"}]
    states = task(Catch=catch, Output="{% $states.result.Status %}") | {"B": PASS}
    inner = "{% $map($states.input.list, function($v) { $v.name }) ~> $join(',') %}"
    assert definition.problems(machine(states)) == []
    assert definition.problems(machine({"A": PASS | {"Output": inner}})) == []
    assert definition.problems(machine({"A": PASS | {"Output": "{% $states.input.(a & b) %}"}})) == []


def test_creation_puts_the_problems_into_one_message(machines: Machines) -> None:
    with refused("InvalidDefinition", "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal"):
        machines.create({"A": {"Type": "Pass", "Next": "A"}})
    with refused("NotImplemented", "lambda:invoke is not run here"):
        machines.create(task(Resource="arn:aws:states:::lambda:invoke"))


def test_one_wrong_definition_spoils_none_after_it(machines: Machines) -> None:
    with refused("InvalidDefinition", "only supported for 'JSONPath'"):
        machines.create({"A": PASS | {"InputPath": "$.a"}})
    assert machines.create({"A": PASS | {"InputPath": "$.a"}}, language="JSONPath")


def test_validation_lists_them(machines: Machines) -> None:
    found = machines.sfn.validate_state_machine_definition(definition=machine({"A": PASS | {"Output": "{% x %}"}}))
    assert (found["result"], found["truncated"]) == ("FAIL", False)
    assert found["diagnostics"] == [
        {
            "severity": "ERROR",
            "code": "UNSUPPORTED_JSONATA_EXPRESSION",
            "message": "Reference to 'x' at the top level is not supported",
            "location": "/States/A/Output",
        }
    ]
    good = machines.sfn.validate_state_machine_definition(definition=machine({"A": PASS}))
    assert (good["result"], good["diagnostics"]) == ("OK", [])


def test_a_role_must_trust_step_functions(machines: Machines) -> None:
    with refused("AccessDeniedException", "Neither the global service principal states.amazonaws.com, nor"):
        machines.create({"A": PASS}, role=machines.role(service="ec2.amazonaws.com"))


@pytest.mark.parametrize("name", ["a b", "a/b", "a*b"])
def test_a_name_has_its_letters(machines: Machines, name: str) -> None:
    with refused("InvalidName", f"Invalid Name: '{name}'"):
        machines.sfn.create_state_machine(name=name, definition=machine({"A": PASS}), roleArn=machines.role())


def test_the_same_again_is_the_same_and_another_is_refused(machines: Machines, cloud: Cloud) -> None:
    name, role = cloud.name("machine"), machines.role()
    given = {"name": name, "definition": machine({"A": PASS}), "roleArn": role}
    first = machines.sfn.create_state_machine(**given)
    again = machines.sfn.create_state_machine(**given | {"roleArn": machines.role()})
    assert again["stateMachineArn"] == first["stateMachineArn"]
    assert again["creationDate"] == first["creationDate"]
    with refused("StateMachineAlreadyExists", first["stateMachineArn"]):
        machines.sfn.create_state_machine(**given | {"definition": machine({"B": PASS})})


def test_an_update_changes_what_is_given(machines: Machines) -> None:
    arn = machines.create({"A": PASS})
    with refused("MissingRequiredParameter", "must be specified"):
        machines.sfn.update_state_machine(stateMachineArn=arn)
    before = machines.sfn.describe_state_machine(stateMachineArn=arn)
    text = machine({"A": PASS | {"Output": 2}})
    machines.sfn.update_state_machine(stateMachineArn=arn, definition=text)
    after = machines.sfn.describe_state_machine(stateMachineArn=arn)
    assert (after["definition"], after["roleArn"]) == (text, before["roleArn"])
    assert after["revisionId"] != before["revisionId"]
    assert machines.run(arn)["output"] == "2"


def test_a_description_has_what_was_given(machines: Machines) -> None:
    arn = machines.create({"A": PASS}, tracingConfiguration={"enabled": True}, tags=[{"key": "a", "value": "b"}])
    found = machines.sfn.describe_state_machine(stateMachineArn=arn)
    assert (found["type"], found["status"]) == ("STANDARD", "ACTIVE")
    assert found["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert found["tracingConfiguration"] == {"enabled": True}
    assert found["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
    machines.sfn.tag_resource(resourceArn=arn, tags=[{"key": "c", "value": "d"}])
    machines.sfn.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert machines.sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "c", "value": "d"}]
    names = [item["stateMachineArn"] for item in machines.sfn.list_state_machines()["stateMachines"]]
    assert arn in names
    machines.sfn.delete_state_machine(stateMachineArn=arn)
    with refused("StateMachineDoesNotExist", arn):
        machines.sfn.describe_state_machine(stateMachineArn=arn)


LOGS = (
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
)  # fmt: skip


def logging(arn: str, level: str = "ALL") -> dict[str, Any]:
    place = {"cloudWatchLogsLogGroup": {"logGroupArn": arn}}
    return {"level": level, "includeExecutionData": True, "destinations": [place] if arn else []}


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("", "Must specify exactly one Log Destination"),
        ("arn:aws:s3:::bucket", "Must set valid log group ARN"),
        (f"arn:aws:logs:{REGION}:908710317728:log-group:none", "must be provided with '*' qualifier"),
        (f"arn:aws:logs:{REGION}:908710317728:log-group:none:*", "Log Destination not found"),
    ],
)
def test_logging_needs_one_group_that_is_there(machines: Machines, group: str, text: str) -> None:
    with refused("InvalidLoggingConfiguration", text):
        machines.create({"A": PASS}, *LOGS, loggingConfiguration=logging(group))


def test_logging_needs_every_right_of_the_role(machines: Machines, cloud: Cloud) -> None:
    group = f"/aws/vendedlogs/{cloud.name('states')}"
    cloud.client("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{REGION}:908710317728:log-group:{group}:*"
    for missing in LOGS:
        with refused("AccessDeniedException", "is not authorized to access the Log Destination"):
            machines.create(
                {"A": PASS}, *[action for action in LOGS if action != missing], loggingConfiguration=logging(arn)
            )
    assert machines.create({"A": PASS}, *LOGS, loggingConfiguration=logging(arn))


@pytest.mark.parametrize(
    ("encryption", "text"),
    [
        ({"type": "CUSTOMER_MANAGED_KMS_KEY"}, "Must set a valid kmsKeyId"),
        ({"type": "AWS_OWNED_KEY", "kmsKeyId": "a"}, "must not be set"),
        ({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "arn:aws:kms:eu-west-1:1:key/a"}, "invalid arn"),
    ],
)
def test_encryption_needs_a_key_of_the_region(machines: Machines, encryption: dict[str, str], text: str) -> None:
    with refused("InvalidEncryptionConfiguration", text):
        machines.create({"A": PASS}, encryptionConfiguration=encryption)


def test_what_is_not_modelled_is_refused_by_name(machines: Machines) -> None:
    arn = machines.create({"A": PASS})
    with refused("NotImplemented", "PublishStateMachineVersion"):
        machines.sfn.publish_state_machine_version(stateMachineArn=arn)
    with refused("NotImplemented", "EXPRESS"):
        machines.create({"A": PASS}, type="EXPRESS")

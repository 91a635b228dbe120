"""State machines that AWS takes: what it keeps of them, and what it tells of those it does not take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.server.services.stepfunctions import definition

from .batch_steps import refused
from .conftest import Cloud
from .states_steps import ALL, JOB, PASS, SUBMIT, Machines, task
from .states_steps import definition as text_of


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


def test_a_right_definition_has_no_problem() -> None:
    catch = [{"ErrorEquals": ALL, "Output": "{% $states.errorOutput.Cause %}", "Next": "B"}]
    states = task(Catch=catch, Output="{% $states.result.Status %}") | {"B": PASS}
    inner = "{% $map($states.input.list, function($v) { $v.name }) ~> $join(',') %}"
    assert definition.problems(text_of(states)) == []
    assert definition.problems(text_of({"A": PASS | {"Output": inner}})) == []
    assert definition.problems(text_of({"A": PASS | {"Output": "{% $states.input.(a & b) %}"}})) == []


@pytest.mark.parametrize("value", [None, 5, 1.5, True, "x", [], {}, [1], [[]], [{}], {"a": 1}, ["ProcessorConfig"]])
def test_sfn_01_fields_of_other_types(value: Any) -> None:
    """Wherever a value of a right definition is another, it is right still, or there are problems: no other failure."""
    retry = {"ErrorEquals": ["X"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.5, "MaxDelaySeconds": 4}
    catch = {"ErrorEquals": ALL, "Next": "B", "Assign": {"x": 1}}
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": "a"},
        "ReaderConfig": {"MaxItems": 3},
    }
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    block = {"ProcessorConfig": config, "StartAt": "I", "States": {"I": PASS}}
    either = [{"Variable": "$.a", "StringEquals": "x"}, {"Not": {"Variable": "$.b", "NumericEqualsPath": "$.c"}}]
    machine = {
        "TimeoutSeconds": 5,
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Resource": SUBMIT, "Parameters": JOB, "Retry": [retry], "Catch": [catch],
                  "Credentials": {"RoleArn": "x"}, "TimeoutSeconds": 4, "ResultPath": "$.a", "Next": "M"},
            "M": {"Type": "Map", "QueryLanguage": "JSONata", "MaxConcurrency": 2, "Label": "l", "ItemReader": reader,
                  "ItemBatcher": {"MaxItemsPerBatch": 2}, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject"},
                  "ItemSelector": {"a": 1}, "ItemProcessor": block, "Next": "P"},
            "P": {"Type": "Parallel", "Branches": [{"StartAt": "Q", "States": {"Q": PASS}}], "Next": "C"},
            "C": {"Type": "Choice", "Choices": [{"And": either, "Next": "B"}], "Default": "F"},
            "B": {"Type": "Pass", "Assign": {"b.$": "$.a"}, "End": True},
            "F": {"Type": "Fail", "Error": "a"},
        },
    }  # fmt: skip
    assert definition.problems(json.dumps(machine)) == []

    def changed(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            kept, node[key] = node[key], value
            definition.problems(json.dumps(machine))
            node[key] = kept
            changed(kept)

    changed(machine)


def test_one_wrong_definition_spoils_none_after_it(machines: Machines) -> None:
    with refused("InvalidDefinition", "only supported for 'JSONPath'"):
        machines.create({"A": PASS | {"InputPath": "$.a"}})
    assert machines.create({"A": PASS | {"InputPath": "$.a"}}, language="JSONPath")


def test_validation_lists_them(machines: Machines) -> None:
    found = machines.sfn.validate_state_machine_definition(definition=text_of({"A": PASS | {"Output": "{% x %}"}}))
    assert (found["result"], found["truncated"]) == ("FAIL", False)
    assert found["diagnostics"] == [
        {
            "severity": "ERROR",
            "code": "UNSUPPORTED_JSONATA_EXPRESSION",
            "message": "Reference to 'x' at the top level is not supported",
            "location": "/States/A/Output",
        }
    ]
    good = machines.sfn.validate_state_machine_definition(definition=text_of({"A": PASS}))
    assert (good["result"], good["diagnostics"]) == ("OK", [])


def test_an_update_changes_what_is_given(machines: Machines) -> None:
    arn = machines.create({"A": PASS})
    before = machines.sfn.describe_state_machine(stateMachineArn=arn)
    text = text_of({"A": PASS | {"Output": 2}})
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
    pages = machines.sfn.get_paginator("list_state_machines").paginate()
    names = [item["stateMachineArn"] for page in pages for item in page["stateMachines"]]
    assert arn in names
    machines.sfn.delete_state_machine(stateMachineArn=arn)
    with refused("StateMachineDoesNotExist", arn):
        machines.sfn.describe_state_machine(stateMachineArn=arn)


def test_what_is_not_modelled_is_refused_by_name(machines: Machines) -> None:
    arn = machines.create({"A": PASS})
    with refused("NotImplemented", "PublishStateMachineVersion"):
        machines.sfn.publish_state_machine_version(stateMachineArn=arn)

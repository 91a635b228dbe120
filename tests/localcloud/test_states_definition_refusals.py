"""What Step Functions refuses about a definition, row by row of docs/refusals.md: by code, words and place."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.server.services.stepfunctions.definition import problems

from .batch_steps import refused
from .conftest import Cloud
from .states_steps import ALL, JOB, PASS, SUBMIT, SYNC_RULE, Machines, definition, task

SCHEMA, TARGET = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET"
UNSUPPORTED, INVALID = "UNSUPPORTED_JSONATA_EXPRESSION", "INVALID_JSONATA_EXPRESSION"
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
STATES = "arn:aws:states::"


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


@pytest.fixture(scope="module")
def role(machines: Machines) -> str:
    """One that may wait for jobs."""
    return machines.role(*SYNC_RULE)


class Teller:
    """Tells what is wrong with a definition, as CreateStateMachine does."""

    def __init__(self, machines: Machines, role: str) -> None:
        self.machines, self.role = machines, role

    def __call__(self, text: str, code: str, words: str, at: str | None = "", kind: str = "STANDARD") -> None:
        """One problem has that code, those words and, unless it is empty, that place."""
        found = [
            problem
            for problem in problems(text, express=kind == "EXPRESS")
            if problem.code == code and words in problem.text and at in ("", problem.at)
        ]
        assert found, problems(text)
        with refused("InvalidDefinition", found[0].sentence):
            self.machines.sfn.create_state_machine(
                name=self.machines.cloud.name("wrong"), definition=text, roleArn=self.role, type=kind
            )


@pytest.fixture(scope="module")
def told(machines: Machines, role: str) -> Teller:
    return Teller(machines, role)


def only(**more: Any) -> str:
    """The text of a machine of one Pass state."""
    return definition({"A": PASS | more})


def submits(**more: Any) -> str:
    return definition(task(**more))


def by_path(state: dict[str, Any]) -> str:
    return definition({"A": {"End": True} | state}, "JSONPath")


def choice(**more: Any) -> dict[str, Any]:
    return {"A": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "B"} | more]}, "B": PASS}


def mapped(config: dict[str, Any], **more: Any) -> str:
    block = {"ProcessorConfig": config, "StartAt": "I", "States": {"I": PASS}}
    return definition({"A": {"Type": "Map", "ItemProcessor": block, "End": True} | more})


def branched(states: dict[str, Any], **more: Any) -> str:
    block = {"StartAt": next(iter(states)), "States": states} | more
    return definition({"A": {"Type": "Parallel", "Branches": [block], "End": True}})


def test_sfn_01_every_problem_in_one_message(machines: Machines, told: Teller) -> None:
    told("{", "INVALID_JSON_DESCRIPTION", "", None)
    told("[" * 100_000, "INVALID_JSON_DESCRIPTION", "", None)
    told("[]", "INVALID_JSON_DESCRIPTION", "must be a JSON object", None)
    told(definition({}), SCHEMA, "required: [States]", "/")
    told(definition({"A": {"Type": "Sleep"}}), SCHEMA, "Must be one of", "/States/A/Type")
    told(definition({"A": PASS}, "XPath"), SCHEMA, "Must be one of", "/QueryLanguage")
    one = "SCHEMA_VALIDATION_FAILED: Field 'end' is not supported at /States/A/end"
    other = "INVALID_VARIABLE_NAME: Variable name '1a' is invalid at /States/A/Assign"
    with refused("InvalidDefinition", f"Invalid State Machine Definition: '{one}, {other}'"):
        machines.create({"A": PASS | {"end": True, "Assign": {"1a": 1}}})
    with refused("NotImplemented", "lambda:invoke is not run here"):
        machines.create(task(Resource="arn:aws:states:::lambda:invoke"))


def test_sfn_01_type_that_a_field_has(told: Teller) -> None:
    for more, kind, place in (
        ({"Retry": "x"}, "Array", "Retry"),
        ({"Retry": ["x"]}, "Object", "Retry[0]"),
        ({"Catch": [{"ErrorEquals": [1], "Next": "A"}]}, "String", "Catch[0]/ErrorEquals[0]"),
        ({"Retry": [{"ErrorEquals": ["A"], "MaxAttempts": "{% 1 %}"}]}, "Integer", "Retry[0]/MaxAttempts"),
        ({"TimeoutSeconds": 1.5}, "Integer", "TimeoutSeconds"),
        ({"TimeoutSeconds": "1"}, "Integer", "TimeoutSeconds"),
        ({"Assign": []}, "Object", "Assign"),
        ({"Arguments": "x"}, "Object", "Arguments"),
        ({"Resource": 5}, "String", "Resource"),
        ({"End": "true"}, "Boolean", "End"),
    ):
        told(submits(**more), SCHEMA, f"Expected value of type {kind}", f"/States/A/{place}")
    assert problems(submits(TimeoutSeconds="{% 60 %}", Arguments="{% {} %}")) == []
    told(definition({"A": PASS}, TimeoutSeconds="1"), SCHEMA, "Expected value of type Integer", "/TimeoutSeconds")
    told(mapped({"Mode": 5}), SCHEMA, "Expected value of type String", "/States/A/ItemProcessor/ProcessorConfig/Mode")
    told(branched({"I": PASS}, StartAt=5), SCHEMA, "Expected value of type String", "/States/A/Branches[0]/StartAt")


def test_sfn_02_target_that_is_not_there(told: Teller) -> None:
    missing = "Missing 'Next' target: No"
    told(definition({"A": {"Type": "Pass", "Next": "No"}, "B": PASS}), TARGET, missing, "/States/A/Next")
    told(definition({"A": PASS}, StartAt="No"), TARGET, missing, "/StartAt")
    told(submits(Catch=[{"ErrorEquals": ALL, "Next": "No"}]), TARGET, missing, "/States/A/Catch[0]/Next")
    told(definition(choice(Next="No")), TARGET, missing, "/States/A/Choices[0]/Next")
    default = choice()
    default["A"]["Default"] = "No"
    told(definition(default), TARGET, missing, "/States/A/Default")
    outward = branched({"I": {"Type": "Pass", "Next": "A"}, "J": PASS})
    told(outward, TARGET, "Missing 'Next' target: A", "/States/A/Branches[0]/States/I/Next")


def test_sfn_03_state_that_nothing_leads_to(told: Teller) -> None:
    told(definition({"A": PASS, "B": PASS}), TARGET, 'State "B" is not reachable', "/States/B")


def test_sfn_04_no_end_two_ends_or_neither(told: Teller) -> None:
    endless = definition({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}})
    told(endless, "MISSING_END_STATE", "Workflow has no terminal state", None)
    told(only(Next="A"), SCHEMA, "There should only be one of [Next, End]", "/States/A")
    told(definition({"A": {"Type": "Pass"}}), SCHEMA, "These fields are required: [Next or End]", "/States/A")


def test_sfn_05_expression_without_a_context_item(told: Teller) -> None:
    for expression, code, words in (
        ("phone", UNSUPPORTED, "Reference to 'phone' at the top level is not supported"),
        ("$$", UNSUPPORTED, "'$$'"),
        ("$states.result", UNSUPPORTED, "Field 'result' does not exist"),
        ("$states.errorOutput", UNSUPPORTED, "'errorOutput'"),
        ("$states.nothing", UNSUPPORTED, "'nothing'"),
        ("(", INVALID, "is not valid"),
        ("", INVALID, "is empty"),
    ):
        told(only(Output=f"{{% {expression} %}}"), code, words, "/States/A/Output")
    told(submits(Output="{% $states.errorOutput %}"), UNSUPPORTED, "'errorOutput'", "/States/A/Output")


def test_sfn_06_field_of_the_other_language(told: Teller) -> None:
    path = "QueryLanguage is set to 'JSONata', but field '{}' is only supported for 'JSONPath'"
    for name in ("ResultPath", "InputPath", "Parameters"):
        value = {} if name == "Parameters" else "$.a"
        told(only(**{name: value}), SCHEMA, path.format(name), f"/States/A/{name}")
    told(submits(ResultSelector={}), SCHEMA, path.format("ResultSelector"), "/States/A/ResultSelector")
    told(definition(choice(Variable="$.a")), SCHEMA, path.format("Variable"), "/States/A/Choices[0]/Variable")
    other = "QueryLanguage is set to 'JSONPath', but field '{}' is only supported for 'JSONata'"
    told(by_path({"Type": "Pass", "Output": {}}), SCHEMA, other.format("Output"), "/States/A/Output")
    arguments = {"Type": "Task", "Resource": SUBMIT, "Arguments": JOB}
    told(by_path(arguments), SCHEMA, other.format("Arguments"), "/States/A/Arguments")
    condition = definition(choice(), "JSONPath")
    told(condition, SCHEMA, other.format("Condition"), "/States/A/Choices[0]/Condition")


def test_sfn_07_path_state_in_a_machine_of_expressions(told: Teller) -> None:
    text = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for the whole machine"
    told(only(QueryLanguage="JSONPath"), "INVALID_DOWNGRADE_QUERY_LANGUAGE", text, "/States/A/QueryLanguage")
    assert problems(definition({"A": PASS | {"QueryLanguage": "JSONata"}}, "JSONPath")) == []


def test_sfn_08_field_of_another_type_of_state(told: Teller) -> None:
    told(only(Retry=[]), SCHEMA, "Field 'Retry' is not supported", "/States/A/Retry")
    told(only(end=True), SCHEMA, "Field 'end' is not supported", "/States/A/end")
    ended = choice()
    ended["A"]["End"] = True
    told(definition(ended), SCHEMA, "Field 'End' is not supported", "/States/A/End")
    told(definition({"A": {"Type": "Fail", "Next": "A"}}), SCHEMA, "Field 'Next' is not supported", "/States/A/Next")
    timed = mapped({}, TimeoutSeconds=5)
    told(timed, SCHEMA, "Field 'TimeoutSeconds' is not supported", "/States/A/TimeoutSeconds")
    block = {"QueryLanguage": "JSONata", "StartAt": "I", "States": {"I": PASS}}
    inner = mapped({}, ItemProcessor=block)
    told(inner, SCHEMA, "Field 'QueryLanguage' is not supported", "/States/A/ItemProcessor/QueryLanguage")
    twice = definition({"A": {"Type": "Wait", "Seconds": 1, "Timestamp": "x", "End": True}})
    told(twice, SCHEMA, "There must be exactly one of", "/States/A")


def test_sfn_09_retriers_and_catchers(told: Teller) -> None:
    last = "States.ALL must appear alone and at the end of the list"
    told(submits(Retry=[{}]), SCHEMA, "required: [ErrorEquals]", "/States/A/Retry[0]")
    told(submits(Retry=[{"ErrorEquals": []}]), SCHEMA, "required: [ErrorEquals]", "/States/A/Retry[0]")
    told(submits(Retry=[{"ErrorEquals": ALL}, {"ErrorEquals": ["A"]}]), SCHEMA, last, "/States/A/Retry[0]/ErrorEquals")
    told(submits(Retry=[{"ErrorEquals": ["A", *ALL]}]), SCHEMA, last, "/States/A/Retry[0]/ErrorEquals")
    told(submits(Catch=[{"ErrorEquals": ALL}]), SCHEMA, "required: [Next]", "/States/A/Catch[0]")
    for name, value, words in (
        ("MaxAttempts", 100_000_000, "Maximum value is 99999999"),
        ("BackoffRate", 0.5, "Minimum value is 1.0"),
        ("MaxDelaySeconds", 0, "Minimum value is 1"),
        ("MaxDelaySeconds", 31_622_401, "Maximum value is 31622400"),
        ("IntervalSeconds", 0, "Minimum value is 1"),
        ("JitterStrategy", "SOME", "Must be one of [FULL, NONE]"),
    ):
        told(submits(Retry=[{"ErrorEquals": ["A"], name: value}]), SCHEMA, words, f"/States/A/Retry[0]/{name}")


def test_sfn_10_distributed_maps(told: Teller) -> None:
    config = "/States/A/ItemProcessor/ProcessorConfig"
    told(mapped({"Mode": "DISTRIBUTED"}), SCHEMA, "required: [ExecutionType]", config)
    told(mapped({"ExecutionType": "STANDARD"}), SCHEMA, "Field 'ExecutionType' is not", f"{config}/ExecutionType")
    told(mapped({"Mode": "MIXED"}), SCHEMA, "Must be one of [DISTRIBUTED, INLINE]", f"{config}/Mode")
    told(mapped({"Mode": "INLINE"}, ItemReader={"Resource": "x"}), SCHEMA, "'ItemReader' is not supported")
    told(mapped(DISTRIBUTED, ItemReader={"Resource": f"{STATES}:s3:headObject"}), SCHEMA, "is not recognized")
    delimited = {"Resource": f"{STATES}:s3:getObject", "ReaderConfig": {"InputType": "CSV", "CSVDelimiter": ";"}}
    told(mapped(DISTRIBUTED, ItemReader=delimited), SCHEMA, "Must be one of [COMMA, PIPE, SEMICOLON, SPACE, TAB]")
    for label, words in (("a" * 41, "cannot exceed 40"), ("", "cannot be empty"), ("a b", "invalid character")):
        told(mapped(DISTRIBUTED, Label=label), "INVALID_LABEL_NAME", words, "/States/A/Label")
    for letter in '?*<>{}[]:;,\\|^~$#%&`"':
        told(mapped(DISTRIBUTED, Label=f"a{letter}"), "INVALID_LABEL_NAME", "invalid character", "/States/A/Label")


@pytest.mark.parametrize(
    "resource",
    ["aws-sdk:s3:eatObject", "aws-sdk:none:get", "aws-sdk:s3:getObject.sync", "dynamodb:query", "sqs:sendMessage.sync",
     "sns:publish.sync", "batch:submitJob.waitForTaskToken"],
)  # fmt: skip
def test_sfn_11_integration_that_is_none(told: Teller, resource: str) -> None:
    told(submits(Resource=f"{STATES}:{resource}"), SCHEMA, "is not recognized", "/States/A/Resource")


def test_sfn_12_parameters_that_an_integration_needs(told: Teller) -> None:
    for needed in JOB:
        given = {name: value for name, value in JOB.items() if name != needed}
        words = f"The field '{needed}' is required but was missing"
        told(submits(Arguments=given), SCHEMA, words, "/States/A/Arguments")
    none = {"A": {"Type": "Task", "Resource": SUBMIT, "End": True}}
    told(definition(none), SCHEMA, "required: [Arguments]", "/States/A")
    told(definition(none, "JSONPath"), SCHEMA, "required: [Parameters]", "/States/A")
    told(submits(Arguments=JOB | {"Command": "x"}), SCHEMA, "'Command' is not supported by Step Functions")


def test_sfn_26_expressions_paths_and_variables_that_are_none(told: Teller) -> None:
    told(only(Output="{% 1"), INVALID, "begins with {% and ends with %}", "/States/A/Output")
    told(only(Assign={"states": 1}), "RESERVED_VARIABLE_NAME", "'states'", "/States/A/Assign")
    for name in ("1a", "a-b", "a" * 81):
        told(only(Assign={name: 1}), "INVALID_VARIABLE_NAME", f"'{name}'", "/States/A/Assign")
    told(by_path({"Type": "Pass", "InputPath": "a"}), SCHEMA, "is not a JSONPath: a", "/States/A/InputPath")
    told(by_path({"Type": "Pass", "ResultPath": "$..a"}), SCHEMA, "is not a Reference Path", "/States/A/ResultPath")
    for value in (5, "a"):
        template = by_path({"Type": "Pass", "Parameters": {"deep": [{"a.$": value}]}})
        words = "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call"
        told(template, SCHEMA, words, "/States/A/Parameters/deep[0]/a.$")
    rule = {"Type": "Choice", "Choices": [{"Variable": "a", "IsNull": True, "Next": "B"}]}
    told(definition({"A": rule, "B": PASS}, "JSONPath"), SCHEMA, "not a JSONPath: a", "/States/A/Choices[0]/Variable")


def test_sfn_27_ranges_and_twins(told: Teller) -> None:
    told(submits(TimeoutSeconds=0), SCHEMA, "Minimum value is 1", "/States/A/TimeoutSeconds")
    told(submits(TimeoutSeconds=100_000_000), SCHEMA, "Maximum value is 99999999", "/States/A/TimeoutSeconds")
    told(definition({"A": PASS}, TimeoutSeconds=0), SCHEMA, "Minimum value is 1", "/TimeoutSeconds")
    beating = submits(TimeoutSeconds=5, HeartbeatSeconds=5)
    told(beating, SCHEMA, "HeartbeatSeconds must be smaller than TimeoutSeconds", "/States/A/HeartbeatSeconds")
    twins = {"Type": "Task", "Resource": SUBMIT, "Parameters": JOB, "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.a"}
    told(by_path(twins), SCHEMA, "There should only be one of [TimeoutSeconds, TimeoutSecondsPath]", "/States/A")


def test_sfn_28_express_machine_that_waits_or_maps(told: Teller, machines: Machines) -> None:
    words = "Express state machine does not support"
    told(submits(Resource=f"{SUBMIT}.sync"), SCHEMA, f"{words} '.sync' service", "/States/A/Resource", "EXPRESS")
    told(mapped(DISTRIBUTED), SCHEMA, f"{words} Distributed Map", "/States/A", "EXPRESS")
    with refused("NotImplemented", "EXPRESS"):
        machines.create({"A": PASS}, type="EXPRESS")


def test_sfn_29_names_of_states(told: Teller) -> None:
    told(definition({"A" * 81: PASS}), "INVALID_STATE_NAME", "80 characters")
    told(branched({"A": PASS}), "DUPLICATE_STATE_NAME", "Duplicate State name: A", "/States/A/Branches[0]/States/A")
    two: dict[str, dict[str, Any]] = {name: {"Type": "Map", "Label": "l", "End": True} for name in ("A", "B")}
    for name, state in two.items():
        inner = {"ProcessorConfig": DISTRIBUTED, "StartAt": f"{name}1", "States": {f"{name}1": PASS}}
        state["ItemProcessor"] = inner
    two["A"] = {key: value for key, value in two["A"].items() if key != "End"} | {"Next": "B"}
    told(definition(two), "DUPLICATE_LABEL_NAME", "Duplicate label: l", "/States/B/Label")


def test_sfn_30_credentials_without_a_role(told: Teller) -> None:
    told(submits(Credentials={}), SCHEMA, "The field 'RoleArn' is required but was missing", "/States/A/Credentials")

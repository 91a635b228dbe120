"""What a client may send, what is refused, and where a run's files lie."""

from __future__ import annotations

import json
import posixpath
import re
from typing import Any

import pytest
from botocore import xform_name
from hypothesis import settings
from hypothesis import strategies as st
from jsonata.jexception import JException

from components.orchestration import contract
from tests.unit.jsonata import evaluate, resolve
from tests.unit.machines import PREFIX, client_input, context, entered, machine_args, states, two_stages
from tests.untimed import given

ARGS = machine_args()
FOLDER = contract.folder()
REFUSED = "the input of the execution is refused: "


def faults(given: Any, *stages: str) -> str:
    """The Cause with which an input is refused; the first state's fields fail then, and only then."""
    first, found = states(*stages), {"context": context(given), "input": given}
    try:
        resolve(first["PreprocessInput"]["Arguments"], states=found)
    except (JException, AssertionError):
        found["input"] = {"Error": "States.QueryEvaluationError", "Cause": "AWS's own words"}
        cause = resolve(first["RefuseInput"], states=found)
        assert cause["Error"] == "BadInput"
        return cause["Cause"].removeprefix(REFUSED)
    return ""


def test_what_the_portals_client_sends_is_accepted() -> None:
    assert faults(client_input()) == ""
    assert faults(two_stages(), "One", "Two") == ""


def test_the_first_state_writes_the_stages_input_where_swipe_did() -> None:
    given = client_input()
    written = resolve(states()["PreprocessInput"]["Arguments"], states={"context": context(given)})
    key = "swipe/swipe-job-output/1700000000-x/results/standardize_dirs.wdl-0/run_input.json"
    assert (written["Bucket"], written["Key"]) == ("cryoet-swipe-comms-dev", key)
    assert written["Body"] == given["Input"]["Run"]


def test_the_state_holds_the_input_its_places_and_the_defaults() -> None:
    given = client_input(extra={"rides": ["along"]})
    del given["RunEC2Memory"], given["RunSPOTVcpu"]
    assigned = entered(given)
    assert assigned["state"] == {
        **given,
        "RunEC2Memory": 256_000,
        "RunSPOTVcpu": 2,
        "RUN_INPUT_URI": f"{PREFIX}/standardize_dirs.wdl-0/run_input.json",
        "RUN_OUTPUT_URI": f"{PREFIX}/standardize_dirs.wdl-0/run_output.json",
        "Result": {},
        "BatchJobDetails": {},
    }
    assert (assigned["market"], assigned["io_map"]) == ("SPOT", {})


def test_a_clients_own_result_stays() -> None:
    assert entered(client_input(Result={"a.b": 1}))["state"]["Result"] == {"a.b": 1}
    assert entered(client_input(Result=[1]))["state"]["Result"] == {}


@pytest.mark.parametrize(("asked", "market"), [(True, "EC2"), (False, "SPOT")])
def test_do_not_interrupt_goes_straight_to_on_demand(asked: bool, market: str) -> None:
    assert entered(client_input(DoNotInterrupt=asked))["market"] == market


ABSENT = object()
LAST = "cryoet-swipe-comms-dev, not "


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("OutputPrefix", "http://x/y", f'OutputPrefix must be an s3:// URI in s3://{LAST}"http://x/y"'),
        (
            "OutputPrefix",
            "s3://cryoet-swipe-comms-dev2/y",
            f'OutputPrefix must be an s3:// URI in s3://{LAST}"s3://cryoet',
        ),
        ("OutputPrefix", 3, f"OutputPrefix must be an s3:// URI in s3://{LAST}3"),
        ("OutputPrefix", ABSENT, f"OutputPrefix must be an s3:// URI in s3://{LAST}nothing"),
        (
            "RUN_WDL_URI",
            "s3://wdl/standardize.py",
            'RUN_WDL_URI must be the s3:// URI of a .wdl or .wdl.zip file, not "s3',
        ),
        ("RUN_WDL_URI", "https://x/y.wdl", 'RUN_WDL_URI must be the s3:// URI of a .wdl or .wdl.zip file, not "https'),
        ("RUN_WDL_URI", ABSENT, "RUN_WDL_URI must be the s3:// URI of a .wdl or .wdl.zip file, not nothing"),
        ("Input", "x", "Input must be an object, not string; Input.Run must be an object, not nothing"),
        ("Input", ABSENT, "Input must be an object, not nothing; Input.Run must be an object, not nothing"),
        ("Input", {"Rum": {}}, "Input.Run must be an object, not nothing"),
        ("Input", {"Run": []}, "Input.Run must be an object, not array"),
        (
            "RunSPOTMemory",
            "24000",
            "RunSPOTMemory must be a whole number of MiB from 4 to 786432, which the largest machine",
        ),
        ("RunEC2Memory", 786_433, "RunEC2Memory must be a whole number of MiB from 4 to 786432"),
        ("RunSPOTMemory", 3, "RunSPOTMemory must be a whole number"),
        ("RunSPOTMemory", 24000.5, "RunSPOTMemory must be a whole number"),
        (
            "RunSPOTMemory",
            None,
            "RunSPOTMemory must be a whole number of MiB from 4 to 786432, which the largest machine has, not null",
        ),
        ("RunEC2Vcpu", 0, "RunEC2Vcpu must be a whole number from 1 to 96"),
        ("RunSPOTVcpu", 97, "RunSPOTVcpu must be a whole number from 1 to 96"),
        (
            "RunSPOTVcpu",
            True,
            "RunSPOTVcpu must be a whole number from 1 to 96, which the largest machine has, not true",
        ),
        ("DoNotInterrupt", "", 'DoNotInterrupt must be true or false, not ""'),
        ("DoNotInterrupt", 'a"b', r'DoNotInterrupt must be true or false, not "a\"b"'),
        ("DoNotInterrupt", ["true"], 'DoNotInterrupt must be true or false, not ["true"]'),
        ("DoNotInterrupt", "true", 'DoNotInterrupt must be true or false, not "true"'),
    ],
)
def test_what_cannot_run_is_refused_by_name(key: str, value: Any, fault: str) -> None:
    given = {name: sent for name, sent in client_input(**{key: value}).items() if sent is not ABSENT}
    assert faults(given).startswith(fault)


def test_every_fault_is_said_at_once() -> None:
    told = faults({"Input": {"Run": {}}, "DoNotInterrupt": 1})
    assert [sentence.split()[0] for sentence in told.split("; ")] == ["OutputPrefix", "RUN_WDL_URI", "DoNotInterrupt"]


@pytest.mark.parametrize("sent", [[], "text", 3, None])
def test_an_input_that_is_no_object_is_refused(sent: Any) -> None:
    assert faults(sent).startswith("the input must be a JSON object, not ")


@pytest.mark.parametrize(
    ("uri", "kept"),
    [("s3://cryoet-swipe-wdl-dev/m.json", True), ("s3://elsewhere/m.json", False), (["x"], False)],
)
def test_a_map_of_stages_lies_where_the_machine_may_read(uri: Any, kept: bool) -> None:
    assert (faults(two_stages(STAGES_IO_MAP_JSON=uri), "One", "Two") == "") is kept


def test_another_evaluation_error_is_told_in_aws_words() -> None:
    found = {"context": context(client_input()), "input": {"Cause": "AWS's own words"}}
    assert resolve(states()["RefuseInput"], states=found)["Cause"] == REFUSED + "AWS's own words"


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**7)
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Run", "x"]), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(list(client_input())), JSON_VALUES, max_size=3))
def test_any_input_is_accepted_and_gives_a_submit_or_is_refused_by_name(changed: dict[str, Any]) -> None:
    given = client_input(**changed)
    told = faults(given)
    if told:
        assert told.startswith(tuple(client_input()))
        return
    found = {"context": context(given)}
    job = resolve(states()["Run"]["Arguments"], states=found, **entered(given))
    memory, vcpus = (one["Value"] for one in job["ContainerOverrides"]["ResourceRequirements"])
    assert 4 <= int(memory) <= 786_432
    assert 1 <= int(vcpus) <= 96
    assert all(isinstance(one["Value"], str) for one in job["ContainerOverrides"]["Environment"])


def swipe_folder(given: dict[str, Any]) -> str:
    """The folder by the rule that clients know, in Python: paths of the whole URI."""
    uri = next(value for key, value in given.items() if key.endswith("_WDL_URI"))
    parts, rest = list[str](), uri
    while rest:
        rest, part = posixpath.split(rest)
        parts.insert(0, part)
    versioned = [part for part in parts if re.match(r".*-v([0-9]+)", part)]
    name = posixpath.splitext(versioned[0] if versioned else posixpath.basename(uri))[0]
    return posixpath.join(given["OutputPrefix"], re.sub(r"v([0-9]+)\..+", r"\1", name))


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("standardize_dirs.wdl-v0.0.1.wdl", "standardize_dirs.wdl-0"),
        ("sync-v0.0.2.wdl", "sync-0"),
        ("db_import-v0.0.3.wdl", "db_import-0"),
        ("test-v1.0.0.wdl.zip", "test-1"),
        ("plain.wdl", "plain"),
        ("flows-v2/plain.wdl", "flows-v2"),
    ],
)
def test_the_folder_is_named_after_the_workflow(uri: str, name: str) -> None:
    given = client_input(RUN_WDL_URI=f"s3://wdl/{uri}")
    assert evaluate(f"($in := {json.dumps(given)}; {FOLDER})") == f"{PREFIX}/{name}" == swipe_folder(given)


PARTS = st.lists(
    st.sampled_from(["a", "v1", "-v2", "v3.", ".", "-v", "wdl", "_", "9", ".x"]), min_size=1, max_size=5
).map("".join)


@settings(max_examples=150)
@given(
    st.lists(PARTS, min_size=1, max_size=3), st.sampled_from(["", "/", "/more/"]), st.sampled_from([".wdl", ".wdl.zip"])
)
def test_the_folder_is_where_clients_look_for_it(parts: list[str], end: str, extension: str) -> None:
    given = {
        "OutputPrefix": PREFIX + end,
        "A_WDL_URI": "s3://wdl/" + "/".join(parts) + extension,
        "B_WDL_URI": "s3://x/y",
    }
    assert evaluate(f"($in := {json.dumps(given)}; {FOLDER})") == swipe_folder(given)


@pytest.mark.parametrize("stage", ["Run", "HostFilter", "One", "Stage2Filter", "Ab3Cd"])
def test_names_of_stages_are_written_as_clients_write_them(stage: str) -> None:
    assert contract.snake(stage) == xform_name(stage) == re.sub(r"(?<!^)(?=[A-Z])", "_", stage).lower()
    assert contract.key(stage, "WDL") == f"{xform_name(stage).upper()}_WDL_URI"

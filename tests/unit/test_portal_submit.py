"""What `portal submit` sends: names and inputs of both generations of clients, and what it refuses."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from hypothesis import example, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from components.access import roles
from components.orchestration import contract
from components.orchestration.contract import Resources
from portal.commands.submit import app
from portal.environments import Discovered, Home, home, home_of
from portal.errors import PortalError
from portal.s3_uri import Uri
from portal.submission import abilities, batches, targets
from portal.submission.defaults import Command, Generation
from portal.submission.journal import Header, Journal
from portal.submission.listing import chosen
from portal.submission.names import distinct, execution_name
from portal.submission.requests import Job, Request, execution_input, refuse, request
from settings import Portal, load
from tests.unit.machines import LARGEST, two_stages
from tests.unit.stackfiles import changed, own_files, written
from tests.unit.test_statemachine_input import JSON_VALUES, client_input
from tests.unit.test_statemachine_input import faults as refused_by_the_machine
from tests.untimed import given

ACCOUNT, UNIX = "908710317728", 1_700_000_000
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com"
MACHINE = f"arn:aws:states:us-west-2:{ACCOUNT}:stateMachine:cryoet-ingestion-staging-default-wdl"
FOUND = Discovered(
    wdl_bucket="cryoet-swipe-wdl-staging", comms_bucket="cryoet-swipe-comms-staging", machine_arn=MACHINE
)
NAMES = st.text(max_size=120)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    return load("dev", written(own_files(), tmp_path_factory.mktemp("stacks")))


@pytest.fixture(scope="module")
def where(portal: Portal) -> Home:
    return home(portal, "staging")


def asked(command: Command, about: dict[str, str], generation: int = 2, **more: Any) -> Request:
    return request(command, Generation(generation), about, image=f"{REGISTRY}/cryoet-staging:main", **more)


def sent(command: Command, kind: Any, job: Job, where: Home, generation: int = 2) -> tuple[str, dict[str, Any]]:
    """Name and input of one job."""
    new = Journal(header=Header(batch="", identity="", environment="", machine="", unix=UNIX))
    (planned,) = batches.planned(new, asked(command, kind.about(), generation), [job], where, FOUND)
    return planned.name, json.loads(planned.input)


INGEST = targets.Ingest(
    config_file="../dataset_configs/10000.yaml",
    input_bucket="cryoetportal-rawdatasets-dev",
    output_path="cryoet-data-portal-staging",
    deposition="10300",
    dataset="10000",
    flags=["--import-everything"],
)


@pytest.mark.parametrize("generation", [1, 2])
def test_an_ingest_is_what_the_clients_send(where: Home, generation: int) -> None:
    name, found = sent(Command.QUEUE, INGEST, INGEST.job("TS_001"), where, generation)
    assert name == f"{UNIX}-dep10300-ds10000-runTS-001"
    assert found == {
        "Input": {
            "Run": {
                "aws_region": "us-west-2",
                "docker_image_id": f"{REGISTRY}/cryoet-staging:main",
                "config_file": "../dataset_configs/10000.yaml",
                "input_bucket": "cryoetportal-rawdatasets-dev",
                "output_path": "cryoet-data-portal-staging",
                "flags": "--import-everything --filter-dataset-name '^10000$' --filter-run-name '^TS_001$'",
            }
        },
        "OutputPrefix": f"s3://cryoet-swipe-comms-staging/swipe/swipe-job-output/{name}/results",
        "RUN_WDL_URI": "s3://cryoet-swipe-wdl-staging/standardize_dirs.wdl-v0.0.1.wdl",
        "RunEC2Memory": 24_000,
        "RunSPOTMemory": 24_000,
        "RunEC2Vcpu": 1,
        "RunSPOTVcpu": 1,
        "StateMachineArn": MACHINE,
    }


@pytest.mark.parametrize(("generation", "key"), [(1, "db_import-v0.0.3.wdl"), (2, "db_import-v0.0.4.wdl")])
def test_an_import_is_what_the_clients_send(where: Home, generation: int, key: str) -> None:
    wanted = targets.Import(
        s3_bucket="cryoet-data-portal-staging",
        https_prefix="https://files.cryoet.staging.si.czi.technology",
        environment="staging",
        image=f"{REGISTRY}/apiv2-x86:main",
        flags=["--import-everything"],
    )
    name, found = sent(Command.DB_IMPORT, wanted, wanted.job("10000"), where, generation)
    assert name == f"{UNIX}-dbimport-10000"
    assert found["RUN_WDL_URI"].endswith(f"/{key}")
    assert (found["RunEC2Memory"], found["RunSPOTVcpu"]) == (4_000, 1)
    assert found["Input"]["Run"] == {
        "aws_region": "us-west-2",
        "docker_image_id": f"{REGISTRY}/cryoet-staging:main",
        "s3_bucket": "cryoet-data-portal-staging",
        "https_prefix": "https://files.cryoet.staging.si.czi.technology",
        "flags": "--import-everything --s3-prefix 10000",
        "environment": "staging",
        "v2_docker_image_id": f"{REGISTRY}/apiv2-x86:main",
    }


@pytest.mark.parametrize(("generation", "key", "vcpus"), [(1, "sync-v0.0.1.wdl", 1), (2, "sync-v0.0.2.wdl", 4)])
def test_a_release_is_what_the_clients_send(where: Home, generation: int, key: str, vcpus: int) -> None:
    source, destination = (Uri(bucket=f"cryoet-data-portal-{one}", prefix="") for one in ("staging", "public"))
    wanted = targets.Release(source=source, destination=destination, flags=["--delete", "--exclude", "'*.mrc'"])
    name, found = sent(Command.SYNC, wanted, wanted.dataset("10000"), where, generation)
    assert name == f"{UNIX}-sync-ds-10000"
    assert found["RUN_WDL_URI"].endswith(f"/{key}")
    assert {found["RunEC2Vcpu"], found["RunSPOTVcpu"]} == {vcpus}
    run = found["Input"]["Run"]
    assert (run["input_path"], run["output_path"]) == ("10000", "10000")
    assert run["flags"] == "--delete --exclude '*.mrc'"
    name, found = sent(Command.SYNC, wanted, wanted.deposition("10300"), where, generation)
    assert name == f"{UNIX}-sync-dep-10300"
    assert found["Input"]["Run"]["input_path"] == "depositions_metadata/10300"
    assert wanted.everything().name(UNIX) == f"{UNIX}-sync-ds-cryoet-data-portal-staging"


def test_a_validation_is_what_the_clients_send(where: Home) -> None:
    checks = targets.Validation(kind="prod", input_bucket="public", output_bucket="cryoet-data-portal-staging")
    name, found = sent(Command.VALIDATE, checks, checks.dataset("10000"), where)
    assert name == f"{UNIX}-validate-prod-10000"
    assert found["RUN_WDL_URI"].endswith("/validate_dataset-v0.0.2.wdl")
    keys = {
        "dataset",
        "input_bucket",
        "output_bucket",
        "output_dir",
        "extra_args",
        "config_file",
        "flags",
        "test_entity",
    }
    assert set(found["Input"]["Run"]) == keys | {"aws_region", "docker_image_id"}
    sources = targets.Validation(kind="source", input_bucket="source", output_bucket="staging")
    name, found = sent(Command.SOURCE_VALIDATE, sources, sources.sources("../dataset_configs/10000.yaml"), where)
    assert name == f"{UNIX}-validate-src-10000-yaml"
    assert (found["Input"]["Run"]["test_entity"], found["Input"]["Run"]["output_dir"]) == (
        "source",
        "source_validation",
    )


def test_a_long_run_keeps_its_end_behind_the_whole_prefix() -> None:
    name = INGEST.job("a" * 90 + "end").name(UNIX)
    begin = f"{UNIX}-dep10300-ds10000"
    assert name == f"{begin}-run" + ("a" * 90 + "end")[-(76 - len(begin)) :]
    assert len(name) == 80
    assert execution_name(UNIX, "dbimport-" + "9" * 90) == "9" * 80


@settings(max_examples=200)
@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), NAMES, NAMES)
def test_any_names_give_valid_names_of_their_own(runs: list[str], deposition: str, dataset: str) -> None:
    begin = f"dep{deposition}-ds{dataset}-run"
    wanted = {run: execution_name(UNIX, begin + run, len(begin)) for run in runs}
    named = distinct(wanted, taken={next(iter(wanted.values()))})
    assert set(named) == set(runs)
    assert len(set(named.values())) == len(runs)
    assert all(re.fullmatch(r"[0-9a-zA-Z-]{1,80}", name) for name in named.values())
    assert named == distinct(wanted, taken={next(iter(wanted.values()))}), "the same again"


@given(NAMES)
def test_a_runs_filter_lets_that_run_through_and_no_other(run: str) -> None:
    words = shlex.split(INGEST.job(run).inputs["flags"])
    pattern = words[words.index("--filter-run-name") + 1]
    assert re.match(pattern, run) or run.endswith("\n")
    assert not re.match(pattern, run + "x")


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(list(client_input())), JSON_VALUES, max_size=3))
@example({"Input": [{"Run": {}}]})
@example({"Input": [[{"Run": {}}, {"Run": 1}]]})
def test_the_client_refuses_what_the_machine_refuses_and_nothing_else(changes: dict[str, Any]) -> None:
    sent = client_input(**changes)
    here = contract.refusals(sent, ("Run",), LARGEST, ("cryoet-swipe-comms-dev",), ("cryoet-swipe-wdl-dev",))
    assert [one.split()[0] for one in here] == [
        one.split()[0] for one in refused_by_the_machine(sent).split("; ") if one
    ]


@pytest.mark.parametrize("changes", [{}, {"STAGES_IO_MAP_JSON": "s3://elsewhere/m.json"}, {"Input": {"One": {}}}])
def test_inputs_of_several_stages_are_judged_alike(changes: dict[str, Any]) -> None:
    places = ("cryoet-swipe-comms-dev",), ("cryoet-swipe-comms-dev", "cryoet-swipe-wdl-dev")
    sent = two_stages(**changes)
    here = contract.refusals(sent, ("One", "Two"), LARGEST, *places)
    assert "; ".join(here) == refused_by_the_machine(sent, "One", "Two")


@settings(max_examples=50)
@given(st.integers(-5, 2_000_000), st.integers(-1, 200))
def test_what_is_submitted_fits_the_largest_machine(where: Home, memory: int, vcpus: int) -> None:
    found = asked(Command.QUEUE, INGEST.about(), memory_mib=memory, vcpus=vcpus)
    inputs = execution_input(found, INGEST.job("a"), "name", where, FOUND)
    most = where.orchestrator.largest_job()
    if 4 <= memory <= most.memory_mib and 1 <= vcpus <= most.vcpus:
        refuse([inputs], where, FOUND)
        return
    with pytest.raises(PortalError, match=r"Run(EC2|SPOT)(Memory|Vcpu) must be a whole number .* not -?\d+"):
        refuse([inputs], where, FOUND)


def test_the_limit_is_the_stack_files(where: Home) -> None:
    assert where.orchestrator.largest_job() == Resources(memory_mib=int(128 * 8 * 1024 * 0.97) - 300, vcpus=128)


def test_an_input_that_step_functions_does_not_take_is_refused(where: Home) -> None:
    inputs = execution_input(asked(Command.QUEUE, INGEST.about()), INGEST.job("a" * 300_000), "name", where, FOUND)
    with pytest.raises(PortalError, match=r"the input has 3.* bytes, Step Functions takes 262144"):
        refuse([inputs], where, FOUND)


def test_a_value_that_would_end_its_quotation_is_refused() -> None:
    with pytest.raises(PortalError, match=r"output_path: .* must have no apostrophe"):
        asked(Command.QUEUE, {"output_path": "bucket'; rm -rf /; '"})
    with pytest.raises(PortalError, match=r"--flags: .*No closing quotation"):
        targets.flags("--exclude '*.mrc")


def test_a_batch_of_before_keeps_its_identity() -> None:
    """A record that another version wrote is found again."""
    keys = {"command", "workflow", "image", "memory", "vcpus", "about"}
    assert set(asked(Command.QUEUE, {}).identity()) == keys
    assert asked(Command.QUEUE, {}, on_demand=True).identity()["on_demand"] is True


def test_the_older_client_has_no_vcpus() -> None:
    with pytest.raises(PortalError, match="--vcpu: 4: clients of generation 1 send 1 always"):
        asked(Command.SYNC, {}, 1, vcpus=4)


def test_a_dataset_without_a_number_must_be_named() -> None:
    assert targets.dataset_of("../dataset_configs/10000.yaml") == "10000"
    with pytest.raises(PortalError, match="--dataset: must be given: the file's name 'jensen' is not"):
        targets.dataset_of("configs/jensen.yaml")


def test_no_job_and_the_same_job_twice_are_refused() -> None:
    found = asked(Command.QUEUE, INGEST.about())
    with pytest.raises(PortalError, match="there is nothing to submit"):
        batches.identity(found, [])
    with pytest.raises(PortalError, match="'a': is named twice"):
        batches.identity(found, [INGEST.job("a"), INGEST.job("b"), INGEST.job("a")])


def test_filters_match_from_the_begin_on() -> None:
    assert chosen(["TS_1", "TS_12", "x_TS"], ["TS"], ["TS_12"], "run-name") == ["TS_1"]
    with pytest.raises(PortalError, match=r"--filter-run-name: '\(': is no regular expression"):
        chosen([], ["("], [], "run-name")


def test_an_environment_is_found_by_its_name_and_an_execution_by_its_arn(portal: Portal) -> None:
    found = home(portal, "prod")
    assert (found.stack, found.account, found.machine_arn.rpartition(":")[2]) == (
        "prod",
        "111122223333",
        "cryoet-ingestion-prod-default-wdl",
    )
    assert home_of(portal, found.execution_arn("x")) == (found, "x")
    with pytest.raises(PortalError, match="--environment: 'none': must be one of dev, prod, staging"):
        home(portal, "none")
    for arn in (found.machine_arn, found.execution_arn("x:y"), "arn:aws:states:x"):
        with pytest.raises(PortalError, match="is not the ARN of an execution"):
            home_of(portal, arn)


def test_an_environment_without_an_orchestrator_runs_nothing(tmp_path: Any) -> None:
    with pytest.raises(PortalError, match=r"--environment: 'dev': has no orchestrator in Pulumi.dev.yaml"):
        home(load("dev", written(changed(_no_orchestrators), tmp_path)), "dev")


def test_an_environment_without_ingest_or_import_takes_no_such_jobs(tmp_path: Any) -> None:
    def bare(files: dict[str, Any]) -> None:
        del files["dev"]["environments"]["dev"]["import"]

    portal = load("dev", written(changed(bare), tmp_path))
    with pytest.raises(PortalError, match=r"--environment: 'dev': has no import in Pulumi.dev.yaml"):
        abilities.import_bucket(portal, home(portal, "dev"), None)
    with pytest.raises(PortalError, match=r"--environment: 'prod': has no ingest in Pulumi.prod.yaml"):
        abilities.ingest_buckets(portal, home(portal, "prod"))


QUEUE = ["queue", "../dataset_configs/10000.yaml", "cryoetportal-rawdatasets-dev"]
RUN = ["--deposition", "10300", "--run"]
IMPOSSIBLE = [
    ([*QUEUE, "cryoet-data-portal-staging", *RUN, " "], "--run: ' ': must be a run's name"),
    (
        [*QUEUE, "cryoet-data-portal-staging/../x", *RUN, "a"],
        "OUTPUT_PATH: 'cryoet-data-portal-staging/../x': must have",
    ),
    ([*QUEUE, "cryoet-data-portal-staging//x", *RUN, "a"], "OUTPUT_PATH: 'cryoet-data-portal-staging//x': must have"),
    ([*QUEUE, "cryoet-data-portal-staging/x/", *RUN, "a", "--ecr-tag", "a b"], "--ecr-tag: 'a b': a tag has 1"),
    ([*QUEUE, "cryoet-data-portal-staging", *RUN, "a", "--ecr-repo", "Mine"], "--ecr-repo: 'Mine': 2 to 256"),
]


@pytest.mark.parametrize(("words", "says"), IMPOSSIBLE)
def test_what_no_job_could_do_is_refused_before_an_account_is_asked(words: list[str], says: str) -> None:
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, PortalError)
    assert str(done.exception).startswith(says)


def _no_orchestrators(files: dict[str, Any]) -> None:
    for settings_ in files.values():
        settings_["network"] = {"cidr": settings_["network"]["cidr"]}
        settings_.pop("cluster", None)
        for environment in settings_.get("environments", {}).values():
            for part in ("orchestrator", "database", "api", "frontend", "site"):
                environment.pop(part, None)


def test_operators_see_which_workflows_there_are() -> None:
    given = roles.operator(account=ACCOUNT, region="r", readable=(), environments=("dev",), workflows=("wdl",))
    found = {one.sid: one for one in given}["Workflows"]
    assert (found.actions, found.resources) == (("s3:ListBucket",), ("arn:aws:s3:::wdl",))

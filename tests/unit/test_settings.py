"""Each thing that a stack file may get wrong is refused, naming file, key, value and rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from composition.bootstrap import fingerprint
from portal.pulumi_cli import stacks
from settings import Portal, SettingsError, files_of_stacks, load
from settings.reading import read_config
from tests.unit.stackfiles import ROOT, Files, changed, engine_config, own_files, own_project, written

Settings = dict[str, Any]
Change = Callable[[Files], object]


def faults(change: Change, directory: Path, stack: str = "dev") -> list[str]:
    """The faults of the repository's stack files with a change."""
    try:
        load(stack, written(changed(change), directory))
    except SettingsError as error:
        return [str(fault) for fault in error.faults]
    return []


def put(stack: str, path: str, value: object) -> Change:
    """Sets what a dotted path of a stack's settings says; a new key is made."""

    def change(files: Files) -> None:
        *parents, last = path.split(".")
        target = files[stack]
        for part in parents:
            target = target[int(part)] if isinstance(target, list) else target.setdefault(part, {})
        target[last] = value

    return change


@pytest.mark.parametrize("stack", files_of_stacks(ROOT))
def test_the_repositorys_stack_files_are_right(stack: str) -> None:
    """Whosever they are."""
    assert load(stack, ROOT).stack == stack


def test_a_project_has_all_its_stacks(stack: str) -> None:
    portal = load(stack, own_project())
    assert portal.stack == stack
    assert set(portal.stacks) == {"dev", "public", "prod"}


def test_settings_cannot_be_changed() -> None:
    settings = load("dev", own_project()).current
    with pytest.raises(ValueError, match="frozen"):
        settings.account.id = "1"  # pyright: ignore[reportAttributeAccessIssue] - that it is refused is the test


REFUSED: list[tuple[str, str, object, str]] = [
    # what is wrong with one value
    ("dev", "buckets.source.nmae", "x", "nmae: 'x': unknown key; known here: kind, name"),
    ("dev", "bukets", {}, "portal:settings.bukets: {}: unknown key"),
    ("dev", "buckets.source.name", 7, "buckets.source.name: 7: must be text: quote it"),
    ("dev", "account.id", 908710317728, "portal:settings.account.id: 908710317728: must be text: quote it"),
    ("dev", "account.id", "90871031772", "account.id: '90871031772': an account id is 12 digits"),
    ("dev", "account.region", "us-west-9", "account.region: 'us-west-9': not an AWS region"),
    ("dev", "account.role", "bad role", "account.role: 'bad role': a role is a name of 1 to 64"),
    ("dev", "account.role", "arn:aws:iam::111122223333:role/x", "must be a role of the account 908710317728"),
    ("prod", "account.block_public_access", "no", "account.block_public_access: 'no': must be true or false"),
    (
        "public",
        "account.block_public_access",
        True,
        "block_public_access: true: must be false: it would close the buckets of kind public: public",
    ),
    ("dev", "account.budget", {}, "portal:settings.account.budget.monthly_usd: is required"),
    ("dev", "account.budget.monthly_usd", 0, "budget.monthly_usd: 0: Input should be greater than or equal to 1"),
    ("dev", "account.budget.monthly_usd", 9.5, "account.budget.monthly_usd: 9.5: must be a whole number"),
    ("dev", "account.budget.notify", ["costs"], "budget.notify[0]: 'costs': an e-mail address is like portal-costs@"),
    ("dev", "account.budget.notify", [], "account.budget.notify: []: 1 to 10 different addresses"),
    ("dev", "account.budget.notify", ["a@b.org"] * 2, "budget.notify: ['a@b.org', 'a@b.org']: 1 to 10 different"),
    (
        "dev",
        "account.budget.notify",
        [f"{n}@b.org" for n in range(11)],
        "1 to 10 different addresses: AWS tells no more",
    ),
    ("dev", "account.budget.at_percent", [80, 80], "account.budget.at_percent: [80, 80]: 1 to 4 different numbers"),
    ("dev", "account.budget.at_percent", [80, 1001], "at_percent[1]: 1001: Input should be less than or equal to 1000"),
    ("dev", "account.budget.at_percent", [1, 2, 3, 4, 5], "a budget has 5 alerts, of which one is a forecast's"),
    ("dev", "account", None, "portal:settings.account: null: must be a mapping"),
    ("dev", "buckets.source.retire", "yes", "buckets.source.retire: 'yes': must be true or false"),
    ("dev", "buckets.source.kind", "sauce", "buckets.source.kind: 'sauce': Input should be 'source', 'staging'"),
    ("dev", "buckets.source.lifecycle.noncurrent_days", 0, "noncurrent_days: 0: Input should be greater than"),
    ("dev", "buckets.Source", {"kind": "source", "name": "abc"}, "buckets.Source: 'Source': 1 to 24 lower-case"),
    ("dev", "tags.stack", "x", "tags.stack: 'stack': the program sets this tag itself"),
    ("dev", "tags.aws:x", "x", "tags.aws:x: 'aws:x': AWS reserves tags that begin with aws:"),
    ("dev", "tags", {str(number): "x" for number in range(6)}, "should have at most 5 items"),
    ("dev", "buckets.staging.cors.origins", ["portal.example.org"], "origins[0]: 'portal.example.org': an origin is"),
    ("dev", "access.operators", ["arn:aws:iam::*:user/x"], "operators[0]: 'arn:aws:iam::*:user/x': write arn:aws:iam"),
    ("dev", "access.operators", ["arn:aws:iam::999988887777:role/*"], "would match everyone in the account"),
    (
        "dev",
        "access.github.preview_environment",
        "dev",
        "access.github.preview_environment: 'dev': is the environment that deploys too",
    ),
    (
        "dev",
        "access.github.subject_prefix",
        "repo:*/*",
        "access.github.subject_prefix: 'repo:*/*': is written repo:OWNER/NAME or repo:OWNER@ID/NAME@ID",
    ),
    (
        "dev",
        "access.github.subject_prefix",
        "repo:somebody@1/else@2",
        "access.github.subject_prefix: 'repo:somebody@1/else@2': must name the repository chanzuckerberg/",
    ),
    (
        "dev",
        "access.github.subject_prefix",
        "repo:chanzuckerberg@1/cryoet-data-portal-infrastructure@2",
        "cryoet-data-portal-infrastructure@2': names the repository 2, and repository_id is 456789",
    ),
    ("dev", "access.github.repository_id", 0, "access.github.repository_id: 0: "),
    ("dev", "access.github.branch", "release@*", "access.github.branch: 'release@*': letters, digits and . _ / @ -"),
    ("dev", "access.github.repository", "*/*", "access.github.repository: '*/*': a repository is written owner/name"),
    # networks
    ("dev", "network.cidr", "10.32.1.0/16", "network.cidr: '10.32.1.0/16': a range is written as its network address"),
    ("dev", "network.cidr", "8.8.0.0/16", "network.cidr: '8.8.0.0/16': a range lies in 10.0.0.0/8"),
    ("dev", "network.cidr", "10.0.0.0/8", "network.cidr: '10.0.0.0/8': a range is /16 to /20"),
    ("dev", "network.cidr", "10.32.0.0", "network.cidr: '10.32.0.0': a range is written as"),
    ("dev", "network.cidr", "here", "network.cidr: 'here': an address range is written like"),
    ("public", "network.cidr", "10.32.128.0/20", "overlaps 10.32.0.0/16 of Pulumi.dev.yaml"),
    # accounts and buckets across stacks
    ("prod", "account.id", "444455556666", "account.id: '444455556666': is the account of the stack 'prod' too"),
    ("public", "buckets.log.name", "cryoet-data-portal-logs-dev", "bucket names are unique in all of AWS"),
    ("dev", "buckets.source.import_id", "other", "import_id: 'other': must be the bucket's name, cryoetportal-raw"),
    (
        "dev",
        "images.ingest.import_id",
        "other",
        "images.ingest.import_id: 'other': must be the repository's name, cryoet-s",
    ),
    (
        "dev",
        "images.ingest",
        {"repository": "cryoet-staging", "import_id": "cryoet-staging", "retire": True},
        "images.ingest.import_id: 'cryoet-staging': is taken in or retired, not both",
    ),
    ("dev", "buckets.log.kind", "workspace", "exactly one bucket of the account is of kind log"),
    ("dev", "buckets.source.lifecycle.expire_days", 5, "only log and workspace buckets may delete by themselves"),
    ("dev", "buckets.log.lifecycle.tier_days", 365, "tier_days: 365: must be less than expire_days"),
    ("dev", "buckets.source.cors", {"origins": ["*"]}, "only staging and public buckets are read by web pages"),
    # readers
    ("dev", "buckets.embargo.readers", ["lab"], "buckets.embargo.readers[0]: 'lab': not a name under access.readers"),
    ("dev", "buckets.source.readers", ["lab"], "readers: ['lab']: only an embargo bucket is shared by name"),
    (
        "dev",
        "access.readers.lab",
        {"principals": ["arn:aws:iam::222233334444:role/lab"]},
        "access.readers.lab: no bucket names this reader",
    ),
    # environments and the clients' discovery
    (
        "dev",
        "environments.dev2",
        {"workflows": "workflows", "wdl_bucket": "cryoet-swipe-wdl-dev2", "comms_bucket": "cryoet-swipe-comms-dev2"},
        "environments.dev2: 'dev2': contains the name of the environment 'dev'",
    ),
    (
        "dev",
        "environments.dev.wdl_bucket",
        "cryoet-wdl-dev",
        "must contain 'swipe-wdl' and the environment's name 'dev'",
    ),
    ("dev", "environments.dev.comms_bucket", "dev-swipe-comms-dev", "must contain 'swipe-comms' and the environment's"),
    (
        "dev",
        "environments.staging.wdl_bucket",
        "cryoet-dev-swipe-wdl-staging",
        "contains 'swipe-wdl' and 'dev': clients would take it for that of the environment 'dev'",
    ),
    ("dev", "buckets.source.name", "my-swipe-comms-dev", "clients would take it for that of the environment 'dev'"),
    ("dev", "environments.dev.workflows", "nowhere", "environments.dev.workflows: 'nowhere': no such folder"),
    ("dev", "environments.dev.workflows", "..", "environments.dev.workflows: '..': must be a folder of this"),
    ("dev", "environments.dev.workflows", "\0", "environments.dev.workflows: '\\x00': not a folder's name"),
    ("dev", "buckets.dev-wdl", {"kind": "workspace", "name": "abc"}, "puts out a bucket under this key"),
    # references
    ("dev", "environments.dev.import.bucket", "none", "import.bucket: 'none': no such bucket in Pulumi.dev.yaml"),
    (
        "dev",
        "environments.dev.import.stack",
        "none",
        "import.stack: 'none': no such stack: there is no Pulumi.none.yaml",
    ),
    ("dev", "environments.dev.import.bucket", "source", "'source': is of kind source; must be staging or public"),
    ("dev", "environments.dev.ingest.writes", [{"bucket": "source"}], "ingest.writes[0].bucket: 'source': is of kind"),
    (
        "dev",
        "environments.dev.ingest.writes",
        [{"bucket": "public", "stack": "public"}],
        "must be a bucket of this stack",
    ),
    ("prod", "environments.prod.import", {"stack": "dev", "bucket": "staging"}, "only public ones can be read"),
    ("public", "buckets.public.receives_from.bucket", "source", "'source': is of kind source; must be staging"),
    ("public", "buckets.public.receives_from.stack", "public", "receives_from.stack: 'public': must be another stack"),
    ("public", "buckets.log.receives_from", {"stack": "dev", "bucket": "staging"}, "only a public bucket is released"),
    ("dev", "buckets.staging.retire", True, "Pulumi.dev.yaml retires this bucket: remove what refers to it first"),
    ("public", "buckets.public.retire", True, "is released into: remove receives_from first"),
    ("public", "buckets.public.large_deletion_percent", 101, "large_deletion_percent: 101: "),
    ("dev", "buckets.staging.large_deletion_percent", 10, "percent: 10: only a bucket with receives_from has it"),
]


@pytest.mark.parametrize(("stack", "key", "value", "rule"), REFUSED, ids=[f"{row[1]}={row[2]!r}" for row in REFUSED])
def test_refused_naming_file_key_value_and_rule(stack: str, key: str, value: object, rule: str, tmp_path: Path) -> None:
    found = faults(put(stack, key, value), tmp_path)
    assert any(rule in fault for fault in found), found
    assert all(fault.startswith("Pulumi.") and ": portal:settings." in fault for fault in found)


BUCKET_NAMES = {
    "ab": "3 to 63",
    "a" * 64: "3 to 63",
    "Bad_Name": "lower-case letters, digits and hyphens",
    "a.b.c": "no dots",
    "192.168.5.4": "no dots",
    "-abc": "begins and ends",
    "abc-": "begins and ends",
    "xn--abc": "reserves the prefixes",
    "sthree-abc": "reserves the prefixes",
    "amzn-s3-demo-abc": "reserves the prefixes",
    "abc-s3alias": "reserves",
    "abc--ol-s3": "reserves",
    "abc--x-s3": "reserves",
    "abc--table-s3": "reserves",
    "abc\n": "lower-case letters",
}


@pytest.mark.parametrize("name", BUCKET_NAMES)
def test_a_bucket_name_that_aws_refuses(name: str, tmp_path: Path) -> None:
    found = faults(put("dev", "buckets.source.name", name), tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"Pulumi.dev.yaml: portal:settings.buckets.source.name: {name!r}"[:90])
    assert BUCKET_NAMES[name] in found[0]


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        put("dev", "buckets.source.name", "Bad_Name")(files)
        put("dev", "buckets.source.nmae", "x")(files)
        put("dev", "account.id", 7)(files)
        put("dev", "buckets.staging.retire", "maybe")(files)
        put("dev", "environments.dev.wdl_bucket", "cryoet-wdl")(files)
        put("public", "network.cidr", "10.32.0.0/16")(files)

    found = faults(change, tmp_path)
    keys = [fault.split(": ")[1].removeprefix("portal:settings.") for fault in found]
    assert keys == [
        "account.id",
        "buckets.source.name",
        "buckets.source.nmae",
        "buckets.staging.retire",
        "environments.dev.wdl_bucket",
        "network.cidr",
    ]


def test_a_file_that_cannot_be_read_leaves_the_others_unjudged(tmp_path: Path) -> None:
    found = faults(put("public", "buckets", []), tmp_path)
    assert found == ["Pulumi.public.yaml: portal:settings.buckets: []: must be a mapping of keys to values"]


def test_a_misspelt_key_is_answered_with_the_right_one(tmp_path: Path) -> None:
    found = faults(put("dev", "environments.dev.ingest.raeds", []), tmp_path)
    rule = "unknown key; known here: reads, writes; did you mean reads?"
    assert found == [f"Pulumi.dev.yaml: portal:settings.environments.dev.ingest.raeds: []: {rule}"]


@pytest.mark.parametrize(("key", "misspelt"), [("buckets", "bukets"), ("account", "acount")])
def test_a_misspelt_key_is_the_only_fault(key: str, misspelt: str, tmp_path: Path) -> None:
    """Others refer to what is under it, or can't be without."""

    def change(files: Files) -> None:
        files["dev"][misspelt] = files["dev"].pop(key)

    [found] = faults(change, tmp_path)
    assert found.startswith(f"Pulumi.dev.yaml: portal:settings.{misspelt}: ")
    assert found.endswith(f"; did you mean {key}?")


@pytest.mark.parametrize(("key", "meant"), [("portal:x", ""), ("portal:setings", "; did you mean portal:settings?")])
def test_a_namespace_makes_no_key_alike(key: str, meant: str) -> None:
    rules = {fault.key: fault.rule for fault in read_config("Pulumi.dev.yaml", {key: "{}"}).faults}
    assert rules[key].partition(": ")[2].endswith(f"pulumi:disable-default-providers{meant}")
    assert ("portal:settings" in rules) == (not meant)


def test_what_is_under_a_misspelt_key_is_judged(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        files["dev"]["bukets"] = files["dev"].pop("buckets")
        files["dev"]["bukets"]["source"]["lifecycle"] = {"expire_days": 1}

    found = faults(change, tmp_path)
    assert any("buckets.source.lifecycle.expire_days: 1: only log and workspace buckets" in one for one in found)
    assert len(found) == 2


def test_a_stack_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Pulumi\.test\.yaml: no such stack file; stacks here: dev, prod, public"):
        load("test", written(changed(lambda _: None), tmp_path))


WORKFLOW_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "latin.wdl": (lambda file: file.write_bytes(b"version 1.0 # \xe9"), "must be UTF-8: byte 14 is not"),
    "folder.wdl": (lambda file: file.mkdir(), "must be a file"),
    "nowhere.wdl": (lambda file: file.symlink_to("gone"), "must be a file"),
    "text.wdl.zip": (lambda file: file.write_text("version 1.0"), "must be a zip archive"),
}


@pytest.mark.parametrize("name", WORKFLOW_FAULTS)
def test_a_workflow_file_that_cannot_be_uploaded(name: str, tmp_path: Path) -> None:
    directory = written(changed(put("dev", "environments.staging.workflows", "more")), tmp_path)
    (directory / "more").mkdir()
    make, rule = WORKFLOW_FAULTS[name]
    make(directory / "more" / name)
    with pytest.raises(SettingsError) as refused:
        load("dev", directory)
    (fault,) = refused.value.faults
    assert str(fault) == f"Pulumi.dev.yaml: portal:settings.environments.staging.workflows: 'more/{name}': {rule}"


def test_a_folder_without_workflows(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    found = faults(put("dev", "environments.dev.workflows", "more"), tmp_path)
    assert found == [
        "Pulumi.dev.yaml: portal:settings.environments.dev.workflows: 'more': no .wdl or .wdl.zip file in this folder"
    ]


@pytest.mark.parametrize("name", ["Pulumi.test.yml", "Pulumi.a b.yaml", f"Pulumi.{'a' * 101}.yaml"])
def test_a_file_that_the_engine_would_not_read_is_a_fault(name: str, tmp_path: Path) -> None:
    directory = written(own_files(), tmp_path)
    (directory / "Pulumi.prod.yaml").rename(directory / name)
    with pytest.raises(SettingsError) as refused:
        load("dev", directory)
    assert f"  {name}: must be Pulumi.NAME.yaml, NAME of " in str(refused.value)


def test_every_command_finds_the_same_stacks_dots_in_their_names_too(tmp_path: Path) -> None:
    directory = written(own_files(), tmp_path)
    (directory / "Pulumi.prod.yaml").rename(directory / "Pulumi.prod.eu-1.yaml")
    assert stacks(directory) == sorted(load("dev", directory).stacks) == ["dev", "prod.eu-1", "public"]


def from_engine(change: Callable[[dict[str, str]], object], secret: tuple[str, ...] = ()) -> Portal:
    config = engine_config(own_project() / "Pulumi.dev.yaml")
    change(config)
    return load("dev", own_project(), config, secret)


def test_a_stack_file_reads_alike_from_the_engine_which_orders_its_keys(stack: str) -> None:
    config = engine_config(own_project() / f"Pulumi.{stack}.yaml")
    handed_over, read = load(stack, own_project(), config), load(stack, own_project())
    assert read.current.model_dump_json() == handed_over.current.model_dump_json()
    assert fingerprint(read) == fingerprint(handed_over), "the account is bootstrapped"


def test_the_engines_configuration_counts_for_the_current_stack() -> None:
    def change(config: dict[str, str]) -> None:
        settings = json.loads(config["portal:settings"])
        settings["tags"]["service"] = "from the engine"
        config["portal:settings"] = json.dumps(settings)

    assert from_engine(change).current.tags == {"service": "from the engine"}


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("aws:region", "us-east-1", "Pulumi.dev.yaml: aws:region: 'us-east-1': unknown key"),
        ("portal:setings", "{}", "Pulumi.dev.yaml: portal:setings: {}: unknown key"),
        ("pulumi:disable-default-providers", '["aws"]', "pulumi:disable-default-providers[1]: is required"),
        ("pulumi:disable-default-providers", '["*"]', "pulumi:disable-default-providers[0]: '*': Input should be"),
        ("portal:settings", "not json", "portal:settings: 'not json': must be a mapping"),
        ("portal:settings", "[" * 100_000, "portal:settings: '[["),
    ],
)
def test_refused_in_the_engines_configuration(key: str, value: str, rule: str) -> None:
    with pytest.raises(SettingsError) as refused:
        from_engine(lambda config: config.update({key: value}))
    assert rule in str(refused.value)


def test_a_secret_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError, match="portal:settings: holds a secret"):
        from_engine(lambda _: None, ("portal:settings",))


def test_dropping_a_protected_bucket_is_refused() -> None:
    portal = load("dev", own_project())
    with pytest.raises(SettingsError) as refused:
        portal.refuse_accidents(
            {"source": "cryoetportal-rawdatasets-dev", "gone": "old-bucket", "staging": "other-name"}, {}, {}
        )
    found = [str(fault) for fault in refused.value.faults]
    assert len(found) == 2
    assert found[0].startswith("Pulumi.dev.yaml: portal:settings.buckets.gone: the bucket old-bucket is deployed and")
    assert found[1].startswith("Pulumi.dev.yaml: portal:settings.buckets.staging.name: 'cryoet-data-portal-staging': ")
    assert all("set retire: true" in fault for fault in found)


def test_an_unprotected_kind_is_no_way_round_it(tmp_path: Path) -> None:
    change = put("dev", "buckets.embargo", {"kind": "workspace", "name": "cryoet-data-portal-embargo"})

    def both(files: Files) -> None:
        change(files)
        for environment in files["dev"]["environments"].values():
            environment["ingest"]["writes"] = [{"bucket": "staging"}]

    portal = load("dev", written(changed(both), tmp_path))
    with pytest.raises(SettingsError, match=r"buckets\.embargo\.kind: 'workspace'"):
        portal.refuse_accidents({"embargo": "cryoet-data-portal-embargo"}, {}, {})


def test_a_retired_bucket_may_be_dropped(tmp_path: Path) -> None:
    portal = load("prod", written(changed(put("prod", "buckets.log.retire", True)), tmp_path))
    portal.refuse_accidents({"log": "cryoet-data-portal-logs-prod"}, {}, {})
    assert not portal.current.buckets["log"].protected


DEV = {
    "wdl_bucket": "cryoet-swipe-wdl-dev",
    "comms_bucket": "cryoet-swipe-comms-dev",
    "orchestrator": "cryoet-ingestion-dev-default-wdl",
}


def test_an_environment_or_a_part_of_it_is_not_dropped_without_retire(tmp_path: Path) -> None:
    portal = load("dev", own_project())
    portal.refuse_accidents({}, {}, {"dev": DEV})
    with pytest.raises(SettingsError) as refused:
        portal.refuse_accidents({}, {}, {"dev": {**DEV, "comms_bucket": "cryoet-old-swipe-comms-dev"}, "gone": DEV})
    changed_bucket, gone = [str(fault) for fault in refused.value.faults]
    at, first = "Pulumi.dev.yaml: portal:settings.environments", "set retire: true on the environment and bring the "
    assert changed_bucket.startswith(
        f"{at}.dev.comms_bucket: 'cryoet-swipe-comms-dev': cryoet-old-swipe-comms-dev is dep"
    )
    assert changed_bucket.endswith(f"{first}stack up once, then change it")
    assert gone == f"{at}.gone: the environment is deployed; {first}stack up once, then remove the entry"

    def bare(files: Files) -> None:
        for part in ("orchestrator", "database", "api", "frontend", "site"):
            del files["dev"]["environments"]["dev"][part]
        files["dev"]["environments"]["dev"]["retire"] = True

    with pytest.raises(
        SettingsError, match=r"environments\.dev\.orchestrator: cryoet-ingestion-dev-default-wdl is depl"
    ):
        load("dev", written(changed(bare), tmp_path)).refuse_accidents({}, {}, {"dev": DEV})

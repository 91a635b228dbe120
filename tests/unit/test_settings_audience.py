"""More people may read what is in a deployed bucket only where its stack file says so twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from components.kinds import BucketKind
from settings import Portal, SettingsError, cdn_audience, load
from settings.audience import Deployed, deployed, outputs
from tests.unit.stackfiles import Files, changed, own_project, without_environments, written
from tests.unit.test_settings import faults, put

RAW, EMBARGO = "cryoetportal-rawdatasets-dev", "cryoet-data-portal-embargo"
LAB, OTHER = "arn:aws:iam::222233334444:role/lab", "arn:aws:iam::222233334444:role/other"
SHARED = {"access.readers.lab": {"principals": [LAB]}, "buckets.embargo.readers": ["lab"]}


def opening(before: dict[str, Deployed], directory: Path, said: Iterable[str] = (), **entry: object) -> list[str]:
    """The faults of dev's file with another entry for the embargo bucket, which no environment writes to."""

    def change(files: Files) -> None:
        without_environments(files["dev"])
        files["dev"]["account"]["block_public_access"] = False
        bucket = {"name": EMBARGO, "lifecycle": {"noncurrent_days": 30}, **entry}
        files["dev"]["buckets"]["embargo"] = bucket | ({"open_contents_to": [*said]} if said else {})
        if "readers" in entry:
            files["dev"]["access"]["readers"] = {"lab": {"principals": [LAB]}}

    portal = load("dev", written(changed(change), directory))
    return refused(portal, before)


def refused(portal: Portal, before: dict[str, Deployed]) -> list[str]:
    try:
        portal.refuse_accidents({}, before, {})
    except SettingsError as error:
        return [str(fault).removeprefix("Pulumi.dev.yaml: portal:settings.buckets.") for fault in error.faults]
    return []


def was(kind: BucketKind, *readers: str) -> dict[str, Deployed]:
    return {EMBARGO: Deployed(kind=kind, readers=frozenset(readers))}


OPENING: list[tuple[BucketKind, BucketKind, str, list[str]]] = [
    ("source", "public", "anyone could read what is in it", ["anyone"]),
    ("staging", "public", "anyone could read what is in it", ["anyone"]),
    ("embargo", "public", "anyone could read what is in it", ["anyone"]),
    ("log", "public", "anyone could read what is in it", ["anyone"]),
    (
        "embargo",
        "staging",
        "operators could read what is in it and what is in it could be released to the public",
        ["operators", "releases"],
    ),
    ("embargo", "source", "operators could read what is in it", ["operators"]),
    ("source", "staging", "what is in it could be released to the public", ["releases"]),
    ("workspace", "source", "operators could read what is in it", ["operators"]),
]


@pytest.mark.parametrize(("before", "now", "consequence", "who"), OPENING)
def test_a_kind_that_opens_a_deployed_bucket_needs_a_second_key(
    before: BucketKind, now: BucketKind, consequence: str, who: list[str], tmp_path: Path
) -> None:
    [fault] = opening(was(before), tmp_path, kind=now)
    assert fault == (
        f"embargo.kind: {now!r}: the bucket {EMBARGO} is deployed with the kind {before}: {consequence}; "
        f"if that is meant, set open_contents_to: [{', '.join(who)}]"
    )
    (tmp_path / "said").mkdir()
    assert opening(was(before), tmp_path / "said", who, kind=now) == []


CLOSING: list[tuple[BucketKind, BucketKind]] = [
    ("source", "source"),
    ("staging", "staging"),
    ("embargo", "embargo"),
    ("public", "public"),
    ("public", "staging"),
    ("public", "source"),
    ("public", "embargo"),
    ("staging", "source"),
    ("staging", "embargo"),
    ("source", "embargo"),
]


@pytest.mark.parametrize(("before", "now"), CLOSING)
def test_what_opens_nothing_needs_none(before: BucketKind, now: BucketKind, tmp_path: Path) -> None:
    assert opening(was(before), tmp_path, kind=now) == []


def test_a_bucket_that_is_not_there_yet_may_be_anything(tmp_path: Path) -> None:
    assert opening({}, tmp_path, kind="public") == []


def test_one_that_is_taken_in_is_there(tmp_path: Path) -> None:
    [fault] = opening({}, tmp_path, kind="public", import_id=EMBARGO)
    assert f"the bucket {EMBARGO} is taken in: anyone could read what is in it" in fault
    (tmp_path / "said").mkdir()
    assert opening({}, tmp_path / "said", ["anyone"], kind="public", import_id=EMBARGO) == []


def test_embargoed_data_is_not_shared_with_a_reader_in_passing(tmp_path: Path) -> None:
    [fault] = opening(was("embargo"), tmp_path, kind="embargo", readers=["lab"])
    assert fault.startswith("embargo.readers: ['lab']: the bucket")
    assert f"{LAB} could read what is in it; if that is meant, set open_contents_to: [{LAB}]" in fault
    (tmp_path / "said").mkdir()
    assert opening(was("embargo"), tmp_path / "said", [LAB], kind="embargo", readers=["lab"]) == []


def test_nor_with_one_more_principal_of_a_reader_that_it_is_shared_with(tmp_path: Path) -> None:
    [fault] = opening(was("embargo", OTHER), tmp_path, kind="embargo", readers=["lab"])
    assert f"open_contents_to: [{LAB}]" in fault
    (tmp_path / "same").mkdir()
    assert opening(was("embargo", LAB, OTHER), tmp_path / "same", kind="embargo", readers=["lab"]) == []


def test_who_it_is_shared_with_is_not_judged_where_it_is_not_known(tmp_path: Path) -> None:
    before = {EMBARGO: Deployed(kind="embargo", readers=None)}
    assert opening(before, tmp_path, kind="embargo", readers=["lab"]) == []


def test_a_bucket_is_known_by_its_name() -> None:
    portal = load("public", own_project())
    before = {portal.current.buckets["public"].name: Deployed(kind="source", readers=frozenset())}
    with pytest.raises(SettingsError, match=r"buckets\.public\.kind: 'public': the bucket cryoet-data-portal-public"):
        portal.refuse_accidents({}, before, {})


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (
            ["anyone"],
            "open_contents_to[0]: 'anyone': could not read this bucket of kind staging; those who could: oper",
        ),
        (["operators", LAB], f"open_contents_to[1]: '{LAB}': could not read this bucket of kind staging"),
    ],
)
def test_a_second_key_that_says_something_else_is_refused(value: list[str], rule: str, tmp_path: Path) -> None:
    """So one that was left behind by an earlier change opens nothing later."""
    [fault] = faults(put("dev", "buckets.staging.open_contents_to", value), tmp_path)
    assert rule in fault


def test_what_a_stack_puts_out_is_what_the_next_up_judges_by(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        for path, value in SHARED.items():
            put("dev", path, value)(files)

    portal = load("dev", written(changed(change), tmp_path))
    before = deployed(outputs(portal.current))
    without = cdn_audience.Readers(nobody=True)
    assert before[RAW] == Deployed(kind="source", readers=frozenset(), cdn=without)
    assert before[EMBARGO] == Deployed(kind="embargo", readers=frozenset({LAB}), cdn=without)
    portal.refuse_accidents({}, before, {})


STAGING = "cryoetportal-staging-dev"
PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
OTHER_PEM = PEM.replace("MFkw", "MFkx")
LAN, ONE, TWO = "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"


def staging_cdn(before: Mapping[str, Any] | None, now: Mapping[str, Any], directory: Path) -> list[str]:
    """The faults of dev's file with this entry of the CDN over staging. ``before``: as it was deployed; None: not."""

    def change(cdn: Mapping[str, Any] | None) -> Callable[[Files], None]:
        def changed(files: Files) -> None:
            files["dev"]["data_cdn"] = {} if cdn is None else {"staging": dict(cdn)}

        return changed

    folders = [directory / name for name in ("before", "now")]
    for folder in folders:
        folder.mkdir()
    last = load("dev", written(changed(change(before)), folders[0])).current
    portal = load("dev", written(changed(change(now)), folders[1]))
    try:
        portal.refuse_accidents({}, deployed(outputs(last)), {})
    except SettingsError as error:
        return [str(fault).removeprefix("Pulumi.dev.yaml: portal:settings.data_cdn.") for fault in error.faults]
    return []


OPENED_CDN: list[tuple[Mapping[str, Any] | None, Mapping[str, Any], str, list[str]]] = [
    ({"addresses": [LAN]}, {}, "staging.addresses: []: the data CDN", ["anyone"]),
    ({"addresses": [LAN], "public_keys": {"a": PEM}}, {"public_keys": {"a": PEM}}, "staging.addresses", ["anyone"]),
    ({"public_keys": {"a": PEM}}, {}, "staging.public_keys: []: the data CDN", ["anyone"]),
    ({"addresses": [LAN], "public_keys": {"a": PEM}}, {"addresses": [LAN]}, "staging.public_keys", ["anyone"]),
    ({"addresses": [LAN]}, {"addresses": [LAN, ONE, TWO]}, "staging.addresses", [ONE, TWO]),
    ({"public_keys": {"a": PEM}}, {"public_keys": {"a": OTHER_PEM}}, "staging.public_keys: ['a']", ["a"]),
    (None, {}, "staging: 'staging': the data CDN", ["anyone"]),
    (None, {"public_keys": {"a": PEM}}, "staging: 'staging'", ["a"]),
]


@pytest.mark.parametrize(("before", "now", "where", "who"), OPENED_CDN)
def test_a_cdn_is_not_opened_by_a_line_that_was_forgotten(
    before: Mapping[str, Any] | None, now: Mapping[str, Any], where: str, who: list[str], tmp_path: Path
) -> None:
    [fault] = staging_cdn(before, now, tmp_path)
    assert fault.startswith(where)
    assert f"{who[0]} could read what is in it" in fault
    assert fault.endswith(f"if that is meant, set open_contents_to: [{', '.join(who)}]")
    (tmp_path / "said").mkdir()
    assert staging_cdn(before, {**now, "open_contents_to": who}, tmp_path / "said") == []


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {}),
        ({}, {"addresses": [LAN]}),
        ({"addresses": [LAN, ONE]}, {"addresses": [ONE]}),
        ({"addresses": [LAN]}, {"addresses": ["192.0.2.128/25"]}),
        ({"public_keys": {"a": PEM, "b": OTHER_PEM}}, {"public_keys": {"b": OTHER_PEM}, "addresses": [LAN]}),
        ({"public_keys": {"a": PEM}}, {"public_keys": {"a": PEM.strip()}}),
    ],
)
def test_a_cdn_that_serves_no_more_than_before_needs_no_second_key(
    before: Mapping[str, Any], now: Mapping[str, Any], tmp_path: Path
) -> None:
    assert staging_cdn(before, now, tmp_path) == []


def test_a_cdn_of_a_public_bucket_opens_nothing(tmp_path: Path) -> None:
    portal = load("public", written(changed(lambda _: None), tmp_path))
    before = deployed(outputs(portal.current.model_copy(update={"data_cdn": {}})))
    portal.refuse_accidents({}, before, {})


def test_a_site_is_not_opened_by_a_line_that_was_forgotten(tmp_path: Path) -> None:
    portal = load("dev", written(changed(lambda _: None), tmp_path))
    before = {"dev": cdn_audience.Readers(addresses=frozenset({LAN}))}
    with pytest.raises(
        SettingsError, match=r"environments\.dev\.site\.addresses: \[\]: the site of the environment dev"
    ):
        portal.refuse_accidents({}, {}, {}, sites=before)
    said = put("dev", "environments.dev.site.open_contents_to", ["anyone"])
    (tmp_path / "said").mkdir()
    load("dev", written(changed(said), tmp_path / "said")).refuse_accidents({}, {}, {}, sites=before)


def test_a_second_key_of_a_cdn_names_those_who_could_read(tmp_path: Path) -> None:
    closed = put("dev", "data_cdn.staging", {"addresses": [LAN], "public_keys": {"a": PEM}, "open_contents_to": ["b"]})
    [fault] = faults(closed, tmp_path)
    assert f"open_contents_to[0]: 'b': could not read this CDN's contents; those who could: {LAN}, a" in fault

"""`portal sync` before it touches anything: what it accepts, what it would run."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from portal import sync
from portal.app import app
from settings import Portal, load
from tests.unit.stackfiles import own_project

STAGING, PUBLIC = "s3://cryoet-data-portal-staging", "s3://cryoet-data-portal-public"


@pytest.fixture(scope="module")
def portal() -> Portal:
    return load("dev", own_project())


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["sync", "--print-command", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_the_filters_keep_their_order() -> None:
    line = printed("--exclude", "*", "--include=*.zarr/*", "--exclude", "*/tmp", f"{STAGING}/10000", f"{PUBLIC}/10000")
    wanted = f"aws s3 sync --exclude '*' --include '*.zarr/*' --exclude '*/tmp' {STAGING}/10000 {PUBLIC}/10000"
    assert line == wanted


def test_each_option_reaches_the_command() -> None:
    line = printed("--delete", "--exact-timestamps", "--size-only", "--dryrun", STAGING, PUBLIC)
    assert line == f"aws s3 sync --delete --exact-timestamps --size-only --dryrun {STAGING} {PUBLIC}"


def test_the_role_is_the_destinations_in_the_sources_account(portal: Portal) -> None:
    where = sync.route(portal, "cryoet-data-portal-staging", "cryoet-data-portal-public")
    assert where.role_arn == "arn:aws:iam::908710317728:role/cryoet-sync-public"


def test_a_destination_that_receives_nothing_is_refused(portal: Portal) -> None:
    with pytest.raises(sync.SyncError, match=r"DEST: 'cryoet-data-portal-embargo': .*cryoet-data-portal-public"):
        sync.route(portal, "cryoet-data-portal-staging", "cryoet-data-portal-embargo")


def test_only_the_staging_bucket_is_released(portal: Portal) -> None:
    with pytest.raises(
        sync.SyncError, match=r"SOURCE: 'cryoet-data-portal-embargo': .*cryoet-data-portal-staging alone"
    ):
        sync.route(portal, "cryoet-data-portal-embargo", "cryoet-data-portal-public")


@pytest.mark.parametrize("value", ["cryoet-data-portal-staging/10000", "s3://", "s3:///10000", "https://example.org"])
def test_what_is_not_an_s3_uri_is_refused(value: str) -> None:
    with pytest.raises(sync.SyncError, match=r"SOURCE: .* must be s3://bucket"):
        sync.Uri.parse("SOURCE", value)


def test_keys_with_odd_characters_are_kept() -> None:
    uri = sync.Uri.parse("SOURCE", "s3://bucket/a [1]/b+c/")
    assert str(uri) == "s3://bucket/a [1]/b+c"
    assert str(uri.under("d")) == "s3://bucket/a [1]/b+c/d"


def test_a_folder_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "datasets", lambda *_: ["10000", "10001"])
    where = sync.Route(region="us-west-2", role_arn="role", large_deletion_percent=10)
    source, target = sync.Uri.parse("SOURCE", STAGING), sync.Uri.parse("DEST", PUBLIC)
    with pytest.raises(sync.SyncError, match="--dataset: '10002'"):
        sync.pairs(where, source, target, ["10000", "10002"], per_dataset=False)
    each = sync.pairs(where, source, target, [], per_dataset=True)
    monkeypatch.setattr(sync, "datasets", lambda *_: [])
    with pytest.raises(sync.SyncError, match="has no folders"):
        sync.pairs(where, source, target, [], per_dataset=True)
    assert [(str(one), str(other)) for one, other in each] == [
        (f"{STAGING}/10000", f"{PUBLIC}/10000"),
        (f"{STAGING}/10001", f"{PUBLIC}/10001"),
    ]


@pytest.mark.parametrize(
    ("source", "destination"), [("/10000", ""), ("/10000", "/"), ("/10000/TS_001/", "/10000"), ("/a/b/c", "/a")]
)
def test_deletion_from_a_folder_into_one_above_it_is_refused(source: str, destination: str) -> None:
    """All that lies beside the folder there would be deleted."""
    words = ["sync", "--print-command", "--delete", STAGING + source, PUBLIC + destination]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, sync.SyncError), done.output
    assert str(done.exception).startswith(
        f"DEST: {(PUBLIC + destination).rstrip('/')!r}: with --delete must not be above"
    )
    assert printed(*(word for word in words[2:] if word != "--delete")).startswith("aws s3 sync s3://")


@pytest.mark.parametrize(
    ("source", "destination"), [("", ""), ("/10000", "/10000"), ("/10000", "/1000"), ("", "/10000"), ("/a", "/a/b")]
)
def test_deletion_in_a_folder_of_its_own_is_not(source: str, destination: str) -> None:
    line = printed("--delete", STAGING + source, PUBLIC + destination)
    assert line == f"aws s3 sync --delete {STAGING + source} {PUBLIC + destination}"


def test_a_number_of_deletions_needs_a_deletion() -> None:
    done = CliRunner().invoke(app, ["sync", "--delete-count", "1", STAGING, PUBLIC])
    assert str(done.exception) == "--delete-count: 1: only with --delete"

"""`portal restore`: what was deleted in a time comes back, and nothing else changes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.s3.models import s3_backends
from typer.testing import CliRunner, Result

from components.access import drills
from portal import restore as restoring
from portal.app import app
from portal.errors import PortalError
from portal.s3_uri import Uri
from tests.localcloud.conftest import PUBLIC, REGION, Cloud

BUCKET = "cryoet-data-portal-public"
FOLDER = f"s3://{BUCKET}/10000"
ALWAYS = "2026-01-01T00:00Z"


@pytest.fixture
def s3(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The public account's S3, with its bucket; the command line has the engineer's credentials."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    client = cloud.client("s3", PUBLIC)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield client
    for page in client.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for row in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=BUCKET, Key=row["Key"], VersionId=row["VersionId"])
    client.delete_bucket(Bucket=BUCKET)


def put(s3: Any, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())


def delete(s3: Any, *keys: str) -> None:
    for key in keys:
        s3.delete_object(Bucket=BUCKET, Key=key)


def there(s3: Any) -> set[str]:
    return {row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def restore(*words: str) -> Result:
    return CliRunner().invoke(app, ["restore", *words])


def test_a_folders_deleted_objects_come_back(s3: Any) -> None:
    """Of this folder alone, also what was deleted twice; what is there again is left alone."""
    put(s3, "10000/a", "10000/b c+d", "10000/again", "100001/x", "10000")
    delete(s3, "10000/a", "10000/a", "10000/b c+d", "10000/again", "100001/x", "10000/never")
    s3.put_object(Bucket=BUCKET, Key="10000/again", Body=b"new")
    before = restore(FOLDER, "--since", ALWAYS)
    assert str(before.exception).startswith("--yes: must be given where no terminal is there to ask: bring back 2 obj")
    assert there(s3) == {"10000", "10000/again"}
    done = restore(FOLDER, "--since", ALWAYS, "--yes")
    assert done.stdout.splitlines()[-1] == "2 objects are back", done
    assert there(s3) == {"10000", "10000/a", "10000/again", "10000/b c+d"}
    assert s3.get_object(Bucket=BUCKET, Key="10000/a")["Body"].read() == b"10000/a"
    assert s3.get_object(Bucket=BUCKET, Key="10000/again")["Body"].read() == b"new"


def test_one_object_alone(s3: Any) -> None:
    put(s3, "10000/a", "10000/a.json")
    delete(s3, "10000/a", "10000/a.json")
    assert restore(f"{FOLDER}/a", "--since", ALWAYS, "--yes").exit_code == 0
    assert there(s3) == {"10000/a"}


def test_the_time_chooses(s3: Any) -> None:
    """The first deletion of what was not there since counts, not one of what was gone."""
    put(s3, "a", "b", "c")
    time.sleep(1.1)  # a deletion in the second of its version counts only if there is no later one
    delete(s3, "a", "b")
    time.sleep(1.1)
    between = datetime.now(UTC).replace(microsecond=0)
    delete(s3, "a", "c")
    first = restoring.deleted(
        s3, Uri(bucket=BUCKET, prefix=""), between - timedelta(hours=1), between - timedelta(0, 1)
    )
    assert [one.key for one in first] == ["a", "b"]
    assert [one.key for one in restoring.deleted(s3, Uri(bucket=BUCKET, prefix=""), between, None)] == ["c"]
    assert restore(f"s3://{BUCKET}", "--since", f"{between:%Y-%m-%dT%H:%M:%SZ}", "--yes").exit_code == 0
    assert there(s3) == {"c"}


def test_a_deletion_in_the_second_of_the_next_version_is_not_the_one_that_counts() -> None:
    """S3's times are whole seconds: the listing does not say which of the two came first."""
    then = datetime(2026, 1, 31, 18, tzinfo=UTC)
    common = {"Key": "a", "IsLatest": False, "LastModified": then}
    pages = [
        {"DeleteMarkers": [{**common, "VersionId": "3", "IsLatest": True, "LastModified": then + timedelta(days=1)}]},
        {"Versions": [{**common, "VersionId": "2", "Size": 1}], "DeleteMarkers": [{**common, "VersionId": "1"}]},
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restoring, "_pages", lambda *_, **__: iter(pages))
        (one,) = restoring.deleted(None, Uri(bucket=BUCKET, prefix=""), then, None)
    assert (one.at, set(one.markers)) == (then + timedelta(days=1), {"1", "3"})


def test_more_than_one_call_and_one_page(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions and markers of a key may lie on two pages."""
    keys = [f"{number:02d}" for number in range(7)]
    for _ in range(2):
        put(s3, *keys)
    delete(s3, *keys)
    monkeypatch.setattr(restoring, "AT_A_TIME", 3)
    pages = s3.get_paginator("list_object_versions").paginate
    monkeypatch.setattr(restoring, "_pages", lambda _, **where: pages(**where, PaginationConfig={"PageSize": 2}))
    found = list(restoring.deleted(s3, Uri(bucket=BUCKET, prefix=""), datetime(2026, 1, 1, tzinfo=UTC), None))
    assert [one.key for one in found] == keys
    restoring.restore(s3, BUCKET, found)
    assert there(s3) == set(keys)


def test_a_refused_marker_is_told() -> None:
    class Refusing:
        def delete_objects(self, **_: Any) -> dict[str, Any]:
            return {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}

    one = restoring.Deleted(key="a", size=1, at=datetime.now(UTC), markers=["1", "2"])
    with pytest.raises(PortalError, match=r"^1 of 2 markers stay; the first: a: AccessDenied: no$"):
        restoring.restore(Refusing(), BUCKET, [one])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("https://x", "--since", ALWAYS), "FOLDER: 'https://x': must be s3://bucket"),
        (("s3://elsewhere", "--since", ALWAYS), "FOLDER: 'elsewhere': is no bucket of a stack file"),
        ((FOLDER, "--since", "2026-01-01"), "--since: '2026-01-01': must be a time with its zone"),
        ((FOLDER, "--since", ALWAYS, "--until", "now"), "--until: 'now': must be a time with its zone"),
        ((FOLDER, "--since", ALWAYS), f"FOLDER: '{FOLDER}': nothing that is missing there was deleted in that time"),
    ],
)
@pytest.mark.usefixtures("s3")
def test_what_cannot_be_brought_back_is_told(words: tuple[str, ...], told: str) -> None:
    done = restore(*words)
    assert isinstance(done.exception, PortalError)
    assert str(done.exception).startswith(told)


# The drill


def drill(*words: str) -> Result:
    """As `portal restore-drill public --dataset 10000`."""
    return CliRunner().invoke(app, ["restore-drill", "public", *words])


def listed(s3: Any) -> list[tuple[str, str]]:
    pages = s3.list_object_versions(Bucket=BUCKET)
    return [(row["Key"], row["VersionId"]) for kind in ("Versions", "DeleteMarkers") for row in pages.get(kind, [])]


def in_parts(s3: Any, key: str) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    where = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(**where, PartNumber=number, Body=body)["ETag"]}
        for number, body in enumerate((b"a" * (5 << 20), b"the rest"), 1)
    ]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})


def damage(key: str) -> None:
    """Other content of the same size, in all versions."""
    bucket: Any = s3_backends[PUBLIC]["aws"].buckets[BUCKET]
    for version in bucket.keys.getlist(key):
        if hasattr(version, "size"):
            version._value_buffer.seek(0)  # S3 has no call for it
            version._value_buffer.write(b"X")


def test_a_drill_reads_every_version_of_a_deleted_dataset_and_changes_nothing(s3: Any) -> None:
    put(s3, "10000/a", "10000/a", "10000/b c+d", "10000/there", "100001/x")
    in_parts(s3, "10000/parts")
    delete(s3, "10000/a", "10000/b c+d", "10000/parts")
    before, data = listed(s3), (5 << 20) + 8
    done = drill("--dataset", "10000")
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.stdout.splitlines() == [
        "would be brought back: 10000/a: 7 bytes",
        "would be brought back: 10000/b c+d: 11 bytes",
        f"would be brought back: 10000/parts: {data} bytes",
        f"{FOLDER}: 4 objects with 5 versions, {data + 7 + 7 + 11 + 11} bytes",
        f"deleted: 3 objects, which `portal restore` would bring back, {data + 18} bytes",
        f"read whole: 5 versions, {data + 36} bytes; looked up: all",
    ]
    assert listed(s3) == before
    few = drill("--dataset", "10000", "--read-gib", "0.00000002")
    assert re.search(r"read whole: [12] versions, \d+ bytes; looked up: all", few.stdout), "21 bytes altogether"


@pytest.mark.parametrize("key", ["10000/a", "10000/parts"])
def test_a_drill_tells_which_version_is_damaged(s3: Any, key: str) -> None:
    put(s3, "10000/a", "10000/whole")
    in_parts(s3, "10000/parts")
    delete(s3, key)
    damage(key)
    done = drill("--dataset", "10000")
    assert isinstance(done.exception, PortalError)
    assert str(done.exception).startswith(f"{key} (version ")
    assert "is damaged: " in str(done.exception)


def test_a_drill_needs_to_read_versions_and_nothing_else(
    s3: Any, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With each of the documented rights, and without one of them."""
    put(s3, "10000/a")
    delete(s3, "10000/a")
    rights = [one.as_json() for one in drills.of_dataset(BUCKET)]

    def enter(*granted: dict[str, Any]) -> None:
        for name, value in cloud.entered(cloud.limited(*granted, account=PUBLIC), PUBLIC).items():
            monkeypatch.setenv(name, value)

    enter(*rights)
    assert drill("--dataset", "10000").exit_code == 0
    for missing in rights:
        enter(*(one for one in rights if one != missing))
        assert drill("--dataset", "10000").exit_code != 0, missing


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("restore-drill", "public", "--dataset", "x"), "--dataset: 'x': must be a number from 10000 on"),
        (("restore-drill", "public", "--dataset", "10001"), f"s3://{BUCKET}/10001: has no versions"),
        (("restore-drill", "dev", "--dataset", "10000"), "STACK: 'dev': must have one bucket of kind public, has 0"),
        (("restore-drill", "nowhere", "--dataset", "10000"), "STACK: 'nowhere': must be one of dev, prod, public"),
    ],
)
@pytest.mark.usefixtures("s3")
def test_what_cannot_be_drilled_is_told(words: tuple[str, ...], told: str) -> None:
    done = CliRunner().invoke(app, [*words])
    assert isinstance(done.exception, PortalError)
    assert str(done.exception).startswith(told)

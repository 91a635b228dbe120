"""The sync workflow as a job: a part of a bucket goes to another with the flags that the portal's client quotes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.localcloud.conftest import REGION, Cloud
from tests.localcloud.runner_jobs import Jobs


@pytest.mark.parametrize(("key", "literal"), [("sync-v0.0.1.wdl", True), ("sync-v0.0.2.wdl", False)])
def test_sync_copies_what_the_flags_let_through(cloud: Cloud, tmp_path: Path, key: str, literal: bool) -> None:
    """The dataset's folder is copied but for what is excluded, and the log is an output."""
    jobs = Jobs(cloud, tmp_path)
    public = cloud.name("public")
    jobs.s3.create_bucket(Bucket=public, CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in ("10000/dataset_metadata.json", "10000/TS_001/a b[1].mrc", "10000/TS_001/run_metadata.json", "10001/x"):
        jobs.put(name, name)
    inputs = {
        "docker_image_id": "908710317728.dkr.ecr.us-west-2.amazonaws.com/cryoet-staging:main",
        "aws_region": REGION,
        "input_bucket": jobs.bucket,
        "input_path": "10000",
        "output_bucket": public,
        "output_path": "10000",
        "flags": "--exclude 'TS_001/*' --include 'TS_001/a b*' --delete",
    }
    assert jobs.run(jobs.put(key, Path(f"workflows/{key}").read_bytes()), inputs) == 0
    assert sorted(item["Key"] for item in jobs.s3.list_objects_v2(Bucket=public)["Contents"]) == [
        "10000/TS_001/a b[1].mrc",
        "10000/dataset_metadata.json",
    ]
    assert jobs.output() == {"sync.log": "output.txt" if literal else jobs.uri("output.txt")}
    assert jobs.text("output.txt").count("copy: s3://") == 2


@pytest.mark.parametrize(
    ("key", "source"), [("sync-v0.0.1.wdl", "10O00"), ("sync-v0.0.2.wdl", "empty"), ("sync-v0.0.2.wdl", "")]
)
def test_a_sync_of_nothing_fails_and_deletes_nothing(
    cloud: Cloud, tmp_path: Path, caplog: pytest.LogCaptureFixture, key: str, source: str
) -> None:
    """A folder that is not there, one that holds a folder's marker alone, and a bucket without objects."""
    jobs = Jobs(cloud, tmp_path)
    public, other = cloud.name("public"), cloud.name("other")
    for bucket in (public, other):
        jobs.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    jobs.s3.put_object(Bucket=public, Key="10000/x", Body=b"x")
    jobs.put("empty/", "")
    inputs = {
        "docker_image_id": "908710317728.dkr.ecr.us-west-2.amazonaws.com/cryoet-staging:main",
        "aws_region": REGION,
        "input_bucket": jobs.bucket if source else other,
        "input_path": source,
        "output_bucket": public,
        "output_path": "10000" if source else "",
        "flags": "--delete",
    }
    assert jobs.run(jobs.put(key, Path(f"workflows/{key}").read_bytes()), inputs) != 0
    assert [one["Key"] for one in jobs.s3.list_objects_v2(Bucket=public)["Contents"]] == ["10000/x"]
    assert f"s3://{inputs['input_bucket']}/{source} has no objects; nothing was touched" in caplog.text


@pytest.mark.parametrize("key", ["sync-v0.0.1.wdl", "sync-v0.0.2.wdl"])
def test_a_copy_keeps_its_properties_or_is_refused(
    cloud: Cloud, tmp_path: Path, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    """An object above the AWS CLI's own threshold of 8 MiB. With a lower threshold it stands for one that S3 copies in
    parts alone, which the CLI's version 1 would do without the properties: refused unless it is left out."""
    jobs = Jobs(cloud, tmp_path)
    public = cloud.name("public")
    jobs.s3.create_bucket(Bucket=public, CreateBucketConfiguration={"LocationConstraint": REGION})
    about = {"ContentType": "application/x-mrc", "Metadata": {"voxel": "1.5"}}
    jobs.s3.put_object(Bucket=jobs.bucket, Key="10000/a b.mrc", Body=bytes(9 * 2**20), Tagging="method=tilt", **about)
    jobs.put("10000/x", "x")
    inputs: dict[str, Any] = {
        "docker_image_id": "908710317728.dkr.ecr.us-west-2.amazonaws.com/cryoet-staging:main",
        "aws_region": REGION,
        "input_bucket": jobs.bucket,
        "input_path": "10000",
        "output_bucket": public,
        "output_path": "10000",
        "multipart_threshold": 8 * 2**20,
    }
    workflow = jobs.put(key, Path(f"workflows/{key}").read_bytes())
    assert jobs.run(workflow, inputs) != 0
    assert f"s3://{jobs.bucket}/10000/a b.mrc: too large for one copy" in caplog.text
    assert "Contents" not in jobs.s3.list_objects_v2(Bucket=public)
    assert jobs.run(workflow, {**inputs, "flags": "--exclude '*.mrc'"}) == 0
    assert [one["Key"] for one in jobs.s3.list_objects_v2(Bucket=public)["Contents"]] == ["10000/x"]

    del inputs["multipart_threshold"]
    assert jobs.run(workflow, inputs) == 0
    head = jobs.s3.head_object(Bucket=public, Key="10000/a b.mrc")
    assert {name: head[name] for name in about} == about
    tags = jobs.s3.get_object_tagging(Bucket=public, Key="10000/a b.mrc")["TagSet"]
    assert tags == [{"Key": "method", "Value": "tilt"}]

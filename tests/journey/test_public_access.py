"""Nothing becomes public, or ceases to be, but by a key that says so: tried by anonymous requests, all along."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from tests.journey.conftest import PROD, Cloud, Project
from tests.journey.killing import UP, in_folder

RAW, OPEN, LEFT = (f"cryoet-data-portal-{word}" for word in ("raw", "open", "left"))
KEY = "10000/tomogram.mrc"


def small(settings: dict[str, Any]) -> None:
    """A closed account with two buckets of raw data and no environment."""
    del settings["environments"], settings["access"]["github"]
    settings["network"] = {"cidr": settings["network"]["cidr"]}
    settings["buckets"]["raw"] = {"kind": "source", "name": RAW}
    settings["buckets"]["left"] = {"kind": "source", "name": LEFT}


def published(settings: dict[str, Any]) -> None:
    """The first bucket of the account that anyone may read, beside one that was closed."""
    settings["account"]["block_public_access"] = False
    settings["buckets"]["open"] = {"kind": "public", "name": OPEN}
    settings["buckets"]["raw"]["kind"] = "public"


def retired(settings: dict[str, Any]) -> None:
    for key in ("raw", "open", "left"):
        settings["buckets"][key]["retire"] = True


def removed(settings: dict[str, Any]) -> None:
    for key in ("raw", "open", "left"):
        del settings["buckets"][key]


def made_again(settings: dict[str, Any]) -> None:
    """A bucket that was left in AWS, as if it were a new one."""
    settings["account"]["block_public_access"] = False
    settings["buckets"]["left"] = {"kind": "public", "name": LEFT}


def answer(anyone: Any, bucket: str) -> str:
    """What they get who ask S3 for the object: its content, or AWS's error code."""
    try:
        return anyone.get_object(Bucket=bucket, Key=KEY)["Body"].read().decode()
    except ClientError as error:
        return error.response.get("Error", {}).get("Code", "")


@contextmanager
def read_all_along(anyone: Any, *buckets: str) -> Generator[None]:
    """Anyone reads the buckets again and again while the block runs, and always gets what is in them."""
    answers, ended = list[str](), threading.Event()

    def read() -> None:
        while not ended.wait(0.05):
            answers.extend(answer(anyone, bucket) for bucket in buckets)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert len(answers) > 20
    assert set(answers) == {"voxels"}


def test_an_account_opens_and_closes_by_its_own_key_alone(project: Project, cloud: Cloud) -> None:
    anyone = cloud.anonymous()
    project.change("prod", small)
    project.up("prod")
    for bucket in (RAW, LEFT):
        cloud.client("s3", PROD).put_object(Bucket=bucket, Key=KEY, Body=b"voxels")
    assert answer(anyone, RAW) == "AccessDenied"

    project.change("prod", published)
    before = project.resources("prod")
    for command in (("preview",), ("up", "--yes", "--skip-preview"), ("up", "--yes", "--skip-preview")):
        refused = project.refused("prod", *command)
        assert refused.returncode != 0
        assert "buckets.raw.kind: 'public'" in refused.stdout + refused.stderr
        assert "anyone could read what is in it" in refused.stdout + refused.stderr
    assert project.resources("prod") == before, "nor the outputs, by which the next command judges"
    assert answer(anyone, RAW) == "AccessDenied"

    project.change("prod", lambda settings: settings["buckets"]["raw"].update(open_contents_to=["anyone"]))
    blocked = project.refused("prod", "up", "--yes", "--skip-preview")
    assert "prod: the account was bootstrapped with other settings than" in blocked.stdout
    assert "s3:PutBucketPolicy" in blocked.stdout, "an account opens before its buckets do"
    assert answer(anyone, RAW) == "AccessDenied"
    project.bootstrap("prod")
    assert answer(anyone, RAW) == "AccessDenied", "no bucket opens with its account"
    project.up("prod")
    cloud.client("s3", PROD).put_object(Bucket=OPEN, Key=KEY, Body=b"voxels")
    assert [answer(anyone, RAW), answer(anyone, OPEN)] == ["voxels", "voxels"]

    with read_all_along(anyone, RAW, OPEN):
        project.change("prod", retired)
        project.up("prod")
        project.change("prod", removed)
        project.up("prod")
    assert not {RAW, OPEN} & {one["id"] for one in project.state("prod")}
    assert [answer(anyone, RAW), answer(anyone, OPEN)] == ["voxels", "voxels"]

    project.change("prod", lambda settings: settings["account"].update(block_public_access=True))
    project.bootstrap("prod")
    assert [answer(anyone, RAW), answer(anyone, OPEN)] == ["AccessDenied", "AccessDenied"]

    project.up("prod")
    project.change("prod", made_again)
    project.bootstrap("prod")
    exists = project.run(*UP, "prod", env=in_folder(project))
    assert "BucketAlreadyOwnedByYou" in exists.stderr
    taken_in = project.run(*UP, "prod", env=in_folder(project))
    assert taken_in.returncode == 1
    assert "the account has it already, taken in" in taken_in.stdout
    assert f"the bucket {LEFT} is deployed with the kind source: anyone could read what is in it" in taken_in.stderr
    assert answer(anyone, LEFT) == "AccessDenied"

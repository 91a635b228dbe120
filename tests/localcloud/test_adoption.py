"""What a bucket or an image repository that is taken in has already, as AWS says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

import pytest

from components import names
from components.orchestration.images import RepositoryPart
from components.storage import Part
from composition.adoption import Existing, existing_parts, parts_of, parts_of_repository
from portal import role_profile
from settings import SettingsError, load
from tests.localcloud.clouds import ORGANIZATION_ROLE
from tests.localcloud.conftest import DEV, PUBLIC, REGION, Cloud
from tests.unit.recording import record
from tests.unit.stackfiles import Files, changed, written
from tests.unit.test_settings import put

NAME, REPOSITORY = "cryoetportal-rawdatasets-dev", "cryoet-staging"
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": f"arn:aws:s3:::{NAME}"}
EXPIRY = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """S3 of an account with nothing but the bucket, as it is when someone has just made it by hand."""
    cloud.reset()
    client = cloud.client("s3", DEV)
    client.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return client


def everything(s3: Any) -> None:
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Version": "2012-10-17", "Statement": [DENY]}))
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": [EXPIRY]})
    s3.put_bucket_cors(
        Bucket=NAME, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    )
    s3.put_bucket_logging(
        Bucket=NAME, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": NAME, "TargetPrefix": "logs/"}}
    )


def test_each_part_is_there_or_not(s3: Any) -> None:
    always = {"ownership", "public-access", "versioning", "encryption"}
    assert parts_of(s3, NAME) == always
    everything(s3)
    assert parts_of(s3, NAME) == {*get_args(Part)}
    s3.delete_public_access_block(Bucket=NAME)
    s3.delete_bucket_ownership_controls(Bucket=NAME)
    s3.put_bucket_logging(Bucket=NAME, BucketLoggingStatus={})
    assert parts_of(s3, NAME) == {*get_args(Part)} - {"public-access", "ownership", "logging"}


def enter(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has the engineer's keys, and the variables of the account's role for the providers."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    role_profile.variables.cache_clear()
    for name, value in role_profile.variables_of_providers(names.role_arn(DEV, ORGANIZATION_ROLE), REGION).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def imported(s3: Any, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stack files that take in the bucket, and what `portal up` gives the program."""
    del s3  # before the credentials are read: emptying the accounts changes them
    enter(cloud, monkeypatch)

    def change(files: Files) -> None:
        put("dev", "buckets.source.import_id", NAME)(files)

    return written(changed(change), tmp_path)


def asked(directory: Path) -> Existing:
    answers: list[Existing] = []
    with patch.dict(os.environ):  # the program sets variables of its own
        record(lambda: answers.append(existing_parts(load("dev", directory))))
    return answers[0]


def test_a_program_asks_by_the_accounts_role_about_what_it_takes_in(s3: Any, imported: Path) -> None:
    everything(s3)
    assert asked(imported) == Existing(buckets={"source": frozenset(get_args(Part))})


def test_a_bucket_that_is_not_there_is_a_fault_of_the_stack_file(s3: Any, imported: Path) -> None:
    s3.delete_bucket(Bucket=NAME)
    with pytest.raises(SettingsError, match=f"buckets.source.import_id: '{NAME}': must be .*NoSuchBucket"):
        asked(imported)


def test_so_is_one_of_another_account(s3: Any, cloud: Cloud, imported: Path) -> None:
    s3.delete_bucket(Bucket=NAME)
    where = {"LocationConstraint": "us-west-2"}
    cloud.client("s3", PUBLIC).create_bucket(Bucket=NAME, CreateBucketConfiguration=where)
    with pytest.raises(SettingsError, match=f"buckets.source.import_id: '{NAME}': must be .*AccessDenied"):
        asked(imported)


def test_so_is_a_repository(s3: Any, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With each of its policies, or without, or not there."""
    del s3  # as above
    enter(cloud, monkeypatch)
    directory = written(changed(put("dev", "images.ingest.import_id", REPOSITORY)), tmp_path)
    with pytest.raises(
        SettingsError,
        match=f"images.ingest.import_id: '{REPOSITORY}': must be a repository of the account .*RepositoryNotFound",
    ):
        asked(directory)
    ecr = cloud.client("ecr", DEV)
    ecr.create_repository(repositoryName=REPOSITORY)
    assert asked(directory) == Existing(images={"ingest": frozenset()})
    selection = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}
    rules = {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
    ecr.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=json.dumps(rules))
    assert parts_of_repository(ecr, REPOSITORY) == {"lifecycle"}
    lab = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    policy = {"Version": "2012-10-17", "Statement": [lab]}
    ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=json.dumps(policy))
    assert asked(directory) == Existing(images={"ingest": frozenset(get_args(RepositoryPart))})

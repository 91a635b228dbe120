"""What ECR refuses, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import refused
from .conftest import DEV, PROD, Cloud

INVALID = "InvalidParameterException"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def ecr(cloud: Cloud) -> Any:
    return cloud.client("ecr")


@pytest.fixture
def repository(cloud: Cloud, ecr: Any) -> str:
    """A repository's name."""
    return str(ecr.create_repository(repositoryName=cloud.name("images"))["repository"]["repositoryName"])


def pull_by(**more: Any) -> str:
    principal = {"AWS": f"arn:aws:iam::{PROD}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": PULL} | more
    kept = {name: value for name, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def push(ecr: Any, repository: str, tag: str, content: str) -> None:
    layer = {"mediaType": MANIFEST_TYPE, "size": 1, "digest": f"sha256:{content * 64}"}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": layer, "layers": [layer]}
    ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest))


def rule(priority: int, status: str = "untagged", **more: Any) -> dict[str, Any]:
    selection = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 5} | more
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


def test_bbe_09_repository_with_images(ecr: Any, repository: str) -> None:
    push(ecr, repository, "main", "a")
    with refused("RepositoryNotEmptyException", "still contains images"):
        ecr.delete_repository(repositoryName=repository)
    ecr.delete_repository(repositoryName=repository, force=True)


def test_bbe_10_names_of_repositories(ecr: Any, repository: str) -> None:
    with refused("RepositoryAlreadyExistsException", "already exists"):
        ecr.create_repository(repositoryName=repository)
    for name in ("Images", "x" * 257, "a b", "a//b", "-a", "a-"):
        with refused(INVALID, "at 'repositoryName' failed to satisfy constraint"):
            ecr.create_repository(repositoryName=name)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        pull_by(Principal=None),
        pull_by(Principal={"AWS": f"arn:aws:iam::{DEV}:role/nobody"}),
        pull_by(Principal={"AWS": "arn:aws:iam::999999999999:root"}),
        pull_by(Resource="*"),
        pull_by(Action="BatchGetImage"),
    ],
    ids=["none", "no-principal", "no-such-role", "no-such-account", "resource", "action"],
)
def test_bbe_11_policies_that_are_malformed_or_name_nobody(ecr: Any, repository: str, text: str) -> None:
    with refused(INVALID, "'Invalid repository policy provided'"):
        ecr.set_repository_policy(repositoryName=repository, policyText=text)
    with refused("RepositoryPolicyNotFoundException", repository):
        ecr.get_repository_policy(repositoryName=repository)
    ecr.set_repository_policy(repositoryName=repository, policyText=pull_by())


def test_bbe_11_policy_that_locks_its_writer_out(ecr: Any, repository: str) -> None:
    locking = pull_by(Effect="Deny", Principal={"AWS": "*"}, Action="ecr:SetRepositoryPolicy")
    with refused(INVALID, "'Invalid repository policy provided'"):
        ecr.set_repository_policy(repositoryName=repository, policyText=locking)
    ecr.set_repository_policy(repositoryName=repository, policyText=locking, force=True)
    with refused("AccessDeniedException", "ecr:SetRepositoryPolicy"):
        ecr.set_repository_policy(repositoryName=repository, policyText=pull_by())


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ([rule(1), rule(1, "any")], "Duplicate priority in multiple rules"),
        ([rule(0)], "numeric instance is lower than the required minimum"),
        ([rule(1, "any"), rule(2)], "Rule for tagStatus=ANY must have the lowest priority"),
        ([rule(1), rule(2)], "Only one rule can select Untagged images"),
        ([rule(1, "tagged")], "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED."),
        ([rule(1, "tagged", tagPatternList=["a*b*c*d*e*f"])], "Invalid tag pattern provided. Total number of *"),
        ([rule(1, tagPrefixList=["a"])], "instance failed to match exactly one schema"),
        (
            [rule(1, "tagged", tagPrefixList=["a"], tagPatternList=["a*"])],
            "instance failed to match exactly one schema",
        ),
        ([rule(1, countNumber=0)], "numeric instance is lower than the required minimum"),
        ([{"rulePriority": 1, "description": "x" * 100}], "object has missing required properties"),
    ],
)
def test_bbe_12_lifecycle_rules(ecr: Any, repository: str, rules: list[dict[str, Any]], text: str) -> None:
    with refused(INVALID, f"Lifecycle policy validation failure: {text}"):
        ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=json.dumps({"rules": rules}))
    kept = [rule(3, "any"), rule(1), rule(2, "tagged", tagPatternList=["a*b*c*d*e"])]
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=json.dumps({"rules": kept}))


def test_bbe_19_tag_that_may_not_move(ecr: Any, repository: str) -> None:
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    push(ecr, repository, "main", "a")
    with refused("ImageTagAlreadyExistsException", "main"):
        push(ecr, repository, "main", "b")
    push(ecr, repository, "other", "b")


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("ECR", "BBE", "test_ecr_refusals.py")


@pytest.mark.parametrize("manifest", ["{no", "[]", "1", '"a"'])
def test_an_image_manifest_that_is_none(ecr: Any, repository: str, manifest: str) -> None:
    with refused(INVALID, "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"):
        ecr.put_image(repositoryName=repository, imageTag="a", imageManifest=manifest)

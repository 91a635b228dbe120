"""Repositories of images: what ECR refuses about their policies, lifecycle rules and tags, and moto takes.

Sources: the ECR user guide's *Lifecycle policy properties*, the API reference of SetRepositoryPolicy, AWS's answers as
recorded by others. AWS facts: a repository's policy names no resource, and only principals that exist; it leaves its
writer able to change it again, unless that is forced; lifecycle rules go by unique priorities, the lowest number first.
"""

from __future__ import annotations

import json
from typing import Any

from localcloud.server.access.decide import decide
from localcloud.server.access.documents import Fault, check_resource
from localcloud.server.access.permission import Permission
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import store

MOST_WILDCARDS = 4
LISTS = ("tagPrefixList", "tagPatternList")


@HOOKS.before("ecr", "SetRepositoryPolicy")
def policy(call: Call) -> None:
    text = call.params["policyText"]
    refused = Refusal(
        "InvalidParameterException",
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
    )
    try:
        parsed = check_resource(text)
    except Fault as fault:
        raise refused from fault
    if any(statement.resources is not None for statement in parsed.statements):
        raise refused
    if not call.params.get("force") and not _may_set_again(call, text):
        raise refused


def _may_set_again(call: Call, text: str) -> bool:
    name = call.params["repositoryName"]
    permission = Permission(
        action="ecr:SetRepositoryPolicy",
        resource=f"arn:aws:ecr:{call.region}:{call.account}:repository/{name}",
        owner_account=call.account,
        resource_policy=text,
    )
    return decide(call, permission).allowed


@HOOKS.before("ecr", "PutImage")
def manifest(call: Call) -> None:
    try:
        parsed: Any = json.loads(call.params["imageManifest"])
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        text = "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
        raise Refusal("InvalidParameterException", text)


@HOOKS.before("ecr", "PutImage")
def image(call: Call) -> None:
    """moto has another code for it."""
    name, tag = call.params["repositoryName"], call.params.get("imageTag")
    repository = store.repository(call)
    if repository is None or repository.image_tag_mutability != "IMMUTABLE":
        return
    if any(
        tag in image.image_tags and image.image_manifest != call.params["imageManifest"] for image in repository.images
    ):
        text = f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the"
        raise Refusal("ImageTagAlreadyExistsException", f"{text} repository is immutable.")


@HOOKS.before("ecr", "PutLifecyclePolicy")
def lifecycle(call: Call) -> None:
    """Refuses rules that contradict each other. Their schema is moto's to check: what is not of it is left to moto."""
    try:
        document: Any = json.loads(call.params["lifecyclePolicyText"])
        rules = [(rule["rulePriority"], rule["selection"]) for rule in document["rules"]]
        statuses = [(int(priority), selection["tagStatus"]) for priority, selection in rules]
    except (ValueError, TypeError, KeyError):
        return
    _priorities(statuses)
    for _, selection in rules:
        _tags(selection)


def _wrong(text: str) -> Refusal:
    start = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
    return Refusal("InvalidParameterException", f"{start}'Lifecycle policy validation failure: {text}'")


def _priorities(statuses: list[tuple[int, str]]) -> None:
    """``statuses`` are priority and tagStatus of each rule."""
    priorities = [priority for priority, _ in statuses]
    if len(priorities) != len(set(priorities)):
        raise _wrong("Duplicate priority in multiple rules")
    if any(priority < 1 for priority in priorities):
        raise _wrong(f"numeric instance is lower than the required minimum (minimum: 1, found: {min(priorities)})")
    if any(status == "any" and priority != max(priorities) for priority, status in statuses):
        raise _wrong("Rule for tagStatus=ANY must have the lowest priority per storage class")
    if sum(status == "untagged" for _, status in statuses) > 1:
        raise _wrong("Only one rule can select Untagged images per storage class.")


def _tags(selection: Params) -> None:
    given = [name for name in LISTS if selection.get(name)]
    if selection["tagStatus"] == "tagged" and not given:
        raise _wrong("Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.")
    if len(given) > 1 or (given and selection["tagStatus"] != "tagged"):
        raise _wrong("instance failed to match exactly one schema (matched 0 out of 4)")
    if any(pattern.count("*") > MOST_WILDCARDS for pattern in selection.get("tagPatternList") or []):
        raise _wrong(f"Invalid tag pattern provided. Total number of * must not exceed {MOST_WILDCARDS}")

"""What S3 checks in a bucket policy when it is put.

Rests on S3's refusals (MalformedPolicy): the actions must be S3's, each must apply to a resource of its statement, the
resources must be of this bucket, and a condition key must be one that the statement's actions have.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from localcloud.server.access.documents import Fault, check_resource
from localcloud.server.access.patterns import matches, split_arn
from localcloud.server.access.policy import Policy, Statement

MAX_BYTES = 20_480


@lru_cache(maxsize=1)
def actions() -> dict[str, dict[str, list[str]]]:
    """S3's actions: ``on`` what they apply to, ``keys`` beyond those of every action (under ``""``)."""
    return json.loads((Path(__file__).parent / "s3_actions.json").read_text())


@lru_cache(maxsize=1024)
def _known(pattern: str) -> tuple[str, ...]:
    """The actions on buckets and objects that a pattern stands for."""
    name = pattern.split(":", 1)[-1]
    if pattern != "*" and not pattern.lower().startswith("s3:"):
        return ()
    return tuple(key for key, entry in actions().items() if entry["on"] and matches(name, key, ignore_case=True))


def check_bucket(text: str, bucket: str) -> Policy:
    """The bucket policy in ``text``; raises :class:`Fault`."""
    if not text.lstrip().startswith("{"):
        raise Fault("Policies must be valid JSON and the first byte must be '{'")
    if len(text.encode()) > MAX_BYTES:
        raise Fault(f"Policy exceeds the maximum allowed document size of {MAX_BYTES} bytes")
    policy = check_resource(text)
    for statement in policy.statements:
        _check_actions(statement)
        kinds = _kinds(statement, bucket)
        _check_applies(statement, kinds)
        _check_conditions(statement)
    return policy


def _check_actions(statement: Statement) -> None:
    for action in statement.actions:
        if not _known(action):
            raise Fault(f"Policy has invalid action: {action}")


def _kinds(statement: Statement, bucket: str) -> set[str]:
    """What the statement's resources can be: the bucket, its objects."""
    if statement.resources is None:
        raise Fault("Missing required field Resource")
    kinds: set[str] = set()
    for resource in statement.resources:
        if resource == "*":
            kinds |= {"bucket", "object"}
            continue
        name, slash, _ = split_arn(resource)[5].partition("/")
        if not resource.startswith("arn:aws:s3:::") or not matches(name, bucket):
            raise Fault(f"Policy has invalid resource: {resource}")
        kinds.add("object" if slash else "bucket")
        if not slash and name.endswith("*"):
            kinds.add("object")
    return {"bucket", "object"} if statement.not_resources else kinds


def _check_applies(statement: Statement, kinds: set[str]) -> None:
    if statement.not_actions:
        return
    applicable = {kind for action in statement.actions for name in _known(action) for kind in actions()[name]["on"]}
    for action in statement.actions:
        if not any(kinds & set(actions()[name]["on"]) for name in _known(action)):
            raise Fault(f"Action does not apply to any resource(s) in statement: {action}")
    if not statement.not_resources and not kinds & applicable:
        raise Fault("Action does not apply to any resource(s) in statement")


def _check_conditions(statement: Statement) -> None:
    for condition in statement.conditions:
        key = condition.key.lower()
        vendor = key.split(":", 1)[0]
        if vendor not in ("s3", "aws"):
            raise Fault(f"Policy has an invalid condition key: {condition.key}")
        if vendor == "aws":
            continue
        if not any(_has(name, key) for name in actions()):
            raise Fault(f"Policy has an invalid condition key: {condition.key}")
        for action in () if statement.not_actions else statement.actions:
            if not any(_has(name, key) for name in _known(action)):
                text = "Conditions do not apply to combination of actions and resources in statement"
                raise Fault(f"{text}: {condition.key} and {action}")


def _has(action: str, key: str) -> bool:
    own = actions()[action]["keys"] + actions()[""]["keys"]
    return any(key.startswith(name) if name.endswith("/") else key == name for name in own)

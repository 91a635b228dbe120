"""Lifecycle configurations: what AWS refuses of them, and how it gives them back.

AWS facts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html; at most 1,000 rules; days
of each step later than the one before, and an archive at least 30 days after infrequent access; objects smaller than
128 KB aren't moved unless the configuration says so. A transition to STANDARD_IA before day 30 is accepted today.
Expiry is not carried out here: no object grows old.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from itertools import pairwise
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal

from .conditions import moment
from .conflicts import changing
from .refusals import malformed_xml, not_configured
from .store import documents

MOST_RULES = 1000
LONGEST_ID = 255
DEFAULT_SMALLEST = "all_storage_classes_128K"
WATERFALL = (
    "STANDARD",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
"""An object moves down this list only."""
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
ARCHIVES = ("GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)


def _invalid(message: str, **fields: str) -> Refusal:
    return Refusal("InvalidArgument", message, 400, **fields)


def _request(message: str) -> Refusal:
    return Refusal("InvalidRequest", message)


def check(configuration: Params) -> None:
    """Raises :class:`Refusal` for a configuration that AWS doesn't take."""
    rules: list[dict[str, Any]] = configuration.get("Rules", [])
    if not 1 <= len(rules) <= MOST_RULES:
        raise malformed_xml()
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) < len(ids):
        raise _invalid("Rule ID must be unique. Found same ID for more than one rule")
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: dict[str, Any]) -> None:
    if len(rule.get("ID", "")) > LONGEST_ID:
        raise _invalid(f"ID length should not exceed allowed limit of {LONGEST_ID}")
    if ("Filter" in rule) == ("Prefix" in rule):
        raise malformed_xml()
    if not any(rule.get(action) for action in ACTIONS):
        raise _request("At least one action needs to be specified in a rule")
    _check_filter(rule.get("Filter", {}))
    _check_expiration(rule)
    _check_transitions(rule.get("Transitions", []))
    _check_noncurrent(rule)
    _check_expiry_after_transition(rule)
    if rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 1) < 1:
        raise _invalid("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer")


def _check_filter(wanted: dict[str, Any]) -> None:
    if len([name for name in wanted if wanted[name] is not None]) > 1:
        raise malformed_xml()
    both: dict[str, Any] = wanted.get("And", {})
    if "And" in wanted and len(both) + max(len(both.get("Tags", [])) - 1, 0) < 2:
        raise malformed_xml()
    keys = [tag["Key"] for tag in both.get("Tags", [])]
    if len(set(keys)) < len(keys):
        raise _request("Duplicate Tag Keys are not allowed.")
    greater = both.get("ObjectSizeGreaterThan", wanted.get("ObjectSizeGreaterThan"))
    less = both.get("ObjectSizeLessThan", wanted.get("ObjectSizeLessThan"))
    if greater is not None and less is not None and less <= greater:
        raise _request("'ObjectSizeLessThan' should be greater than 'ObjectSizeGreaterThan' by at least 1 byte")


def tags_of_filter(wanted: dict[str, Any]) -> list[dict[str, str]]:
    tags: list[dict[str, str]] = wanted.get("And", {}).get("Tags", [])
    return [*tags, wanted["Tag"]] if wanted.get("Tag") else tags


def _check_expiration(rule: dict[str, Any]) -> None:
    expiration: dict[str, Any] = rule.get("Expiration", {})
    given = [name for name in ("Date", "Days", "ExpiredObjectDeleteMarker") if expiration.get(name) is not None]
    if "Expiration" in rule and len(given) != 1:
        raise malformed_xml()
    if expiration.get("Days") is not None and expiration["Days"] < 1:
        raise _invalid("'Days' for Expiration action must be a positive integer")
    _check_midnight(expiration)
    if not tags_of_filter(rule.get("Filter", {})):
        return
    if "ExpiredObjectDeleteMarker" in expiration:
        raise _request("ExpiredObjectDeleteMarker cannot be specified with Tags.")
    if rule.get("AbortIncompleteMultipartUpload"):
        raise _request("AbortIncompleteMultipartUpload cannot be specified with Tags.")


def _check_midnight(action: dict[str, Any]) -> None:
    date: datetime | None = action.get("Date")
    if date is not None and (moment(date).hour, moment(date).minute, moment(date).second) != (0, 0, 0):
        raise _invalid("'Date' must be at midnight GMT")


def _check_transitions(transitions: Sequence[dict[str, Any]]) -> None:
    for transition in transitions:
        if (transition.get("Days") is None) == (transition.get("Date") is None) or not transition.get("StorageClass"):
            raise malformed_xml()
        if transition.get("Days", 0) < 0:
            raise _invalid("'Days' in Transition action must be nonnegative integer")
        _check_midnight(transition)
    if len({"Days" in transition for transition in transitions}) > 1:
        raise _request("Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule")
    _check_order([(_step(transition), transition["StorageClass"]) for transition in transitions], "Days", "Transition")


def _step(transition: dict[str, Any]) -> int:
    """Days, or the date's day number: what is compared is the distance."""
    return transition["Days"] if "Days" in transition else moment(transition["Date"]).toordinal()


def _check_order(steps: Sequence[tuple[int, str]], unit: str, action: str) -> None:
    classes = [storage_class for _, storage_class in steps]
    if len(set(classes)) < len(classes):
        raise _invalid("'StorageClass' must be different for 'Transition' actions in same 'Rule'")
    ordered = sorted(steps, key=lambda step: WATERFALL.index(step[1]))
    for (earlier, first), (later, second) in pairwise(ordered):
        if later <= earlier:
            raise _invalid(
                f"'{unit}' in the '{action}' action for StorageClass '{second}' must be greater than '{unit}' in the "
                f"'{action}' action for StorageClass '{first}'"
            )
        if first in INFREQUENT and second in ARCHIVES and later - earlier < 30:
            raise _invalid(
                f"'{unit}' in the '{action}' action for StorageClass '{second}' for filter must be 30 days more than "
                f"'{unit}' in the '{action}' action for StorageClass '{first}'"
            )


def _check_noncurrent(rule: dict[str, Any]) -> None:
    expiration: dict[str, Any] = rule.get("NoncurrentVersionExpiration", {})
    transitions: list[dict[str, Any]] = rule.get("NoncurrentVersionTransitions", [])
    for action, name in (
        (expiration, "NoncurrentVersionExpiration"),
        *((t, "NoncurrentVersionTransition") for t in transitions),
    ):
        newer = action.get("NewerNoncurrentVersions")
        if newer is not None and not 1 <= newer <= 100:
            raise _invalid(f"'NewerNoncurrentVersions' for {name} action must be a positive integer up to 100")
    if "NoncurrentVersionExpiration" in rule:
        if expiration.get("NoncurrentDays") is None:
            raise malformed_xml()
        if expiration["NoncurrentDays"] < 1:
            raise _invalid("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
    for transition in transitions:
        if transition.get("NoncurrentDays") is None or not transition.get("StorageClass"):
            raise malformed_xml()
    steps = [(transition["NoncurrentDays"], transition["StorageClass"]) for transition in transitions]
    _check_order(steps, "NoncurrentDays", "NoncurrentVersionTransition")
    if expiration and steps and expiration["NoncurrentDays"] <= max(days for days, _ in steps):
        raise _invalid(
            "'NoncurrentDays' in the NoncurrentVersionExpiration action for filter must be greater than "
            "'NoncurrentDays' in the NoncurrentVersionTransition action"
        )


def _check_expiry_after_transition(rule: dict[str, Any]) -> None:
    expiration: dict[str, Any] = rule.get("Expiration", {})
    transitions: list[dict[str, Any]] = rule.get("Transitions", [])
    for unit in ("Days", "Date"):
        other = "Date" if unit == "Days" else "Days"
        if expiration.get(unit) is None or not transitions:
            continue
        if any(transition.get(other) is not None for transition in transitions):
            raise _request("Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule")
        last = max(_step(transition) for transition in transitions)
        if _step(expiration) <= last:
            raise _invalid(
                f"'{unit}' in the Expiration action for filter must be greater than '{unit}' in the Transition action"
            )


@HOOKS.instead("s3", "PutBucketLifecycleConfiguration")
def put_bucket_lifecycle_configuration(call: Call) -> Params:
    configuration = call.params.get("LifecycleConfiguration", {})
    check(configuration)
    smallest = call.params.get("TransitionDefaultMinimumObjectSize") or DEFAULT_SMALLEST
    rules = deepcopy(configuration["Rules"])
    for rule in rules:
        if not rule.get("ID"):
            rule["ID"] = secrets.token_urlsafe(36)
    with changing(call) as single:
        single["lifecycle"] = {"Rules": rules, "TransitionDefaultMinimumObjectSize": smallest}
    return {"TransitionDefaultMinimumObjectSize": smallest}


@HOOKS.instead("s3", "GetBucketLifecycleConfiguration")
def get_bucket_lifecycle_configuration(call: Call) -> Params:
    stored = documents(call.params["Bucket"]).single.get("lifecycle")
    if stored is None:
        raise not_configured(
            "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", call.params["Bucket"]
        )
    return deepcopy(stored)


@HOOKS.instead("s3", "DeleteBucketLifecycle")
def delete_bucket_lifecycle(call: Call) -> Params:
    with changing(call) as single:
        single.pop("lifecycle", None)
    return {}

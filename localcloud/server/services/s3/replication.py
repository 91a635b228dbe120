"""Replication configurations: what AWS refuses of them, and how it gives them back.

AWS facts: source and destination must be versioned; a rule with a Filter is of schema version 2 and needs Priority and
DeleteMarkerReplication; replication time control needs metrics of the same 15 minutes.
Nothing is replicated here: a configuration is kept, and what it would copy is not.
"""

from __future__ import annotations

import secrets
from collections import Counter
from copy import deepcopy
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal

from .conflicts import changing
from .lifecycle import tags_of_filter
from .refusals import malformed_xml, not_configured
from .store import bucket_called, documents, find_bucket

MOST_RULES = 1000


def _request(message: str) -> Refusal:
    return Refusal("InvalidRequest", message)


def check(bucket_name: str, configuration: Params) -> None:
    """Raises :class:`Refusal` for a configuration that AWS doesn't take."""
    if bucket_called(bucket_name).versioning_status != "Enabled":
        raise _request("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    rules: list[dict[str, Any]] = configuration.get("Rules", [])
    if not 1 <= len(rules) <= MOST_RULES:
        raise malformed_xml()
    for rule in rules:
        _check_rule(rule)
    if len({"Filter" in rule for rule in rules}) > 1:
        raise _request("Rules of replication schema version 1 and 2 cannot be mixed.")
    most_common = Counter(rule["Priority"] for rule in rules if "Priority" in rule).most_common(1)
    if most_common and most_common[0][1] > 1:
        raise _request(f"Found duplicate priority {most_common[0][0]}. Priority must be unique within a configuration.")
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) < len(ids):
        raise Refusal("InvalidArgument", "Rule Id must be unique")


def _check_rule(rule: dict[str, Any]) -> None:
    if "Filter" in rule and "Prefix" in rule:
        raise malformed_xml()
    if "Filter" in rule:
        for member in ("Priority", "DeleteMarkerReplication"):
            if member not in rule:
                raise _request(
                    f"{member} must be specified for this version of Cross Region Replication configuration "
                    "schema. Please refer to S3 Developer Guide for more details."
                )
        if tags_of_filter(rule["Filter"]) and rule["DeleteMarkerReplication"].get("Status") == "Enabled":
            raise _request("Delete marker replication is not supported if any Tag filter is specified.")
    _check_destination(rule["Destination"])
    by_kms = rule.get("SourceSelectionCriteria", {}).get("SseKmsEncryptedObjects", {}).get("Status") == "Enabled"
    if by_kms and not rule["Destination"].get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID"):
        raise _request("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")


def _check_destination(destination: dict[str, Any]) -> None:
    name = destination["Bucket"].removeprefix("arn:aws:s3:::")
    bucket = find_bucket(name)
    if bucket is None or bucket.versioning_status != "Enabled":
        raise _request("Destination bucket must have versioning enabled.")
    if destination.get("AccessControlTranslation") and not destination.get("Account"):
        raise _request("Account must be specified with AccessControlTranslation.")
    time: dict[str, Any] = destination.get("ReplicationTime", {})
    metrics: dict[str, Any] = destination.get("Metrics", {})
    if time.get("Status") == "Enabled":
        if metrics.get("Status") != "Enabled":
            raise _request("Replication destination must contain Metrics if ReplicationTime is specified.")
        if (time.get("Time", {}).get("Minutes"), metrics.get("EventThreshold", {}).get("Minutes")) != (15, 15):
            raise _request("ReplicationTime and EventThreshold must be 15 minutes.")


@HOOKS.instead("s3", "PutBucketReplication")
def put_bucket_replication(call: Call) -> Params:
    configuration = deepcopy(call.params["ReplicationConfiguration"])
    check(call.params["Bucket"], configuration)
    for rule in configuration["Rules"]:
        if not rule.get("ID"):
            rule["ID"] = secrets.token_urlsafe(36)
    with changing(call) as single:
        single["replication"] = configuration
    return {}


@HOOKS.instead("s3", "GetBucketReplication")
def get_bucket_replication(call: Call) -> Params:
    stored = documents(call.params["Bucket"]).single.get("replication")
    if stored is None:
        raise not_configured(
            "ReplicationConfigurationNotFoundError",
            "The replication configuration was not found",
            call.params["Bucket"],
        )
    return {"ReplicationConfiguration": deepcopy(stored)}


@HOOKS.instead("s3", "DeleteBucketReplication")
def delete_bucket_replication(call: Call) -> Params:
    with changing(call) as single:
        single.pop("replication", None)
    return {}

"""Configurations that a bucket has several of, each with an Id: inventory, intelligent tiering, metrics, analytics.

AWS facts: at most 1,000 of a kind in a bucket; the Id in the query is the Id in the document; a listing has pages of
100. An inventory's or an analysis's destination is a bucket's ARN, and the bucket must be there.
Nothing is reported here: no inventory is written and no object changes its tier.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal

from .conflicts import changing
from .store import documents, find_bucket

MOST = 1000
PAGE = 100
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """``name`` as in Put{name}Configuration, ``member`` of the document in requests and answers."""

    name: str
    member: str

    @property
    def listed(self) -> str:
        return f"{self.member}List"


KINDS = (
    Kind(name="BucketInventory", member="InventoryConfiguration"),
    Kind(name="BucketIntelligentTiering", member="IntelligentTieringConfiguration"),
    Kind(name="BucketMetrics", member="MetricsConfiguration"),
    Kind(name="BucketAnalytics", member="AnalyticsConfiguration"),
)


def _held(call: Call, kind: Kind) -> dict[str, Params]:
    return documents(call.params["Bucket"]).by_id.setdefault(kind.name, {})


def _missing() -> Refusal:
    return Refusal("NoSuchConfiguration", "The specified configuration does not exist.", 404)


def _check(kind: Kind, wanted_id: str, document: dict[str, Any]) -> None:
    if document.get("Id") != wanted_id:
        raise Refusal("IdMismatch", "Document ID does not match the specified configuration ID.")
    if not _ID.fullmatch(wanted_id):
        raise Refusal("InvalidConfigurationId", "The specified configuration ID is invalid.")
    for arn in _destinations(kind, document):
        if not arn.startswith("arn:aws:s3:::") or find_bucket(arn.removeprefix("arn:aws:s3:::")) is None:
            raise Refusal(
                "InvalidS3DestinationBucket", "The specified destination bucket does not exist or is invalid."
            )
    if kind.name == "BucketIntelligentTiering":
        _check_tierings(document.get("Tierings", []))


def _destinations(kind: Kind, document: dict[str, Any]) -> list[str]:
    if kind.name == "BucketInventory":
        return [document["Destination"]["S3BucketDestination"]["Bucket"]]
    export: dict[str, Any] = document.get("StorageClassAnalysis", {}).get("DataExport", {})
    return [export["Destination"]["S3BucketDestination"]["Bucket"]] if export else []


def _check_tierings(tierings: list[dict[str, Any]]) -> None:
    least = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
    tiers = [tiering["AccessTier"] for tiering in tierings]
    in_range = all(least[tiering["AccessTier"]] <= tiering["Days"] <= 730 for tiering in tierings)
    if not tierings or len(set(tiers)) < len(tiers) or not in_range:
        raise Refusal(
            "InvalidArgument",
            "Tierings must name each access tier once, ARCHIVE_ACCESS with 90 to 730 days, DEEP_ARCHIVE_ACCESS with "
            "180 to 730",
        )


def _put(call: Call, kind: Kind) -> Params:
    document, wanted_id = call.params[kind.member], call.params["Id"]
    _check(kind, wanted_id, document)
    with changing(call):
        configurations = _held(call, kind)
        if wanted_id not in configurations and len(configurations) >= MOST:
            raise Refusal(
                "TooManyConfigurations",
                "You are attempting to create a new configuration but have "
                "already reached the 1,000-configuration limit.",
            )
        configurations[wanted_id] = deepcopy(document)
    return {}


def _get(call: Call, kind: Kind) -> Params:
    stored = _held(call, kind).get(call.params["Id"])
    if stored is None:
        raise _missing()
    return {kind.member: deepcopy(stored)}


def _delete(call: Call, kind: Kind) -> Params:
    with changing(call):
        if _held(call, kind).pop(call.params["Id"], None) is None:
            raise _missing()
    return {}


def _list(call: Call, kind: Kind) -> Params:
    after = call.params.get("ContinuationToken") or ""
    later = [item for name, item in sorted(_held(call, kind).items()) if name > after]
    page = later[:PAGE]
    answer: Params = {"IsTruncated": len(page) < len(later)}
    if page:
        answer[kind.listed] = deepcopy(page)
    if after:
        answer["ContinuationToken"] = after
    if answer["IsTruncated"]:
        answer["NextContinuationToken"] = page[-1]["Id"]
    return answer


def _register(kind: Kind) -> None:
    @HOOKS.instead("s3", f"Put{kind.name}Configuration")
    def put(call: Call) -> Params:
        return _put(call, kind)

    @HOOKS.instead("s3", f"Get{kind.name}Configuration")
    def get(call: Call) -> Params:
        return _get(call, kind)

    @HOOKS.instead("s3", f"Delete{kind.name}Configuration")
    def delete(call: Call) -> Params:
        return _delete(call, kind)

    @HOOKS.instead("s3", f"List{kind.name}Configurations")
    def list_all(call: Call) -> Params:
        return _list(call, kind)

    del put, get, delete, list_all


for _kind in KINDS:
    _register(_kind)

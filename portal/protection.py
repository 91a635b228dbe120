"""What the state holds and a stack file may not drop, or open, looked at before the engine starts.

The program itself knows what its stack put out when it was last brought up to the end. An `up` that was killed before
its end put out nothing of what it made; the state has that all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from portal.pulumi_cli import Pulumi
from settings import load
from settings.audience import Deployed
from settings.schema import BucketKind

BUCKET = "aws:s3/bucket:Bucket"


def _buckets(deployment: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The buckets that exist, and those whose creation has an unknown outcome."""
    operations = deployment.get("pending_operations") or []
    found = [*(deployment.get("resources") or []), *(operation["resource"] for operation in operations)]
    return (one for one in found if one["type"] == BUCKET)


def protected_buckets(deployment: Mapping[str, Any]) -> dict[str, str]:
    """Names by key of the protected ones."""
    protected = (one for one in _buckets(deployment) if one.get("protect"))
    return {one["urn"].rpartition("::")[2]: one["inputs"]["bucket"] for one in protected}


def deployed_buckets(deployment: Mapping[str, Any]) -> dict[str, Deployed]:
    """By name, those whose tags say of which kind they are. With whom they are shared the tags do not say."""
    kinds = {one["inputs"]["bucket"]: (one["inputs"].get("tags") or {}).get("kind") for one in _buckets(deployment)}
    known = {name: cast("BucketKind", kind) for name, kind in kinds.items() if kind in get_args(BucketKind)}
    return {name: Deployed(kind=kind, readers=None) for name, kind in known.items()}


def refuse_accidents(pulumi: Pulumi) -> None:
    """Raises SettingsError where the stack's file lets go of a protected bucket without ``retire``, or opens one
    without ``open_contents_to``; PulumiError."""
    deployment = pulumi.deployment()
    portal = load(pulumi.stack, pulumi.root)
    portal.refuse_accidents(protected_buckets(deployment), deployed_buckets(deployment))

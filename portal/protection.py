"""What the state holds and a stack file may not drop, looked at before the engine starts.

The program itself knows what its stack put out when it was last brought up to the end. An `up` that was killed before
its end put out nothing of what it made; the state has that all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.pulumi_cli import Pulumi
from settings import load

BUCKET = "aws:s3/bucket:Bucket"


def protected_buckets(deployment: Mapping[str, Any]) -> dict[str, str]:
    """Names by key of the protected buckets that exist, and of those whose creation has an unknown outcome."""
    operations = deployment.get("pending_operations") or []
    found = [*(deployment.get("resources") or []), *(operation["resource"] for operation in operations)]
    buckets = [one for one in found if one["type"] == BUCKET and one.get("protect")]
    return {one["urn"].rpartition("::")[2]: one["inputs"]["bucket"] for one in buckets}


def refuse_dropped(pulumi: Pulumi) -> None:
    """Raises SettingsError where the stack's file lets go of a protected bucket without ``retire``; PulumiError."""
    load(pulumi.stack, pulumi.root).refuse_dropped(protected_buckets(pulumi.deployment()))

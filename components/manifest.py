"""Kubernetes objects in Kubernetes' own words: what stands in an input is what a manifest would say.

The SDK's classes are not used: those of the core group alone take longer to load than a whole preview takes. The
types are the provider's (``kubernetes:apps/v1:Deployment``), so that nothing else differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi

OVERRULE: Final = {"pulumi.com/patchForce": "true"}
"""Annotation: `up` puts right what somebody changed by hand, where Kubernetes would call it a conflict of owners."""
SKIP_AWAIT: Final = {"pulumi.com/skipAwait": "true"}
"""Annotation: the provider doesn't wait until the object works."""

REPLACE_UNREADY: Final = {"pulumi.com/replaceUnready": "true"}
"""Annotation: a Job that isn't complete is made anew by the next update."""


def apply(
    name: str,
    api_version: str,
    kind: str,
    metadata: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    *,
    patch: bool = False,
    **content: Any,
) -> pulumi.CustomResource:
    """An object; with ``patch`` the fields given of one that others own, which stays when these are removed. What a
    controller changes is not given here: an autoscaled Deployment has no number of replicas."""
    group = api_version if "/" in api_version else f"core/{api_version}"
    type_ = f"kubernetes:{group}:{kind}{'Patch' if patch else ''}"
    annotated = {**metadata, "annotations": {**OVERRULE, **metadata.get("annotations", {})}}
    inputs = {"apiVersion": api_version, "kind": kind, "metadata": annotated, **content}
    return pulumi.CustomResource(type_, name, inputs, opts)

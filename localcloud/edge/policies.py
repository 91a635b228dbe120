"""The policies that a behavior names: the account's own, or AWS's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.edge.viewer import Viewer
from localcloud.server.services.cloudfront import managed, store


def cache_policy(viewer: Viewer) -> Mapping[str, Any]:
    found = _policy(viewer, "CachePolicy")
    assert found is not None  # noqa: S101 - every behavior that is accepted has one
    return found


def origin_request_policy(viewer: Viewer) -> Mapping[str, Any] | None:
    return _policy(viewer, "OriginRequestPolicy")


def response_headers_policy(viewer: Viewer) -> Mapping[str, Any] | None:
    return _policy(viewer, "ResponseHeadersPolicy")


def _policy(viewer: Viewer, kind: str) -> Mapping[str, Any] | None:
    policy_id = viewer.behavior.get(f"{kind}Id", "")
    own = store.account(viewer.distribution.account).entities.get(kind, {}).get(policy_id)
    found = own or managed.POLICIES.get(kind, {}).get(policy_id)
    return found.config if found is not None else None

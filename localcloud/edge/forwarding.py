"""What of a request is in the cache key, and so goes to the origin too.

AWS facts: "Understand cache policies": headers, cookies and query strings that the policy names; order and case of
query strings matter; the parameters of a signed URL never count.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from localcloud.edge.viewer import Forwarded, Viewer

SIGNING: Final = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")


def forwarded(viewer: Viewer, policy: Mapping[str, Any]) -> Forwarded:
    parameters = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    named = (parameters["HeadersConfig"].get("Headers") or {}).get("Items") or []
    headers = {name.lower(): viewer.headers[name.lower()] for name in named if name.lower() in viewer.headers}
    parts = [part for part in viewer.request.query.split("&") if part and part.partition("=")[0] not in SIGNING]
    chosen = _chosen(parameters["QueryStringsConfig"], "QueryString", [part.partition("=")[0] for part in parts])
    query = "&".join(part for part in parts if part.partition("=")[0] in chosen)
    try:
        cookies = {name: morsel.value for name, morsel in SimpleCookie(viewer.headers.get("cookie", "")).items()}
    except CookieError:
        cookies = {}
    kept = _chosen(parameters["CookiesConfig"], "Cookie", list(cookies))
    return Forwarded(headers=headers, query=query, cookies={name: cookies[name] for name in sorted(kept)})


def _chosen(config: Mapping[str, Any], word: str, names: list[str]) -> set[str]:
    listed = set((config.get(f"{word}s") or {}).get("Items") or [])
    behavior = config[f"{word}Behavior"]
    return {"none": set[str](), "all": set(names), "whitelist": listed & set(names)}.get(behavior, set(names) - listed)

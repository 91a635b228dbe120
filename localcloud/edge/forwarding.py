"""What of a request is in the cache key, and what goes to the origin.

AWS facts: "Understand cache policies", "Understand origin request policies": headers, cookies and query strings that a
policy names; order and case of query strings matter; the parameters of a signed URL never count where URLs are signed.
The origin gets what is in the key and what the origin request policy names.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from localcloud.edge.viewer import Forwarded, Viewer

SIGNING: Final = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")


def in_key(viewer: Viewer, policy: Mapping[str, Any]) -> Forwarded:
    """By a cache policy."""
    parameters = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    return _forwarded(viewer, parameters, parameters, parameters)


def to_origin(viewer: Viewer, policy: Mapping[str, Any] | None) -> Forwarded:
    """The key's part, and what an origin request policy adds."""
    key = viewer.forwarded
    if policy is None:
        return key
    more = _forwarded(viewer, policy, policy, policy)
    names = {part for text in (key.query, more.query) for part in text.split("&")}
    query = "&".join(part for part in _query_parts(viewer) if part in names)
    return Forwarded(headers={**more.headers, **key.headers}, query=query, cookies={**more.cookies, **key.cookies})


def forwards_cookies(*policies: Mapping[str, Any] | None) -> bool:
    """Whether one of the policies lets cookies through."""
    parts = [(one.get("ParametersInCacheKeyAndForwardedToOrigin") or one) for one in policies if one is not None]
    return any(part["CookiesConfig"]["CookieBehavior"] != "none" for part in parts)


def _forwarded(
    viewer: Viewer, headers: Mapping[str, Any], queries: Mapping[str, Any], cookies: Mapping[str, Any]
) -> Forwarded:
    parts = _query_parts(viewer)
    chosen = _chosen(queries["QueryStringsConfig"], "QueryString", [part.partition("=")[0] for part in parts])
    given = _cookies(viewer)
    kept = _chosen(cookies["CookiesConfig"], "Cookie", list(given))
    return Forwarded(
        headers=_headers(viewer, headers["HeadersConfig"]),
        query="&".join(part for part in parts if part.partition("=")[0] in chosen),
        cookies={name: given[name] for name in sorted(kept)},
    )


def _query_parts(viewer: Viewer) -> list[str]:
    signed = SIGNING if viewer.behavior["TrustedKeyGroups"].get("Items") else ()
    return [part for part in viewer.request.query.split("&") if part and part.partition("=")[0] not in signed]


def _cookies(viewer: Viewer) -> dict[str, str]:
    try:
        parsed = SimpleCookie(viewer.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.coded_value for name, morsel in parsed.items()}


def _headers(viewer: Viewer, config: Mapping[str, Any]) -> dict[str, str]:
    listed = {name.lower() for name in (config.get("Headers") or {}).get("Items") or []}
    behavior = config["HeaderBehavior"]
    if behavior == "none":
        return {}
    if behavior == "whitelist":
        return {name: viewer.headers[name] for name in sorted(listed) if name in viewer.headers}
    left_out = listed if behavior == "allExcept" else set[str]()
    return {name: value for name, value in viewer.headers.items() if name not in left_out | {"cookie"}}


def _chosen(config: Mapping[str, Any], word: str, names: list[str]) -> set[str]:
    listed = set((config.get(f"{word}s") or {}).get("Items") or [])
    behavior = config[f"{word}Behavior"]
    return {"none": set[str](), "all": set(names), "whitelist": listed & set(names)}.get(behavior, set(names) - listed)

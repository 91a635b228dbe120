"""The headers that a viewer gets: the response headers policy's, and CloudFront's own.

AWS facts: "Understand response headers policies": headers are removed first, then added; a Server that is removed
comes back as CloudFront's; without override, a CORS header of the origin's keeps all of the policy's away; what
concerns preflights alone goes on preflights alone. A ``*`` is answered as such, a listed origin by itself.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any, Final

from localcloud.edge import policies
from localcloud.edge.viewer import POP, Answer, Viewer
from localcloud.server.wire import HttpResponse

_ALL_METHODS: Final = ("GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def completed(viewer: Viewer, answer: Answer) -> HttpResponse:
    headers = dict(answer.response.headers)
    policy = policies.response_headers_policy(viewer)
    if policy is not None:
        headers = _by_policy(viewer, headers, policy)
    if answer.age is not None:
        headers["Age"] = str(answer.age)
    if viewer.distribution.config["HttpVersion"] in ("http3", "http2and3"):
        headers["Alt-Svc"] = 'h3=":443"; ma=86400'
    headers |= {
        "X-Cache": f"{answer.result} from cloudfront",
        "Via": f"1.1 {viewer.distribution.id.lower()}.cloudfront.net (CloudFront)",
        "X-Amz-Cf-Pop": POP,
        "X-Amz-Cf-Id": viewer.id,
    }
    return HttpResponse(status=answer.response.status, headers=headers, body=answer.response.body)


def _by_policy(viewer: Viewer, headers: dict[str, str], policy: Mapping[str, Any]) -> dict[str, str]:
    removed = {one["Header"].lower() for one in (policy.get("RemoveHeadersConfig") or {}).get("Items") or []}
    left = {name: value for name, value in headers.items() if name.lower() not in removed}
    if "server" in removed:
        left["Server"] = "CloudFront"
    cors = policy.get("CorsConfig")
    if cors and viewer.origin:
        left = _with_cors(viewer, left, cors)
    for name, value, override in _further(policy):
        if override or name.lower() not in {key.lower() for key in left}:
            left = {key: one for key, one in left.items() if key.lower() != name.lower()} | {name: value}
    return left


def _with_cors(viewer: Viewer, headers: dict[str, str], cors: Mapping[str, Any]) -> dict[str, str]:
    theirs = [name for name in headers if name.lower().startswith("access-control-")]
    if theirs and not cors["OriginOverride"]:
        return headers
    left = {name: value for name, value in headers.items() if name not in theirs} if cors["OriginOverride"] else headers
    origins = cors["AccessControlAllowOrigins"]["Items"]
    if "*" not in origins and not any(fnmatch.fnmatchcase(viewer.origin, one) for one in origins):
        return left
    added = {"Access-Control-Allow-Origin": "*" if "*" in origins else viewer.origin}
    if "*" not in origins:
        added["Vary"] = ", ".join(filter(None, [left.get("Vary"), "Origin"]))
    if cors["AccessControlAllowCredentials"]:
        added["Access-Control-Allow-Credentials"] = "true"
    if exposed := (cors.get("AccessControlExposeHeaders") or {}).get("Items"):
        added["Access-Control-Expose-Headers"] = ", ".join(exposed)
    if viewer.is_preflight:
        methods = cors["AccessControlAllowMethods"]["Items"]
        added["Access-Control-Allow-Methods"] = ", ".join(_ALL_METHODS if "ALL" in methods else methods)
        added["Access-Control-Allow-Headers"] = ", ".join(cors["AccessControlAllowHeaders"]["Items"])
        if cors.get("AccessControlMaxAgeSec"):
            added["Access-Control-Max-Age"] = str(cors["AccessControlMaxAgeSec"])
    return left | added


def _further(policy: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """(name, value, override) of security and custom headers."""
    parts: Mapping[str, Any] = policy.get("SecurityHeadersConfig") or {}
    found = [
        (one["Header"], one["Value"], one["Override"])
        for one in (policy.get("CustomHeadersConfig") or {}).get("Items") or []
    ]
    for name, part, value in (
        ("X-Content-Type-Options", "ContentTypeOptions", lambda _: "nosniff"),
        ("X-Frame-Options", "FrameOptions", lambda one: one["FrameOption"]),
        ("Referrer-Policy", "ReferrerPolicy", lambda one: one["ReferrerPolicy"]),
        ("Content-Security-Policy", "ContentSecurityPolicy", lambda one: one["ContentSecurityPolicy"]),
        ("X-XSS-Protection", "XSSProtection", _xss),
        ("Strict-Transport-Security", "StrictTransportSecurity", _transport),
    ):
        if part in parts:
            found.append((name, str(value(parts[part])), bool(parts[part]["Override"])))
    return found


def _xss(one: Mapping[str, Any]) -> str:
    if not one["Protection"]:
        return "0"
    report = f"; report={one['ReportUri']}" if one.get("ReportUri") else ""
    return "1" + ("; mode=block" if one.get("ModeBlock") else report)


def _transport(one: Mapping[str, Any]) -> str:
    words = [f"max-age={one['AccessControlMaxAgeSec']}"]
    words += ["includeSubDomains"] if one.get("IncludeSubdomains") else []
    return "; ".join([*words, *(["preload"] if one.get("Preload") else [])])

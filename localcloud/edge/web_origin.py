"""What the edge asks of origins that speak HTTP: load balancers behind VPC origins, and other hosts.

AWS facts ("Request and response behavior for custom origins"): the origin gets the body, the headers that policies
name and a few of CloudFront's own; Host is the origin's name unless it is forwarded. Who is not admitted by a security
group is 504, a closed port, a failed handshake or an unknown name 502. From here a host is another service of the
local cloud or nobody: the edge asks nothing of the internet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from localcloud.edge import content, local_names, policies
from localcloud.edge.behaviors import origin_path
from localcloud.edge.forwarding import forwards_cookies, to_origin
from localcloud.edge.viewer import Forwarded, Viewer, page
from localcloud.server import registry
from localcloud.server.connections import Connection, ConnectionFailed, NotAnswered
from localcloud.server.services.cloudfront import store
from localcloud.server.wire import HttpRequest, HttpResponse

ADDRESS: Final = "130.176.0.1"
"""One that CloudFront connects from."""
PREFIX_LIST: Final = "com.amazonaws.global.cloudfront.origin-facing"
_PASSED: Final = ("range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range")
_CONTENT: Final = "content-"
_NEVER: Final = frozenset(
    {
        "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip",
    }
)  # fmt: skip
"""Of a viewer's headers: what no policy lets through as it is."""
_REMOVED: Final = frozenset({"connection", "keep-alive", "trailer", "transfer-encoding", "upgrade"})
_MOST_IN_A_CHAIN: Final = 2
_UNREACHABLE: Final = (
    "{reason}\nWe can't connect to the server for this app or website at this time. There might be too much traffic or "
    "a configuration error. Try again later, or contact the app or website owner."
)
_NOT_ANSWERED: Final = "CloudFront wasn't able to connect to the origin."
_NOT_ACCEPTED: Final = (
    "CloudFront attempted to establish a connection with the origin, but either the attempt failed or the origin "
    "closed the connection."
)
_NO_NAME: Final = "CloudFront wasn't able to resolve the origin domain name."


def ask(viewer: Viewer, origin: Mapping[str, Any], more: Mapping[str, str]) -> HttpResponse:
    """The origin's answer, or the edge's page in its place."""
    policy = policies.origin_request_policy(viewer)
    forwarded = to_origin(viewer, policy)
    path = origin["OriginPath"] + origin_path(viewer.distribution, viewer.request.path)
    request = HttpRequest(
        method=viewer.method,
        target=path + (f"?{forwarded.query}" if forwarded.query else ""),
        headers=_headers(viewer, origin, forwarded) | dict(more),
        body=viewer.request.body,
        source_ip=viewer.request.source_ip,
    )
    try:
        answer = _sent(viewer, origin, request)
    except ConnectionFailed as error:
        reason = _NOT_ANSWERED if isinstance(error, NotAnswered) else _NOT_ACCEPTED
        return _page(viewer, 504 if isinstance(error, NotAnswered) else 502, reason)
    if answer is None:
        return _page(viewer, 502, _NO_NAME)
    removed = _REMOVED if forwards_cookies(policies.cache_policy(viewer), policy) else {*_REMOVED, "set-cookie"}
    kept = {name: value for name, value in answer.headers.items() if name.lower() not in removed}
    return HttpResponse(status=answer.status, headers=kept, body=answer.body)


def _page(viewer: Viewer, status: int, reason: str) -> HttpResponse:
    return page(viewer, status, _UNREACHABLE.format(reason=reason)).response


def _headers(viewer: Viewer, origin: Mapping[str, Any], forwarded: Forwarded) -> dict[str, str]:
    always = {name: value for name, value in viewer.headers.items() if name in _PASSED or name.startswith(_CONTENT)}
    by_policy = {name: value for name, value in forwarded.headers.items() if name not in _NEVER}
    sent = {"host": origin["DomainName"], "user-agent": "Amazon CloudFront", **always, **by_policy}
    if viewer.is_local:
        sent |= local_names.as_on_aws(viewer, by_policy)
    parameters = policies.cache_policy(viewer)["ParametersInCacheKeyAndForwardedToOrigin"]
    if parameters.get("EnableAcceptEncodingGzip") or parameters.get("EnableAcceptEncodingBrotli"):
        accepted = content.encoding(viewer, policies.cache_policy(viewer))
        sent["accept-encoding"] = "gzip" if "gzip" in accepted else "identity"  # the edge knows no Brotli
    if forwarded.cookies:
        sent["cookie"] = "; ".join(f"{name}={value}" for name, value in forwarded.cookies.items())
    via = f"1.1 {viewer.distribution.id.lower()}.cloudfront.net (CloudFront)"
    sent |= {
        "x-forwarded-for": ", ".join(filter(None, [viewer.headers.get("x-forwarded-for"), viewer.request.source_ip])),
        "via": ", ".join(filter(None, [viewer.headers.get("via"), via])),
        "x-amz-cf-id": viewer.id,
    }
    custom = origin["CustomHeaders"].get("Items") or []
    return {**sent, **{one["HeaderName"].lower(): one["HeaderValue"] for one in custom}}


def _sent(viewer: Viewer, origin: Mapping[str, Any], request: HttpRequest) -> HttpResponse | None:
    """None: there is no such host. Raises ConnectionFailed."""
    if "VpcOriginConfig" in origin:
        held = store.account(viewer.distribution.account).vpc_origins[origin["VpcOriginConfig"]["VpcOriginId"]]
        endpoint = registry.resource(held.config["Arn"])
        host = endpoint.facts["dns_name"] if endpoint is not None else origin["DomainName"]
        return registry.forwarded(_connection(viewer, origin, held.config, host, request, held.group), request)
    secure = _secure(viewer, origin["CustomOriginConfig"])
    if viewer.headers.get("via", "").count("cloudfront.net (CloudFront)") >= _MOST_IN_A_CHAIN:
        return page(viewer, 403, "Bad request.").response
    return registry.served(
        HttpRequest(
            method=request.method,
            target=request.target,
            headers={**request.headers, "host": origin["DomainName"]},
            body=request.body,
            secure=secure,
            source_ip=request.source_ip,
        )
    )


def _secure(viewer: Viewer, config: Mapping[str, Any]) -> bool:
    wanted = config["OriginProtocolPolicy"]
    return viewer.secure if wanted == "match-viewer" else wanted == "https-only"


def _connection(
    viewer: Viewer, origin: Mapping[str, Any], config: Mapping[str, Any], host: str, request: HttpRequest, group: str
) -> Connection:
    secure = _secure(viewer, config)
    return Connection(
        host=host,
        port=config["HTTPSPort"] if secure else config["HTTPPort"],
        secure=secure,
        server_names=(origin["DomainName"], request.headers["host"].partition(":")[0]),
        address=ADDRESS,
        groups=frozenset({group}),
        prefix_lists=frozenset({PREFIX_LIST}),
    )

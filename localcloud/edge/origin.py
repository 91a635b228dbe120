"""What the edge asks of S3: the path as it came, few headers, as CloudFront itself if the origin says so.

AWS facts: an origin access control signs with the distribution as ``aws:SourceArn``; without one the request is
anonymous. Cookies, Authorization and whatever no policy names stay behind; Range and the conditional headers pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from localcloud.edge import policies, web_origin
from localcloud.edge.behaviors import origin_path
from localcloud.edge.forwarding import to_origin
from localcloud.edge.viewer import Viewer
from localcloud.server import gateway, service_calls
from localcloud.server.services.cloudfront import store
from localcloud.server.wire import HttpRequest, HttpResponse

_BUCKET: Final = re.compile(r"([a-z0-9.-]+)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com")
_PASSED: Final = ("range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range")
_REMOVED: Final = ("x-amz-id-2", "x-amz-request-id", "x-amzn-requestid", "set-cookie", "trailer", "upgrade")
"""S3's, which no viewer sees."""


def ask(viewer: Viewer, more: Mapping[str, str]) -> HttpResponse:
    """The origin's answer. ``more``: conditional headers of the edge's own, in place of the viewer's."""
    [origin] = [
        one for one in viewer.distribution.config["Origins"]["Items"] if one["Id"] == viewer.behavior["TargetOriginId"]
    ]
    if "S3OriginConfig" not in origin:
        return web_origin.ask(viewer, origin, more)
    bucket = _BUCKET.fullmatch(origin["DomainName"])
    assert bucket is not None  # noqa: S101 - no other name of an S3 origin is accepted
    path = f"/{bucket[1]}{origin['OriginPath']}{origin_path(viewer.distribution, viewer.request.path)}"
    forwarded = to_origin(viewer, policies.origin_request_policy(viewer))
    if forwarded.query:
        path += f"?{forwarded.query}"
    headers = {name: viewer.headers[name] for name in _PASSED if name in viewer.headers} | dict(more)
    own = {"host": "localhost", "user-agent": "Amazon CloudFront", "via": "1.1 cloudfront"}
    headers |= {**forwarded.headers, **own}
    request = HttpRequest(
        method=viewer.method, target=path, headers=headers, secure=True, source_ip=viewer.request.source_ip
    )
    signed = _signs(viewer, origin)
    caller = service_calls.service("cloudfront.amazonaws.com", viewer.distribution.account) if signed else None
    context = {"aws:SourceArn": [viewer.distribution.arn], "aws:SourceAccount": [viewer.distribution.account]}
    answer = gateway.handle(request, caller, context if signed else None)
    kept = {name: value for name, value in answer.headers.items() if name.lower() not in _REMOVED}
    return HttpResponse(status=answer.status, headers=kept, body=answer.body)


def _signs(viewer: Viewer, origin: Mapping[str, Any]) -> bool:
    control = origin["OriginAccessControlId"]
    if not control:
        return False
    config = store.account(viewer.distribution.account).entities["OriginAccessControl"][control].config
    return config["SigningBehavior"] != "never"

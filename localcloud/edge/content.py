"""An answer out of a kept one: a range of it, or that it is unchanged, or compressed.

AWS facts: developer guide, "Range requests" (what is no single range in order is answered with the whole) and "Serve
compressed files" (listed types of 1,000 to 10,000,000 bytes; a strong ETag becomes a weak one). Of Brotli and gzip, the
edge here knows gzip alone.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from localcloud.edge.viewer import Viewer
from localcloud.server.wire import HttpResponse

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")
_COMPRESSED: Final = (
    "application/json", "application/javascript", "application/xml", "application/wasm", "application/pdf",
    "image/svg+xml", "text/html", "text/css", "text/csv", "text/plain", "text/javascript", "text/xml",
)  # fmt: skip
_LEAST, _MOST = 1_000, 10_000_000


def header(response: HttpResponse, name: str) -> str:
    return next((value for key, value in response.headers.items() if key.lower() == name), "")


def encoding(viewer: Viewer, policy: Mapping[str, Any]) -> str:
    """What of Accept-Encoding is in the key: the encodings that policy and viewer both have."""
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    accepted = {part.partition(";")[0].strip() for part in viewer.headers.get("accept-encoding", "").lower().split(",")}
    known = {"br": key.get("EnableAcceptEncodingBrotli"), "gzip": key.get("EnableAcceptEncodingGzip")}
    return ",".join(name for name, enabled in known.items() if enabled and name in accepted)


def compressed(response: HttpResponse, accepted: str, behavior: Mapping[str, Any]) -> HttpResponse:
    """The answer as it is kept under a key with those encodings."""
    type_ = header(response, "content-type").partition(";")[0].strip().lower()
    fits = _LEAST <= len(response.body) <= _MOST and type_ in _COMPRESSED and response.status == 200
    if not (behavior["Compress"] and "gzip" in accepted and fits) or header(response, "content-encoding"):
        return response
    headers = {
        name: value for name, value in response.headers.items() if name.lower() not in ("content-length", "etag")
    }
    etag = header(response, "etag")
    if etag:
        headers["ETag"] = etag if etag.startswith("W/") else f"W/{etag}"
    headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return HttpResponse(status=200, headers=headers, body=gzip.compress(response.body, mtime=0))


def tailored(viewer: Viewer, response: HttpResponse) -> HttpResponse:
    """A kept answer as this viewer asked for it."""
    if response.status != 200:
        return response
    if _unchanged(viewer, response):
        headers = {name: value for name, value in response.headers.items() if not name.lower().startswith("content-")}
        return HttpResponse(status=304, headers=headers)
    return _part(viewer, response) or response


def _unchanged(viewer: Viewer, response: HttpResponse) -> bool:
    etag, since = header(response, "etag"), viewer.headers.get("if-modified-since", "")
    if "if-none-match" in viewer.headers:
        given = [one.strip().removeprefix("W/") for one in viewer.headers["if-none-match"].split(",")]
        return "*" in given or etag.removeprefix("W/") in given
    modified = header(response, "last-modified")
    try:
        return bool(since and modified) and parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except ValueError:
        return False


def _part(viewer: Viewer, response: HttpResponse) -> HttpResponse | None:
    """The part that a single range asks for; None: the whole is the answer."""
    match, size = _RANGE.fullmatch(viewer.headers.get("range", "").replace(" ", "")), len(response.body)
    if_range = viewer.headers.get("if-range")
    if not match or not (match[1] or match[2]) or (if_range and if_range != header(response, "etag")):
        return None
    first = int(match[1]) if match[1] else max(0, size - int(match[2]))
    last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
    if first >= size:
        headers = {"Content-Type": "application/xml", "Content-Range": f"bytes */{size}"}
        text = "<Error><Code>InvalidRange</Code><Message>The requested range is not satisfiable</Message></Error>"
        return HttpResponse(
            status=416, headers=headers, body=f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
        )
    if last < first:
        return None
    headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
    body = response.body[first : last + 1]
    headers |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(len(body))}
    return HttpResponse(status=206, headers=headers, body=body)

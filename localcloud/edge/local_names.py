"""Names of distributions in answers to viewers on this machine.

A browser knows a distribution here as ``http://NAME.localhost:PORT``, while pages and answers of the programs behind
it say ``https://NAME``, as on AWS, or its loopback port (:mod:`.ports`), which stands for that in pods. For a viewer on
such a local name that is put right on the way out, behind the cache: in HTML and JSON, and in the headers that name
hosts. So that it can be, programs are asked for no other encoding than gzip. What comes out of buckets is data, and
stays as it is.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from typing import Final

from localcloud.edge.behaviors import LOCAL
from localcloud.edge.viewer import Viewer
from localcloud.server.services.cloudfront import store
from localcloud.server.wire import HttpResponse

_ANY: Final = "*.cloudfront.net"
"""In a Content-Security-Policy: every distribution."""
_TYPES: Final = ("text/html", "application/json")
_WHERE: Final = ("origin", "referer")
_HEADERS: Final = ("content-security-policy", "location")


def rewritten(viewer: Viewer, answer: HttpResponse) -> HttpResponse:
    """The answer with local URLs, if the viewer came by one and the origin is no bucket."""
    if not viewer.is_local or not viewer.behavior or _is_of_a_bucket(viewer):
        return answer
    own = f"{LOCAL}:{port}" if (port := viewer.headers.get("host", "").partition(":")[2]) else LOCAL
    urls = {f"https://{name}": name for one in store.distributions() for name in (one.domain_name, *one.aliases)}
    urls[f"https://{_ANY}"] = _ANY
    urls |= {f"http://127.0.0.1:{one.local_port}": one.main_name for one in store.distributions() if one.local_port}
    pattern = re.compile(rf"({'|'.join(map(re.escape, urls))})(?![\w.:-])")

    def local(text: str) -> str:
        return pattern.sub(lambda match: f"http://{urls[match[1]]}{own}", text)

    headers = {name: local(value) if name.lower() in _HEADERS else value for name, value in answer.headers.items()}
    return HttpResponse(status=answer.status, headers=headers, body=_body(answer, local))


def as_on_aws(viewer: Viewer, headers: Mapping[str, str]) -> dict[str, str]:
    """For the program behind: those of a viewer's headers that say where a page is, as they would be on AWS, and which
    encodings are understood."""
    local = f"http://{viewer.headers.get('host', '')}"
    named = {name: headers[name].replace(local, f"https://{viewer.host}") for name in _WHERE if name in headers}
    if "accept-encoding" in headers:
        named["accept-encoding"] = "gzip" if "gzip" in headers["accept-encoding"] else "identity"
    return named | ({"host": viewer.host} if "host" in headers else {})


def _is_of_a_bucket(viewer: Viewer) -> bool:
    origins = viewer.distribution.config["Origins"]["Items"]
    return any("S3OriginConfig" in one for one in origins if one["Id"] == viewer.behavior["TargetOriginId"])


def _body(answer: HttpResponse, local: Callable[[str], str]) -> bytes:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    encoding = headers.get("content-encoding", "")
    if not _is_text(headers) or encoding not in ("", "gzip"):
        return answer.body
    text = (gzip.decompress(answer.body) if encoding and answer.body else answer.body).decode(
        "utf-8", "surrogateescape"
    )
    changed = local(text)
    if changed == text:
        return answer.body
    body = changed.encode("utf-8", "surrogateescape")
    return gzip.compress(body, mtime=0) if encoding else body


def _is_text(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() in _TYPES

"""Names of distributions in answers to viewers on this machine.

A browser knows a distribution here as ``http://NAME.localhost:PORT``, while pages and answers of the programs behind
it say ``https://NAME``, as on AWS. For a viewer on such a local name that is put right on the way out, behind the
cache: in HTML and JSON, and in the headers that name hosts. What comes out of buckets is data, and stays as it is.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Final

from localcloud.edge.behaviors import LOCAL
from localcloud.edge.viewer import Viewer
from localcloud.server.services.cloudfront import store
from localcloud.server.wire import HttpResponse

_TYPES: Final = ("text/html", "application/json")
_WHERE: Final = ("origin", "referer")
_HEADERS: Final = ("content-security-policy", "location")


def rewritten(viewer: Viewer, answer: HttpResponse) -> HttpResponse:
    """The answer with local URLs, if the viewer came by one and the origin is no bucket."""
    if not viewer.is_local or not viewer.behavior or _is_of_a_bucket(viewer):
        return answer
    names = [name for one in store.distributions() for name in (one.domain_name, *one.aliases)]
    port = viewer.headers.get("host", "").partition(":")[2]
    pattern = re.compile(rf"https://({'|'.join(map(re.escape, names))})(?![\w.:-])")
    local = rf"http://\1{LOCAL}" + (f":{port}" if port else "")
    headers = {
        name: pattern.sub(local, value) if name.lower() in _HEADERS else value for name, value in answer.headers.items()
    }
    return HttpResponse(status=answer.status, headers=headers, body=_body(answer, pattern, local))


def as_on_aws(viewer: Viewer, headers: Mapping[str, str]) -> dict[str, str]:
    """Of a viewer's headers, those that say where a page is, as they would be on AWS: for the program behind."""
    local = f"http://{viewer.headers.get('host', '')}"
    named = {name: headers[name].replace(local, f"https://{viewer.host}") for name in _WHERE if name in headers}
    return named | ({"host": viewer.host} if "host" in headers else {})


def _is_of_a_bucket(viewer: Viewer) -> bool:
    origins = viewer.distribution.config["Origins"]["Items"]
    return any("S3OriginConfig" in one for one in origins if one["Id"] == viewer.behavior["TargetOriginId"])


def _body(answer: HttpResponse, pattern: re.Pattern[str], local: str) -> bytes:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    encoding = headers.get("content-encoding", "")
    if not _is_text(headers) or encoding not in ("", "gzip"):
        return answer.body
    text = (gzip.decompress(answer.body) if encoding and answer.body else answer.body).decode(
        "utf-8", "surrogateescape"
    )
    changed = pattern.sub(local, text)
    if changed == text:
        return answer.body
    body = changed.encode("utf-8", "surrogateescape")
    return gzip.compress(body, mtime=0) if encoding else body


def _is_text(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() in _TYPES

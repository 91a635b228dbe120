"""HTTP messages as the server sees them: the request exactly as it came, and S3's own framing of uploads undone.

AWS facts: a signature covers the path and query as they were sent, so nothing here decodes or normalises them (an S3
key may hold ``//``, ``%2F``, ``[`` or ``..``). S3 uploads may come ``aws-chunked``: each chunk has its size in
hexadecimal (and perhaps its own signature), and a trailer carries the checksum that would else be a header.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl

from .call import Refusal


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """``target`` is path and query as sent; ``headers`` have lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    secure: bool = True
    source_ip: str = "127.0.0.1"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @cached_property
    def query_items(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    @cached_property
    def query_values(self) -> dict[str, str]:
        return dict(self.query_items)

    @property
    def is_form(self) -> bool:
        return self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


@dataclass(frozen=True, kw_only=True)
class HttpResponse:
    """``headers`` keep the case that the client shall see; a value of several lines is sent as several headers
    (Set-Cookie). Content-Length is the server's to set but for HEAD.

    ``stream`` is sent in chunks as it comes, after an empty ``body``; it is closed when the connection breaks.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    stream: Generator[bytes] | None = None


def with_plain_body(request: HttpRequest) -> HttpRequest:
    """The request with an ``aws-chunked`` body unframed and its trailers as headers.

    Raises Refusal IncompleteBody as S3 does.
    """
    headers = dict(request.headers)
    body = request.body
    if "aws-chunked" in headers.get("content-encoding", "") or headers.get("x-amz-content-sha256", "").startswith(
        "STREAMING-"
    ):
        body, trailers = _unframe(request.body)
        declared = headers.get("x-amz-decoded-content-length")
        if declared is not None and declared != str(len(body)):
            raise Refusal(
                "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
            )
        encodings = [part.strip() for part in headers.pop("content-encoding", "").split(",")]
        if kept := [part for part in encodings if part and part != "aws-chunked"]:
            headers["content-encoding"] = ",".join(kept)
        headers.update(trailers)
        headers.pop("transfer-encoding", None)
    headers["content-length"] = str(len(body))
    return replace(request, headers=headers, body=body)


def _unframe(framed: bytes) -> tuple[bytes, dict[str, str]]:
    parts: list[bytes] = []
    position = 0
    while True:
        end = framed.find(b"\r\n", position)
        try:
            size = int(framed[position:end].partition(b";")[0], 16) if end >= 0 else -1
        except ValueError:
            size = -1
        if size < 0 or end + 2 + size > len(framed):
            raise Refusal("IncompleteBody", "The request body terminated unexpectedly")
        position = end + 2
        if size == 0:
            break
        parts.append(framed[position : position + size])
        position += size + 2
    trailers: dict[str, str] = {}
    for line in framed[position:].decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            trailers[name.strip().lower()] = value.strip()
    return b"".join(parts), trailers

"""A chunk of the released tomogram through the data CDN, as a scientist's program reads it."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from examples.walkthrough.dataset import DATASET, Example
from localcloud.server.process import Running, ask
from portal.pulumi_cli import ROOT
from settings import Portal

CHUNK = ".zarr/0/0/0/0"
"""How the key of a tomogram's first chunk ends."""


class ReadError(Exception):
    """The CDN's answer is not the part that was asked for."""


def read_by_http(example: Example, server: Running, portal: Portal, env: Mapping[str, str]) -> str:
    """The URL of a chunk, once its first bytes were read by Range; empty if no CDN serves the bucket.

    Raises ReadError.
    """
    cdn = _cdn(example, portal, env)
    if cdn is None:
        return ""
    account, domain = cdn
    bucket = ask(server, "GET", "inventory")[account]["buckets"][example.public]
    key = next(key for key in sorted(bucket["objects"]) if key.startswith(f"{DATASET}/") and key.endswith(CHUNK))
    port, path = urlsplit(server.http_url).port, f"/{quote(key)}"
    host = f"{domain}.localhost:{port}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": host, "Range": "bytes=0-99", "Origin": "https://example.org"})
    answer = connection.getresponse()
    size = len(answer.read())
    if (answer.status, size) != (206, 100) or answer.getheader("Access-Control-Allow-Origin") is None:
        raise ReadError(f"http://{host}{path}: HTTP {answer.status}, {size} bytes in place of 206, 100 bytes and CORS")
    print(f"   {answer.status} {answer.getheader('Content-Range')}, {answer.getheader('X-Cache')}")
    return f"http://{host}{path}"


def _cdn(example: Example, portal: Portal, env: Mapping[str, str]) -> tuple[str, str] | None:
    """The account of the CDN over the public bucket, and CloudFront's own name of it."""
    for stack, settings in portal.stacks.items():
        for key in settings.data_cdn:
            if settings.buckets[key].name == example.public:
                command = ["pulumi", "stack", "output", "--json", "--stack", stack]
                done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
                return settings.account.id, str(json.loads(done.stdout)["data_cdn"][key]["domain"])
    return None

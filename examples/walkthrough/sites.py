"""Each environment's site as a browser of this machine opens it."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Mapping
from urllib.parse import urlsplit

from localcloud.server.process import Running
from portal.pulumi_cli import ROOT
from settings import Portal


class SiteError(Exception):
    """A site does not answer with its page."""


def open_sites(server: Running, portal: Portal, env: Mapping[str, str]) -> dict[str, str]:
    """The URL of each environment's site, whose first page was read. Raises SiteError."""
    urls: dict[str, str] = {}
    for stack, settings in portal.stacks.items():
        if not settings.sites:
            continue
        command = ["pulumi", "stack", "output", "sites", "--json", "--stack", stack]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
        for environment, site in sorted(json.loads(done.stdout).items()):
            urls[environment] = _read_first_page(str(site["domain"]), urlsplit(server.http_url).port or 80)
    return urls


def _read_first_page(domain: str, port: int) -> str:
    host = f"{domain}.localhost:{port}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/", headers={"Host": host})
    answer = connection.getresponse()
    kind, size = str(answer.getheader("Content-Type")), len(answer.read())
    if answer.status != 200 or not kind.startswith("text/html"):
        raise SiteError(f"http://{host}/: HTTP {answer.status}, {size} bytes of {kind} in place of its first page")
    return f"http://{host}/"

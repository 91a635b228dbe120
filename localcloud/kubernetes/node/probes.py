"""Probes of a container from its node, by HTTP and TCP.

Kubernetes facts: a status from 200 to 399 is success; certificates are not verified; a named port is one of the
container's. A probe's timeout is not scaled, and no shorter than :data:`LEAST_TIMEOUT`: programs share this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Final

from ..client import Json

KINDS: Final = ("startupProbe", "livenessProbe", "readinessProbe")
LEAST_TIMEOUT: Final = 3.0
_UNVERIFIED: Final = ssl.create_default_context()
_UNVERIFIED.check_hostname, _UNVERIFIED.verify_mode = False, ssl.CERT_NONE


def unsupported(container: Json) -> str:
    """What a container's probes ask for that is not there; empty if nothing."""
    for kind in KINDS:
        probe = container.get(kind)
        if probe is not None and not {"httpGet", "tcpSocket"} & probe.keys():
            asked = ", ".join(sorted({"exec", "grpc"} & probe.keys())) or "no action"
            return f"{kind} by {asked}: the local cloud probes by httpGet and tcpSocket"
    return ""


async def failure(probe: Json, container: Json, address: str) -> str:
    """Probes once. Answers why it failed, in the kubelet's words, or the empty string."""
    action: Json = probe.get("httpGet") or probe["tcpSocket"]
    seconds = max(probe.get("timeoutSeconds", 1), LEAST_TIMEOUT)
    try:
        port = port_number(action["port"], container)
    except LookupError as error:
        return str(error.args[0])
    try:
        async with asyncio.timeout(seconds):
            if "httpGet" in probe:
                return await _http(action, address, port)
            _, writer = await asyncio.open_connection(address, port)
            writer.close()
            return ""
    except TimeoutError:
        return f"{_target(probe, address)}: no answer within {seconds} s (Client.Timeout exceeded)"
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        return f"{_target(probe, address)}: dial tcp {address}:{port}: connect: {said}"


def port_number(port: int | str, container: Json) -> int:
    """The number of a container's port that may be given by name. Raises LookupError."""
    if isinstance(port, int):
        return port
    named = {one.get("name"): one["containerPort"] for one in container.get("ports") or []}
    if port not in named:
        raise LookupError(f"couldn't find port: {port}")
    return int(named[port])


def _target(probe: Json, address: str) -> str:
    action = probe.get("httpGet")
    if action is None:
        return address
    scheme = str(action.get("scheme", "HTTP")).lower()
    return f'Get "{scheme}://{address}:{action["port"]}{action.get("path", "/")}"'


async def _http(action: Json, address: str, port: int) -> str:
    tls = _UNVERIFIED if action.get("scheme") == "HTTPS" else None
    headers = {"Host": f"{address}:{port}", "User-Agent": "kube-probe/local", "Accept": "*/*", "Connection": "close"}
    headers |= {one["name"]: one["value"] for one in action.get("httpHeaders") or []}
    lines = [f"GET {action.get('path') or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    reader, writer = await asyncio.open_connection(address, port, ssl=tls)
    with contextlib.closing(writer):
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        words = (await reader.readline()).decode("latin-1").split(maxsplit=2)
    if len(words) < 2 or not words[1].isdigit():
        return "HTTP probe failed: malformed HTTP response"
    return "" if 200 <= int(words[1]) < 400 else f"HTTP probe failed with statuscode: {words[1]}"

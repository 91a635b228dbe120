"""What a container's text means on this machine, where a process has neither a network nor a mount namespace.

In command, args and values of variables, these are replaced:

| in the manifest | becomes |
|---|---|
| ``0.0.0.0`` | the pod's loopback address: several pods listen on the same port |
| ``localhost:PORT``, ``127.0.0.1:PORT`` of the pod's containers | the pod's loopback address and the port |
| a ``mountPath`` | the folder that stands for the volume |
| ``https://DOMAIN`` of a CloudFront distribution | a loopback URL of the distribution |
| ``http://169.254.170.23`` | the Pod Identity agent's URL |
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

POD_IDENTITY_AGENT = "http://169.254.170.23"
EVERY_ADDRESS = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.])")
OWN_PORT = re.compile(r"(?<![\w.-])(?:localhost|127\.0\.0\.1):(\d+)(?!\d)")


@dataclass(frozen=True, kw_only=True)
class Rewriting:
    address: str
    """The pod's loopback address."""
    ports: Collection[int] = ()
    """Of all containers of the pod."""
    mounts: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Of the container: mountPath -> folder."""
    urls: Mapping[str, str] = field(default_factory=dict[str, str])
    """``https://DOMAIN`` -> what stands for it."""

    def __call__(self, text: str) -> str:
        text = EVERY_ADDRESS.sub(self.address, text)
        text = OWN_PORT.sub(self._own_port, text)
        for url, local in self.urls.items():
            text = re.sub(rf"{re.escape(url)}(?![\w.:-])", lambda _, local=local: local, text)
        for mount in sorted(self.mounts, key=len, reverse=True):
            folder = str(self.mounts[mount])
            text = re.sub(rf"(?<![\w.-]){re.escape(mount)}(?![\w.-])", lambda _, folder=folder: folder, text)
        return text

    def _own_port(self, matched: re.Match[str]) -> str:
        return f"{self.address}:{matched[1]}" if int(matched[1]) in self.ports else matched[0]

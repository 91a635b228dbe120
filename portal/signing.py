"""Signed URLs of a data CDN: whoever has one reads its object until it expires.

Rests on: CloudFront knows the key that signed by its id, which the stack put out; `openssl` signs, so that the private
key is read by nothing else; `*` and `?` in a key would be wildcards of the signed policy, even of a canned one.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.signers import CloudFrontSigner

from portal.errors import PortalError


def key_id(url: str, cdns: Iterable[Mapping[str, Any]], name: str | None) -> str:
    """CloudFront's id of the key with that name, or of the only one, of the CDN that serves the URL.

    ``cdns``: as stacks put them out. Raises PortalError.
    """
    host = urlsplit(url).hostname
    for cdn in cdns:
        if host in (cdn["domain"], urlsplit(cdn["url"]).hostname):
            return _key_of(url, cdn["keys"], name)
    raise PortalError(f"URL: {url!r}: no data CDN has the host {host!r}; portal status shows those there are")


def _key_of(url: str, keys: Mapping[str, str], name: str | None) -> str:
    if not keys:
        raise PortalError(f"URL: {url!r}: this data CDN has no public_keys and serves without a signature")
    if name is None and len(keys) > 1:
        raise PortalError(f"--key: must be one of {', '.join(sorted(keys))}")
    wanted = name or next(iter(keys))
    if wanted not in keys:
        raise PortalError(f"--key: {wanted!r}: must be one of {', '.join(sorted(keys))}")
    return keys[wanted]


def signed(url: str, private_key: Path, key: str, valid: timedelta) -> str:
    """The URL with its signature. Raises PortalError."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.query or "*" in parts.path:
        raise PortalError(f"URL: {url!r}: must be https://HOST/KEY; in a key, write * as %2A and ? as %3F")
    if shutil.which("openssl") is None:
        raise PortalError("openssl is not on PATH: it signs")
    signer = CloudFrontSigner(key, lambda text: _signature(text, private_key))
    return str(signer.generate_presigned_url(url, date_less_than=datetime.now(UTC) + valid))


def _signature(text: bytes, private_key: Path) -> bytes:
    """Over SHA-1, which CloudFront takes without being told."""
    command = ["openssl", "dgst", "-sha1", "-sign", str(private_key)]
    process = subprocess.run(command, input=text, capture_output=True, check=False)
    if process.returncode != 0:
        raise PortalError(f"--private-key: {str(private_key)!r}: {process.stderr.decode(errors='replace').strip()}")
    return process.stdout

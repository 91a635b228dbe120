"""Signed URLs of a data CDN: whoever has one reads its object until it expires.

Rests on: CloudFront knows the key that signed by its id, which is a stack output; it checks a signature over SHA-256
where the URL says `Hash-Algorithm=SHA256`, and over SHA-1, which some systems refuse to sign with, where it says
nothing; `*` and `?` in a key would be wildcards of the signed policy, even of a canned one.
"""

from __future__ import annotations

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
    signer = CloudFrontSigner(key, lambda text: _signature(text, private_key))
    return f"{signer.generate_presigned_url(url, date_less_than=datetime.now(UTC) + valid)}&Hash-Algorithm=SHA256"


def _signature(text: bytes, file: Path) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization  # a tenth of a second, which others do not spend
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(file, str(error)) from None
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(text, ec.ECDSA(hashes.SHA256()))
    raise _no_key(file, "CloudFront takes RSA 2048 and ECDSA P-256")


def _no_key(file: Path, reason: str) -> PortalError:
    return PortalError(
        f"--private-key: {str(file)!r}: must be the PEM file of a private key without a password: {reason}"
    )

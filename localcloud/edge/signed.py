"""Signed URLs and cookies.

AWS facts: developer guide, "Serve private content with signed URLs and signed cookies". A canned policy is rebuilt from
the URL as the viewer asked for it and its expiry; a custom one comes along. Base64 has ``-``, ``_``, ``~`` for ``+``,
``=``, ``/``. Valid before the time of DateLessThan; SHA-1 unless Hash-Algorithm says SHA256.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import ipaddress
import json
import re
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from localcloud.edge.forwarding import SIGNING
from localcloud.edge.viewer import Answer, Viewer, signature_error
from localcloud.server.services.cloudfront import store

_HASHES: Final = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}
_DENIED: Final = ("AccessDenied", "Access denied")


def without_signature(query: str) -> str:
    """The query that the origin would get."""
    return "&".join(part for part in query.split("&") if part.partition("=")[0] not in SIGNING)


def refusal(viewer: Viewer) -> Answer | None:
    """Why a behavior's key groups don't let the request in; None: they do, or there are none."""
    groups = viewer.behavior["TrustedKeyGroups"].get("Items") or []
    if not groups:
        return None
    given = _given(viewer)
    if not given.get("Key-Pair-Id"):
        return signature_error("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
    held = store.account(viewer.distribution.account).entities
    trusted = {key for group in groups for key in held["KeyGroup"][group].config["Items"]}
    if given["Key-Pair-Id"] not in trusted:
        return signature_error("InvalidKey", "Unknown Key")
    pem = held["PublicKey"][given["Key-Pair-Id"]].config["EncodedKey"]
    try:
        signature = _decoded(given.get("Signature", ""))
    except (ValueError, binascii.Error):
        return signature_error("MalformedSignature", "Could not unencode Signature")
    try:
        policy = _decoded(given["Policy"]).decode() if "Policy" in given else _canned(viewer, given)
        statement = _statement(policy)
    except (ValueError, KeyError, TypeError, AttributeError):
        return signature_error("MalformedPolicy", "Malformed Policy")
    signed = _signed(pem, signature, policy.encode(), given.get("Hash-Algorithm", "SHA1"))
    return None if signed and _allows(viewer, statement) else signature_error(*_DENIED)


def _given(viewer: Viewer) -> dict[str, str]:
    """A signed URL counts before cookies."""
    query = {key: value for key, value in parse_qsl(viewer.request.query) if key in SIGNING}
    if "Signature" in query or "Key-Pair-Id" in query:
        return query
    try:
        cookies = SimpleCookie(viewer.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: cookies[f"CloudFront-{name}"].value for name in SIGNING if f"CloudFront-{name}" in cookies}


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "=").replace("~", "/"), validate=True)


def url_of(viewer: Viewer) -> str:
    """The URL that was signed: as the viewer asked for it, without the signature. The local ending and port of a host
    are none of CloudFront's."""
    query = without_signature(viewer.request.query)
    scheme = "https" if viewer.secure else "http"
    return f"{scheme}://{viewer.host}{viewer.request.path}" + (f"?{query}" if query else "")


def _canned(viewer: Viewer, given: Mapping[str, str]) -> str:
    return canned_policy(url_of(viewer), int(given["Expires"]))


def canned_policy(url: str, expires: int) -> str:
    """Without a space: the signature is over this text."""
    condition = {"DateLessThan": {"AWS:EpochTime": expires}}
    return json.dumps({"Statement": [{"Resource": url, "Condition": condition}]}, separators=(",", ":"))


def _statement(policy: str) -> Mapping[str, Any]:
    [statement] = json.loads(policy)["Statement"]
    int(statement["Condition"]["DateLessThan"]["AWS:EpochTime"])
    return statement


def _signed(pem: str, signature: bytes, text: bytes, algorithm: str) -> bool:
    key, hash_ = load_pem_public_key(pem.encode()), _HASHES.get(algorithm.upper())
    if hash_ is None:
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, text, padding.PKCS1v15(), hash_())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, text, ec.ECDSA(hash_()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _allows(viewer: Viewer, statement: Mapping[str, Any]) -> bool:
    condition, now = statement["Condition"], time.time()
    if now >= int(condition["DateLessThan"]["AWS:EpochTime"]):
        return False
    if now <= int(condition.get("DateGreaterThan", {}).get("AWS:EpochTime", 0)):
        return False
    source = condition.get("IpAddress", {}).get("AWS:SourceIp")
    if source and ipaddress.ip_address(viewer.request.source_ip) not in ipaddress.ip_network(source, strict=False):
        return False
    pattern = re.sub(r"[\[\]]", lambda match: f"[{match[0]}]", statement.get("Resource", "*"))
    return fnmatch.fnmatchcase(url_of(viewer), pattern)

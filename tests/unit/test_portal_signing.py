"""`portal sign-url`: which key signs, what is refused, and that the signature is the key's."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal.errors import PortalError
from portal.signing import key_id, signed

URL = "https://files.example.org/10000/a%20b/0"
CDN: dict[str, Any] = {"url": "https://files.example.org", "domain": "d1.cloudfront.net", "keys": {"reviewers": "K1"}}


def private_key(folder: Path, *, elliptic: bool = False) -> tuple[Path, Any]:
    key: Any = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)
    file = folder / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file, key


@pytest.mark.parametrize("elliptic", [False, True])
def test_the_url_is_signed_by_the_key_until_it_expires(tmp_path: Path, elliptic: bool) -> None:
    file, key = private_key(tmp_path, elliptic=elliptic)
    parts = urlsplit(signed(URL, file, "K1", timedelta(minutes=5)))
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (parts.path, given["Key-Pair-Id"]) == ("/10000/a%20b/0", "K1")
    condition = f'{{"DateLessThan":{{"AWS:EpochTime":{given["Expires"]}}}}}'
    text = f'{{"Statement":[{{"Resource":"{URL}","Condition":{condition}}}]}}'
    signature = base64.b64decode(given["Signature"].replace("-", "+").replace("_", "=").replace("~", "/"))
    assert given["Hash-Algorithm"] == "SHA256"
    sha256 = hashes.SHA256()
    scheme = (ec.ECDSA(sha256),) if elliptic else (padding.PKCS1v15(), sha256)
    key.public_key().verify(signature, text.encode(), *scheme)


@pytest.mark.parametrize("host", ["files.example.org", "d1.cloudfront.net"])
def test_the_only_key_of_the_cdn_that_has_the_host(host: str) -> None:
    other = {"url": "https://other.example.org", "domain": "d2.cloudfront.net", "keys": {}}
    assert key_id(f"https://{host}/a", [other, CDN], None) == "K1"


@pytest.mark.parametrize(
    ("url", "keys", "name", "rule"),
    [
        ("https://unknown.example.org/a", {"a": "K1"}, None, "no data CDN has the host 'unknown.example.org'"),
        (URL, {}, None, "serves without a signature"),
        (URL, {"a": "K1", "b": "K2"}, None, "--key: must be one of a, b"),
        (URL, {"a": "K1"}, "c", "--key: 'c': must be one of a"),
    ],
)
def test_which_key_is_not_clear(url: str, keys: dict[str, str], name: str | None, rule: str) -> None:
    with pytest.raises(PortalError) as caught:
        key_id(url, [{**CDN, "keys": keys}], name)
    assert rule in str(caught.value)


@pytest.mark.parametrize("url", ["http://files.example.org/a", "https://files.example.org/a?b=c", f"{URL}*"])
def test_urls_that_would_open_more_or_nothing(url: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError, match="must be https://HOST/KEY"):
        signed(url, private_key(tmp_path)[0], "K1", timedelta(minutes=5))


def test_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "none.pem"
    with pytest.raises(PortalError, match=r"--private-key: .*none.pem.*No such file"):
        signed(URL, file, "K1", timedelta(minutes=5))
    file.write_text("no key")
    with pytest.raises(PortalError, match=r"--private-key: .*none.pem.*must be the PEM file"):
        signed(URL, file, "K1", timedelta(minutes=5))


def test_a_key_that_cloudfront_does_not_take_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    key = ed25519.Ed25519PrivateKey.generate()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(PortalError, match="CloudFront takes RSA 2048 and ECDSA P-256"):
        signed(URL, file, "K1", timedelta(minutes=5))

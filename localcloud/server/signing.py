"""AWS Signature Version 4 of a request: read, and verified against a secret.

AWS facts (*Create a signed AWS API request*): the signature covers method, path, query, the signed headers and the
payload's hash. S3 takes the path as sent, other services normalise it and encode it once more. A presigned URL carries
the same in its query, for at most seven days. A request may be 15 minutes old. The chunk signatures of a streaming
upload are not verified here, only the seed signature. Version 2 is refused, as S3 does for any bucket made since June
2020 (boto3 still presigns with it unless told ``signature_version="s3v4"``).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from botocore.utils import normalize_url_path

from .wire import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW = timedelta(minutes=15)
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
UNHASHED = ("UNSIGNED-PAYLOAD", "STREAMING-")


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a request says of its signer. ``expires_in`` seconds are given by presigned URLs alone."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str | None
    expires_in: int | None = None

    @property
    def time(self) -> datetime:
        """Raises ValueError for a timestamp of another form."""
        return datetime.strptime(self.timestamp, TIME_FORMAT).replace(tzinfo=UTC)


class OldSignatureError(ValueError):
    """Signature Version 2."""


def read_signature(request: HttpRequest) -> Signature | None:
    """None for a request without one. Raises ValueError saying what is wrong with its form."""
    authorization = request.headers.get("authorization")
    query = request.query_values
    if (authorization or "").startswith("AWS ") or {"AWSAccessKeyId", "Signature"} <= set(query):
        raise OldSignatureError(
            f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}."
        )
    if authorization is None and "X-Amz-Signature" not in query:
        return None
    if authorization is not None:
        algorithm, _, rest = authorization.partition(" ")
        fields = dict(_pair(part.strip()) for part in rest.split(","))
        timestamp = request.headers.get("x-amz-date", "")
        token, expires = request.headers.get("x-amz-security-token"), None
    else:
        algorithm = query.get("X-Amz-Algorithm", "")
        fields = {name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
        timestamp = query.get("X-Amz-Date", "")
        token, expires = query.get("X-Amz-Security-Token"), int(query.get("X-Amz-Expires", "0"))
    if algorithm != ALGORITHM:
        raise ValueError(f"the signing algorithm {algorithm!r} is not supported, {ALGORITHM} is")
    scope = fields.get("Credential", "").split("/")
    if len(scope) != 5 or scope[4] != "aws4_request" or "Signature" not in fields:
        raise ValueError(f"the credential {fields.get('Credential')!r} is not KEY/DATE/REGION/SERVICE/aws4_request")
    return Signature(
        access_key_id=scope[0],
        date=scope[1],
        region=scope[2],
        service=scope[3],
        signed_headers=tuple(fields.get("SignedHeaders", "").split(";")),
        signature=fields["Signature"],
        timestamp=timestamp,
        token=token,
        expires_in=expires,
    )


def is_signed_by(request: HttpRequest, signature: Signature, secret: str) -> bool:
    """Whether ``signature`` is the one that ``secret`` gives for this request."""
    canonical = _canonical_request(request, signature)
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    text = "\n".join((ALGORITHM, signature.timestamp, scope, sha256(canonical.encode("latin-1")).hexdigest()))
    key = _signing_key(secret, signature.date, signature.region, signature.service)
    return hmac.compare_digest(hmac.new(key, text.encode(), sha256).hexdigest(), signature.signature)


def payload_matches(request: HttpRequest) -> bool:
    """Whether the body has the hash that the header states, where it states one."""
    declared = request.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    return declared.startswith(UNHASHED) or declared == sha256(request.body).hexdigest()


@lru_cache(maxsize=1024)
def _signing_key(secret: str, *scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return key


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _canonical_request(request: HttpRequest, signature: Signature) -> str:
    path = request.path if signature.service == "s3" else quote(normalize_url_path(request.path), safe="/~")
    pairs = sorted(_pair(pair) for pair in request.query.split("&") if pair)
    query = "&".join(f"{key}={value}" for key, value in pairs if key != "X-Amz-Signature")
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signature.signed_headers
    )
    if signature.expires_in is not None:
        payload = request.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD" if signature.service == "s3" else "")
    else:
        payload = request.headers.get("x-amz-content-sha256", "")
    payload = payload or sha256(request.body).hexdigest()
    return "\n".join((request.method, path, query, headers, ";".join(signature.signed_headers), payload))

"""The checksums that a client sends beside an S3 body are verified, as S3 does.

AWS facts: Content-MD5 that isn't one is InvalidDigest, one that doesn't match is BadDigest; an ``x-amz-checksum-*``
that doesn't match is BadDigest too, and naming two algorithms is InvalidRequest. On CompleteMultipartUpload the header
speaks of the whole object, not of the request's body.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from hashlib import md5, sha1, sha256

from awscrt import checksums

from .call import Refusal
from .wire import HttpRequest

PREFIX = "x-amz-checksum-"
ALGORITHMS: dict[str, Callable[[bytes], bytes]] = {
    "crc32": lambda body: checksums.crc32(body).to_bytes(4, "big"),
    "crc32c": lambda body: checksums.crc32c(body).to_bytes(4, "big"),
    "crc64nvme": lambda body: checksums.crc64nvme(body).to_bytes(8, "big"),
    "sha1": lambda body: sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: sha256(body).digest(),
}
OF_THE_OBJECT = ("CompleteMultipartUpload",)
NOT_A_VALUE = ("x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type")


def verify_checksums(request: HttpRequest, operation: str) -> None:
    """Raises Refusal BadDigest, InvalidDigest, InvalidRequest or NotImplemented (an algorithm that isn't here)."""
    _verify_md5(request)
    sent = {
        name.removeprefix(PREFIX): value
        for name, value in request.headers.items()
        if name.startswith(PREFIX) and name not in NOT_A_VALUE
    }
    if operation in OF_THE_OBJECT or not sent:
        return
    if len(sent) > 1:
        raise Refusal(
            "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    ((algorithm, value),) = sent.items()
    if algorithm not in ALGORITHMS:
        raise Refusal("NotImplemented", f"The checksum {PREFIX}{algorithm} is not verified here.", 501)
    if value != base64.b64encode(ALGORITHMS[algorithm](request.body)).decode():
        raise Refusal("BadDigest", f"The {algorithm.upper()} you specified did not match the calculated checksum.")


def _verify_md5(request: HttpRequest) -> None:
    sent = request.headers.get("content-md5")
    if sent is None:
        return
    try:
        digest = base64.b64decode(sent, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 16:
        raise Refusal("InvalidDigest", "The Content-MD5 you specified was invalid.")
    if digest != md5(request.body, usedforsecurity=False).digest():
        raise Refusal("BadDigest", "The Content-MD5 you specified did not match what we received.")

"""The checksums that S3 keeps with an object.

AWS facts: an object without a checksum of the client's gets CRC64NVME. A part-wise upload has a checksum of the whole
object (FULL_OBJECT; CRC64NVME knows nothing else) or one over the parts' checksums with ``-N`` (COMPOSITE; SHA knows
nothing else). What the client sends is compared with the body before a call gets here; see localcloud.server.checksums.
"""

from __future__ import annotations

import base64
from hashlib import md5
from typing import Any

from localcloud.server.call import Params, Refusal
from localcloud.server.checksums import ALGORITHMS

from .refusals import not_implemented

DEFAULT_ALGORITHM = "CRC64NVME"
_COMPOSITE_ONLY = ("SHA1", "SHA256")


def digest(algorithm: str, data: bytes) -> bytes:
    """The raw checksum; raises :class:`Refusal` NotImplemented for one that is not computed here."""
    if algorithm.lower() not in ALGORITHMS:
        raise not_implemented(f"The checksum algorithm {algorithm}")
    return ALGORITHMS[algorithm.lower()](data)


def encoded(algorithm: str, data: bytes) -> str:
    return base64.b64encode(digest(algorithm, data)).decode()


def etag(data: bytes) -> str:
    """The MD5 in hexadecimal, without quotes."""
    return md5(data, usedforsecurity=False).hexdigest()


def etag_of_parts(etags: list[str]) -> str:
    return f"{etag(b''.join(bytes.fromhex(one) for one in etags))}-{len(etags)}"


def member(algorithm: str) -> str:
    """The member of boto3's parameters that holds a checksum of that algorithm."""
    return f"Checksum{algorithm}"


def asked_for(params: Params) -> str | None:
    """The algorithm that a request names, by a value or by its name."""
    for algorithm in ALGORITHMS:
        if params.get(member(algorithm.upper())):
            return algorithm.upper()
    named: str | None = params.get("ChecksumAlgorithm")
    return named.upper() if named else None


def type_of(algorithm: str, wanted: str | None) -> str:
    """FULL_OBJECT or COMPOSITE of a part-wise upload; raises :class:`Refusal` for a pair that S3 doesn't have."""
    kind = wanted or ("FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE")
    if (algorithm == "CRC64NVME" and kind == "COMPOSITE") or (algorithm in _COMPOSITE_ONLY and kind == "FULL_OBJECT"):
        raise Refusal(
            "InvalidRequest",
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm.",
        )
    return kind


def of_parts(algorithm: str, kind: str, parts: list[bytes], whole: bytes) -> str:
    """The checksum of an object put together from parts."""
    if kind == "FULL_OBJECT":
        return encoded(algorithm, whole)
    joined = b"".join(digest(algorithm, part) for part in parts)
    return f"{encoded(algorithm, joined)}-{len(parts)}"


def members(algorithm: str | None, value: str | None, kind: str | None) -> dict[str, Any]:
    """The output members that tell an object's checksum."""
    if not algorithm or not value:
        return {}
    return {member(algorithm): value, "ChecksumType": kind or "FULL_OBJECT"}

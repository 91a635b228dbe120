"""The part of an object that a GET or HEAD asks for.

AWS facts: S3 serves one range; several, or a header that is none, count as no Range at all (200, the whole object). A
range that begins behind the end is InvalidRange (416), and so is any range of an empty object.
"""

from __future__ import annotations

import re

from localcloud.server.call import Refusal

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)


def span(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte of a ``Range`` header for an object of ``size`` bytes; None for the whole object."""
    match = _RANGE.fullmatch(header or "")
    if match is None or not (match[1] or match[2]):
        return None
    if match[1]:
        first, last = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
        if match[2] and int(match[2]) < first:
            return None
    else:
        first, last = max(size - int(match[2]), 0), size - 1
        if int(match[2]) == 0:
            first = size
    if first >= size:
        raise Refusal(
            "InvalidRange",
            "The requested range is not satisfiable",
            416,
            RangeRequested=header or "",
            ActualObjectSize=str(size),
        )
    return first, last


def copy_span(header: str, size: int) -> tuple[int, int]:
    """First and last byte of an ``x-amz-copy-source-range``, which must be exact."""
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", header)
    if match is None or int(match[1]) > int(match[2]):
        raise Refusal(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    first, last = int(match[1]), int(match[2])
    if last >= size:
        raise Refusal(
            "InvalidArgument",
            f"Range specified is not valid for source object of size: {size}",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    return first, last

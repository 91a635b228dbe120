"""Checks of a request's parameters against botocore's model: required, lengths, ranges, enums, patterns.

boto3 itself checks only types, required members and minimum lengths before it sends; AWS checks all of it. The text is
AWS's own ("1 validation error detected: Value 'x' at 'roleName' failed to satisfy constraint: Member must ..."), with
the path in AWS's spelling: first letter small, list members as ``.1.member``. Codes by service:

- query services (IAM, STS, SNS, RDS, ...): ValidationError; IAM and STS documentation, *Common Errors*;
- EC2: MissingParameter and InvalidParameterValue; *Error codes for the Amazon EC2 API*;
- S3: MalformedXML for what is in an XML body, InvalidArgument for what is in the query or a header, as S3's *Error
  responses* list them; the bucket's name has a code of its own (InvalidBucketName);
- JSON services: ValidationException; some have a code of their own (Batch ClientException, EKS, ECR and CloudWatch
  Logs InvalidParameterException), see ``invalid`` in :mod:`.service`.

Patterns are Java's; those that the ``regex`` package can't compile are not checked and listed by
:func:`unsupported_patterns`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

import regex
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from moto.core.model import OperationModel, ServiceModel

from .call import Params
from .service import Fault
from .validation_codes import NULL, refusal


def validate(operation: OperationModel, params: Params) -> None:
    """Raises Refusal with AWS's code if a parameter is missing or not what the model allows."""
    shape = operation.input_shape
    faults = list(_check(shape, params, "")) if shape is not None else []
    if faults:
        raise refusal(operation, faults)


def _check(shape: Shape, value: Any, path: str) -> Iterator[Fault]:
    if isinstance(shape, StructureShape):
        yield from _check_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _check_length(shape, value, path)
        for index, item in enumerate(value):
            yield from _check(shape.member, item, f"{path}.{index + 1}.member")
    elif isinstance(shape, MapShape):
        yield from _check_length(shape, value, path)
        for key, item in value.items():
            yield from _check(shape.key, key, f"{path}.key")
            yield from _check(shape.value, item, f"{path}.{key}.member")
    elif shape.type_name in ("string", "blob"):
        yield from _check_length(shape, value, path)
        yield from _check_text(shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double", "short", "byte"):
        yield from _check_range(shape, value, path)


def _check_structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[Fault]:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{prefix}{_small(name)}", NULL, "Member must not be null"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield path, NULL, f"Exactly one of the members [{', '.join(shape.members)}] must be set"
    for name, item in value.items():
        member = shape.members.get(name)
        if member is not None and item is not None:
            yield from _check(member, item, f"{prefix}{_small(name)}")


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _check_length(shape: Shape, value: Any, path: str) -> Iterator[Fault]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and len(value) < low:
        yield path, value, f"Member must have length greater than or equal to {low}"
    if high is not None and len(value) > high:
        yield path, value, f"Member must have length less than or equal to {high}"


def _check_range(shape: Shape, value: Any, path: str) -> Iterator[Fault]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield path, value, f"Member must have value greater than or equal to {low}"
    if high is not None and value > high:
        yield path, value, f"Member must have value less than or equal to {high}"


def _check_text(shape: Shape, value: Any, path: str) -> Iterator[Fault]:
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield path, value, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = shape.metadata.get("pattern")
    if pattern is not None and isinstance(value, str):
        compiled = compile_pattern(pattern)
        if compiled is not None and not _satisfies(compiled, value):
            yield path, value, f"Member must satisfy regular expression pattern: {pattern}"


def _satisfies(pattern: Any, value: str) -> bool:
    """A pattern with anchors of its own is searched for; else all of the value must match, as in Java's matches()."""
    anchored = pattern.pattern.startswith("^") or pattern.pattern.endswith("$")
    return (pattern.search(value) if anchored else pattern.fullmatch(value)) is not None


@cache
def compile_pattern(pattern: str) -> Any:
    """The pattern as Java reads it or None if it can't be compiled.

    ``\\w`` is of ASCII in Java; only beside ``\\p{...}``, which the flag would cut down too, it isn't here.
    """
    text = CORRECTED.get(pattern, pattern).replace(SURROGATE_PAIRS, ASTRAL)
    for java, python in JAVA_NAMES.items():
        text = text.replace(java, python)
    try:
        return regex.compile(text, 0 if r"\p" in text else regex.ASCII)
    except regex.error:
        return None


CORRECTED = {"arn:[^:]+:s3(express)?:[^:].*": "arn:[^:]+:s3(express)?:.*"}
"""What AWS takes beyond its model: S3 Control's calls for tags take the ARN of a bucket, which names no region."""
SURROGATE_PAIRS, ASTRAL = r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff"
"""How models spell the characters beyond 16 bits, and how Python does."""
JAVA_NAMES = {
    r"\p{IsLatin}": r"\p{Latin}",
    r"\p{ASCII}": r"[\x00-\x7F]",
    r"\p{Print}": r"[\x20-\x7E]",
    r"\p{Graph}": r"[\x21-\x7E]",
    r"\p{Alnum}": r"[A-Za-z0-9]",
    r"\p{Alpha}": r"[A-Za-z]",
    r"\p{Digit}": r"[0-9]",
    r"\p{Space}": r"[ \t\n\x0B\f\r]",
}
"""Java's POSIX classes are of ASCII alone."""


def unsupported_patterns(model: ServiceModel) -> dict[str, str]:
    """Patterns of a service that are not checked here, by the shape that has them."""
    shapes = cast("dict[str, dict[str, Any]]", getattr(model, "_service_description", {}).get("shapes", {}))
    patterns = {name: shape["pattern"] for name, shape in shapes.items() if "pattern" in shape}
    return {name: pattern for name, pattern in patterns.items() if compile_pattern(pattern) is None}

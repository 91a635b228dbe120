"""The error that a service answers when a parameter is not what its model allows; sources in :mod:`.validation`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from botocore.model import StructureShape
from moto.core.model import OperationModel

from . import registry
from .call import Refusal
from .service import Fault

NULL = object()
"""The value of a member that is missing."""

CODES = {
    "batch": "ClientException",
    "eks": "InvalidParameterException",
    "ecs": "ClientException",
    "cloudfront": "InvalidArgument",
    "route53": "InvalidInput",
    "s3control": "InvalidRequest",
}
"""Of services that are no folder here. Else: ValidationError of the query protocol, ValidationException of JSON."""
IAM_CHARACTERS = {
    r"[\w+=,.@-]+": "alphanumeric characters and/or the following: +=,.@_-",
    r"[\u0009\u000A\u000D\u0020-\u00FF]+": "printable ASCII characters",
}
S3_BODY = ("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
S3_CODES = {
    "createBucketConfiguration.locationConstraint": (
        "InvalidLocationConstraint",
        "The specified location-constraint is not valid",
    ),
    "storageClass": ("InvalidStorageClass", "The storage class you specified is not valid"),
    "bucket": ("InvalidBucketName", "The specified bucket is not valid."),
}
S3_EVENTS = ("InvalidArgument", "The event is not supported for notifications")


def refusal(operation: OperationModel, faults: Sequence[Fault]) -> Refusal:
    """The refusal of a request with these faults; there is at least one."""
    service = operation.service_model
    name = str(service.service_name)
    declared = registry.services().get(name)
    invalid = declared.invalid if declared else _BY_SERVICE.get(name, "")
    if callable(invalid):
        return invalid(operation, faults)
    plain = "ValidationError" if service.protocol == "query" else "ValidationException"
    return Refusal(invalid or CODES.get(name, plain), sentences(faults))


def sentences(faults: Sequence[Fault]) -> str:
    """AWS's text for constraint violations, in AWS's count and order."""
    texts = [f"Value {_shown(value)} at '{path}' failed to satisfy constraint: {rule}" for path, value, rule in faults]
    return f"{len(texts)} validation error{'s' if len(texts) > 1 else ''} detected: {'; '.join(texts)}"


def _shown(value: object) -> str:
    return "null" if value is NULL else f"'{value}'"


def _identity(operation: OperationModel, faults: Sequence[Fault]) -> Refusal:
    """IAM words a wrong character in its own way."""
    del operation
    path, _, rule = faults[0]
    pattern = rule.partition("expression pattern: ")[2]
    if pattern in IAM_CHARACTERS:
        text = f"The specified value for {path} is invalid. It must contain only {IAM_CHARACTERS[pattern]}"
        return Refusal("ValidationError", text)
    return Refusal("ValidationError", sentences(faults))


def _ec2(operation: OperationModel, faults: Sequence[Fault]) -> Refusal:
    del operation
    path, value, rule = faults[0]
    name = path[:1].upper() + path[1:]
    if value is NULL:
        return Refusal("MissingParameter", f"The request must contain the parameter {name}")
    return Refusal("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid. {rule}")


def _s3(operation: OperationModel, faults: Sequence[Fault]) -> Refusal:
    path, value, rule = faults[0]
    if path in S3_CODES:
        return Refusal(*S3_CODES[path])
    if ".events." in path:
        return Refusal(*S3_EVENTS)
    shape = operation.input_shape
    member = path.partition(".")[0]
    located = isinstance(shape, StructureShape) and any(
        name[:1].lower() + name[1:] == member and item.serialization.get("location")
        for name, item in shape.members.items()
    )
    if located:
        return Refusal("InvalidArgument", f"{path}: {rule}", ArgumentName=path, ArgumentValue=_shown(value).strip("'"))
    return Refusal(S3_BODY[0], f"{S3_BODY[1]}: {path}: {rule}")


_BY_SERVICE: dict[str, Callable[[OperationModel, Sequence[Fault]], Refusal]] = {
    "iam": _identity,
    "ec2": _ec2,
    "s3": _s3,
}

"""The error that a service answers when a parameter is not what its model allows; sources in :mod:`.validation`."""

from __future__ import annotations

from collections.abc import Sequence

from moto.core.model import OperationModel

from . import registry
from .call import Refusal
from .service import Fault

NULL = object()
"""The value of a member that is missing."""

CODES = {
    "eks": "InvalidParameterException",
    "cloudfront": "InvalidArgument",
    "route53": "InvalidInput",
}
"""Of services that are no folder here. Else: ValidationError of the query protocol, ValidationException of JSON."""


def refusal(operation: OperationModel, faults: Sequence[Fault]) -> Refusal:
    """The refusal of a request with these faults; there is at least one."""
    service = operation.service_model
    name = str(service.service_name)
    declared = registry.services().get(name)
    invalid = declared.invalid if declared else ""
    if callable(invalid):
        return invalid(operation, faults)
    plain = "ValidationError" if service.protocol == "query" else "ValidationException"
    return Refusal(invalid or CODES.get(name, plain), sentences(faults))


def sentences(faults: Sequence[Fault]) -> str:
    """AWS's text for constraint violations, in AWS's count and order."""
    texts = [f"Value {shown(value)} at '{path}' failed to satisfy constraint: {rule}" for path, value, rule in faults]
    return f"{len(texts)} validation error{'s' if len(texts) > 1 else ''} detected: {'; '.join(texts)}"


def shown(value: object) -> str:
    return "null" if value is NULL else f"'{value}'"

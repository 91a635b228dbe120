"""S3's codes for a parameter that is not what its model allows: by what it is, and where in the request it stands."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.model import StructureShape
from moto.core.model import OperationModel

from localcloud.server.call import Refusal
from localcloud.server.service import Fault
from localcloud.server.validation_codes import shown

BODY = ("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
CODES = {
    "createBucketConfiguration.locationConstraint": (
        "InvalidLocationConstraint",
        "The specified location-constraint is not valid",
    ),
    "storageClass": ("InvalidStorageClass", "The storage class you specified is not valid"),
    "bucket": ("InvalidBucketName", "The specified bucket is not valid."),
}
EVENTS = ("InvalidArgument", "The event is not supported for notifications")


def invalid_parameter(operation: OperationModel, faults: Sequence[Fault]) -> Refusal:
    path, value, rule = faults[0]
    if path in CODES:
        return Refusal(*CODES[path])
    if ".events." in path:
        return Refusal(*EVENTS)
    shape = operation.input_shape
    member = path.partition(".")[0]
    located = isinstance(shape, StructureShape) and any(
        name[:1].lower() + name[1:] == member and item.serialization.get("location")
        for name, item in shape.members.items()
    )
    if located:
        return Refusal("InvalidArgument", f"{path}: {rule}", ArgumentName=path, ArgumentValue=shown(value).strip("'"))
    return Refusal(BODY[0], f"{BODY[1]}: {path}: {rule}")

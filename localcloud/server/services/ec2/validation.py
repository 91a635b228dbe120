"""EC2's words for a parameter that is not what its model allows."""

from __future__ import annotations

from collections.abc import Sequence

from moto.core.model import OperationModel

from localcloud.server.call import Refusal
from localcloud.server.service import Fault
from localcloud.server.validation_codes import NULL


def invalid_parameter(operation: OperationModel, faults: Sequence[Fault]) -> Refusal:
    del operation
    path, value, rule = faults[0]
    name = path[:1].upper() + path[1:]
    if value is NULL:
        return Refusal("MissingParameter", f"The request must contain the parameter {name}")
    return Refusal("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid. {rule}")

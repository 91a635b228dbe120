"""IAM's words for a parameter that is not what its model allows."""

from __future__ import annotations

from collections.abc import Sequence

from moto.core.model import OperationModel

from localcloud.server.call import Refusal
from localcloud.server.service import Fault
from localcloud.server.validation_codes import sentences

CHARACTERS = {
    r"[\w+=,.@-]+": "alphanumeric characters and/or the following: +=,.@_-",
    r"[\u0009\u000A\u000D\u0020-\u00FF]+": "printable ASCII characters",
}


def invalid_parameter(operation: OperationModel, faults: Sequence[Fault]) -> Refusal:
    """IAM words a wrong character in its own way."""
    del operation
    path, _, rule = faults[0]
    pattern = rule.partition("expression pattern: ")[2]
    if pattern in CHARACTERS:
        text = f"The specified value for {path} is invalid. It must contain only {CHARACTERS[pattern]}"
        return Refusal("ValidationError", text)
    return Refusal("ValidationError", sentences(faults))

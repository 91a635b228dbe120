"""Checks of a request against botocore's model of its operation."""

from __future__ import annotations

from moto.core.model import OperationModel

from .call import Params


def validate(operation: OperationModel, params: Params) -> None:
    """Raises Refusal for a parameter that the model does not allow."""

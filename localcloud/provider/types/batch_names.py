"""Blocks between Terraform's names and Batch's: `min_vcpus` ↔ `minvCpus`. A map of texts, such as tags, stays."""

from collections.abc import Mapping
from typing import Any, Final

from localcloud.provider.api_names import snake
from localcloud.provider.rules import camel

_OWN: Final = {
    "desired_vcpus": "desiredvCpus",
    "instance_type": "instanceTypes",
    "max_vcpus": "maxvCpus",
    "min_vcpus": "minvCpus",
}
_BACK: Final = {api: name for name, api in _OWN.items()}
_MAPS: Final = frozenset({"tags", "parameters"})


def to_batch(value: Any) -> Any:
    """The block as the API's parameters; what has no value is left out."""
    if isinstance(value, Mapping):
        return {
            _OWN.get(key, camel(key)): item if key in _MAPS else to_batch(item)
            for key, item in value.items()
            if item is not None
        }
    return [to_batch(item) for item in value] if isinstance(value, list) else value


def from_batch(value: Any) -> Any:
    """The opposite of `to_batch`."""
    if isinstance(value, Mapping):
        return {_BACK.get(key, snake(key)): item if key in _MAPS else from_batch(item) for key, item in value.items()}
    return [from_batch(item) for item in value] if isinstance(value, list) else value

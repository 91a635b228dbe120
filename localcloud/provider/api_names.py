"""Blocks between Terraform's names and an API's: `days_after_initiation` ↔ `DaysAfterInitiation`.

botocore refuses a parameter that its model doesn't have, so a block sent through `to_api` drops nothing.
"""

from collections.abc import Mapping
from typing import Any

Names = Mapping[str, str]
"""Terraform name → API name, for those that aren't plain PascalCase. They hold at every depth of the block."""


def pascal(name: str) -> str:
    """`kms_key_id` → `KmsKeyId`."""
    return "".join(word.capitalize() for word in name.split("_"))


def to_api(value: Any, names: Names) -> Any:
    """The block as the API's parameters."""
    if isinstance(value, Mapping):
        return {names.get(key, pascal(key)): to_api(item, names) for key, item in value.items() if item is not None}
    return [to_api(item, names) for item in value] if isinstance(value, list) else value


def from_api(value: Any, names: Names) -> Any:
    """The opposite of `to_api`."""
    back = {api: name for name, api in names.items()}
    return _from(value, back)


def _from(value: Any, back: Names) -> Any:
    if isinstance(value, Mapping):
        return {back.get(key, snake(key)): _from(item, back) for key, item in value.items()}
    return [_from(item, back) for item in value] if isinstance(value, list) else value


def snake(name: str) -> str:
    """`DaysAfterInitiation` → `days_after_initiation`."""
    return "".join(
        f"_{letter.lower()}" if letter.isupper() and place else letter.lower() for place, letter in enumerate(name)
    )

"""Names of load balancers and target groups."""

from __future__ import annotations

import re
from typing import Final

from .attributes import invalid

_LONGEST: Final = 32


def check_name(word: str, name: str) -> None:
    """Raises Refusal."""
    if len(name) > _LONGEST:
        raise invalid(f"{word} name '{name}' cannot be longer than '{_LONGEST}' characters")
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise invalid(
            f"{word} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )
    if name.startswith("-") or name.endswith("-"):
        raise invalid(f"{word} name '{name}' cannot begin or end with '-'")

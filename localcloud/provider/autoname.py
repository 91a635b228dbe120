"""Names that the provider makes up: `<logical name>-<7 hex digits>`, within the type's own limit.

The digits come from the engine's seed, so that a preview and the update after it agree; a name made once is kept.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

from localcloud.provider.rules import Rules

_DIGITS: Final = 7


@dataclass(frozen=True)
class Autoname:
    """How one type's name is made. `plain` types take the logical name as it is."""

    field: str
    most: int
    prefix: str = ""
    lower: bool = False
    plain: bool = False


def rule_for(rules: Rules) -> Autoname | None:
    """The naming rule of a type that has none of its own: that of an optional input called `name`."""
    name = rules.fields.get("name")
    if name is None or name.kind != "string" or not (name.optional and name.computed):
        return None
    limits = [re.search(r"(?:\.\.|<= )(\d+)", validator.form) for validator in name.validators]
    found = [int(match.group(1)) for match in limits if match]
    return Autoname("name", min([255, *found]))


def make(rule: Autoname, logical: str, seed: bytes) -> str:
    """The name, from the logical name and the engine's seed (a random one when it sent none)."""
    if rule.plain:
        return logical
    base = logical.lower() if rule.lower else logical
    digits = hashlib.sha256(seed or secrets.token_bytes(16)).hexdigest()[:_DIGITS]
    base = base.removeprefix(rule.prefix)
    room = rule.most - len(rule.prefix) - _DIGITS - 1
    return f"{rule.prefix}{base[:room]}-{digits}"

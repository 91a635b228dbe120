"""Policies that are set again as the stack files say: statements that would vanish are named and asked about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from portal.agreement import agree

Policy = Mapping[str, Any]


def agree_to_loss(where: str, before: Policy | None, after: Policy, *, yes: bool) -> None:
    """Goes on if ``after`` has every statement of ``before``, or the answer is yes. Raises PortalError otherwise."""
    if gone := [*_lost(before or {}, after)]:
        print(f"  {where}: its policy loses {', '.join(gone)}")
        agree(f"Set the policy of {where} without {'it' if len(gone) == 1 else 'them'}?", yes=yes)


def same(before: Policy | None, after: Policy) -> bool:
    """Whether both have the same statements, in whatever order and form."""
    return before is not None and {*map(_text, _statements(before))} == {*map(_text, _statements(after))}


def _lost(before: Policy, after: Policy) -> Iterator[str]:
    """Each statement by its name and principals. One that is called otherwise, and says the same, is not lost."""
    left = {_meaning(one) for one in _statements(after)}
    for one in _statements(before):
        if _meaning(one) not in left:
            who = one.get("Principal", "nobody")
            yield f"{one.get('Sid', 'a statement without a name')} (of {who if isinstance(who, str) else _text(who)})"


def _statements(policy: Policy) -> list[dict[str, Any]]:
    found: Any = policy.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _meaning(statement: Mapping[str, Any]) -> str:
    return _text({key: value for key, value in statement.items() if key != "Sid"})


def _text(value: Any) -> str:
    return json.dumps(_normal(value), sort_keys=True)


def _normal(value: Any) -> Any:
    """AWS takes and gives one text and a list of one alike, and a list in any order."""
    if isinstance(value, Mapping):
        return {key: _normal(one) for key, one in value.items()}
    if isinstance(value, list):
        return value[0] if len(value) == 1 and isinstance(value[0], str) else sorted(value, key=str)
    return value

"""What DNS answers: whoever serves zones says so here, and any service may ask, of every account alike."""

from __future__ import annotations

from collections.abc import Callable

Authority = Callable[[str, str], list[str]]
"""(name without the dot at its end, type) -> the values of that record set, of public zones."""
_authorities: list[Authority] = []


def authority(function: Authority) -> Authority:
    """Registers who answers for zones."""
    _authorities.append(function)
    return function


def records(name: str, type_: str) -> list[str]:
    """The values of a record set, without the dot at the end of names."""
    wanted = name.lower().rstrip(".")
    return [value.rstrip(".") for answers in _authorities for value in answers(wanted, type_)]

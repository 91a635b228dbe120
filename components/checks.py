"""How the arguments of a component are checked before any resource exists."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

Fault = tuple[str, object, str]
"""A field, its value, and the rule that it breaks, in words."""
Check = tuple[bool, str, object, str]
"""Whether the rule holds; the field, its value, and the rule in words."""


class Args(ABC):
    """The arguments of a component, which has their name without ``Args``."""

    @abstractmethod
    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong."""

    def check(self, name: str) -> None:
        """Raises ValueError naming component, field, value and rule of the first fault."""
        for field, value, rule in self.faults():
            raise ValueError(f"{type(self).__name__.removesuffix('Args')} {name!r}: {field}: {value!r}: {rule}")


def broken(checks: Iterable[Check]) -> Iterator[Fault]:
    """The faults among rules of which each holds or doesn't."""
    return ((field, value, rule) for holds, field, value, rule in checks if not holds)


def refused(field: str, value: object, rule: str | None) -> Iterator[Fault]:
    """The fault that a rule of :mod:`.rules` finds in a value; None: it holds."""
    if rule:
        yield field, value, rule


def within(field: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults of arguments that are a field of others."""
    return ((f"{field}.{inner}", value, rule) for inner, value, rule in faults)

"""Values that resources are made of: known or not yet, secret or not, and the resources that they depend on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.provider.property_values import UNKNOWN, has_unknown


@dataclass(frozen=True)
class Output:
    """One value. Parts of it may be unknown, as in a preview."""

    value: Any
    urns: frozenset[str] = frozenset()
    secret: bool = False

    @property
    def known(self) -> bool:
        return not has_unknown(self.value)

    def map(self, change: Callable[[Any], Any]) -> "Output":
        """Another value that is worked out from the whole of this one: unknown while any part of it is."""
        return Output(change(self.value) if self.known else UNKNOWN, self.urns, self.secret)


NOTHING = Output(None)


def nested(parts: Mapping[str, Any]) -> Output:
    """An object of which each part is known or not by itself; parts that are None are left out."""
    outputs = {name: part if isinstance(part, Output) else Output(part) for name, part in parts.items()}
    given = {name: part for name, part in outputs.items() if part.value is not None}
    return Output(
        {name: part.value for name, part in given.items()},
        frozenset[str]().union(*(part.urns for part in outputs.values())),
        any(part.secret for part in outputs.values()),
    )


def together(parts: Mapping[str, Any], change: Callable[[Any], Any] = lambda values: values) -> Output:
    """A value worked out from all parts: unknown while any of them is."""
    return nested(parts).map(change)

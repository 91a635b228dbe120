"""What the real provider calls, as data: ``localcloud/provider/calls``, whose README says what the columns hold."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "localcloud" / "provider" / "calls"
NEVER = "never: "


@dataclass(frozen=True, kw_only=True)
class ProviderCall:
    """A row: an operation of AWS's API that the provider calls for a type."""

    type: str
    """Terraform's name."""
    phases: frozenset[str]
    operation: str
    """``service:Operation``, where the service is IAM's prefix."""
    actions: tuple[str, ...]
    """What IAM asks for."""
    when: str
    """Empty: always."""
    source: str

    @property
    def ours(self) -> bool:
        """Whether the program's inputs can lead to it."""
        return not self.when.startswith(NEVER)


@cache
def provider_calls() -> tuple[ProviderCall, ...]:
    """Every row, in the order of the files."""
    return tuple(call for file in sorted(FOLDER.glob("*.csv")) for call in _rows(file))


def calls_of(type_: str, phase: str) -> list[ProviderCall]:
    """The rows of a type's phase."""
    return [one for one in provider_calls() if one.type == type_ and phase in one.phases]


def _rows(file: Path) -> list[ProviderCall]:
    with file.open(newline="") as text:
        return [
            ProviderCall(
                type=row["type"],
                phases=frozenset(row["phases"].split()),
                operation=operation,
                actions=tuple((row["actions"] or operation).split()),
                when=row["when"],
                source=row["source"],
            )
            for row in csv.DictReader(text)
            for operation in row["operation"].split()
        ]

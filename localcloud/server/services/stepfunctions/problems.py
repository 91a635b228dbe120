"""A problem of a definition, in AWS's terms."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "SCHEMA_VALIDATION_FAILED"


@dataclass(frozen=True)
class Problem:
    """``at`` is a JSON pointer; None for the machine as a whole. ``absent``: AWS takes it, and it isn't run here."""

    code: str
    text: str
    at: str | None
    absent: bool = False

    @property
    def sentence(self) -> str:
        return f"{self.code}: {self.text} at {'null' if self.at is None else self.at}"


def message(problems: list[Problem]) -> str:
    """What CreateStateMachine says."""
    return f"Invalid State Machine Definition: '{', '.join(problem.sentence for problem in problems)}'"

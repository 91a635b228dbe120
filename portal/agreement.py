"""Asks before an update, a deletion or a restoration. Without a terminal there is nobody to ask: an option answers."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from portal.errors import PortalError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask")]


def refuse_without_terminal(question: str) -> None:
    """Raises PortalError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise PortalError(f"--yes: must be given where no terminal is there to ask: {question}")


def agree(question: str, *, yes: bool, otherwise: str = "nothing was touched") -> None:
    """Goes on if the answer is yes. Raises PortalError otherwise, or if there is no terminal and no ``--yes``."""
    if yes:
        return
    refuse_without_terminal(question)
    if not typer.confirm(question, err=True):
        raise PortalError(f"not agreed: {otherwise}")


def agree_by_number(question: str, number: int, given: int | None, option: str) -> None:
    """Goes on if the number is repeated, by the option or in the terminal. Raises PortalError otherwise."""
    if given is None:
        if not sys.stdin.isatty():
            raise PortalError(f"{option}: must be given as {number}: {question}")
        given, option = typer.prompt(f"{question}; type the number to go on", type=int, err=True), "the number"
    if given != number:
        raise PortalError(f"{option}: {given}: must be {number}: {question}; nothing was touched")

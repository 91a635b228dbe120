"""How a program of the project runs, the stack's as that of the account's bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

import pulumi

from composition import short_previews
from settings import SettingsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def run(program: Callable[[], DataclassInstance]) -> None:
    """Exports each field of what the program returns. Raises RunError, which has no traceback, for a fault of the stack
    files."""
    short_previews.begin()
    try:
        outputs = program()
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
    for field in fields(outputs):
        pulumi.export(field.name, getattr(outputs, field.name))

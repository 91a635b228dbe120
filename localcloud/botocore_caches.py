"""What botocore works out anew for each session and client, done once a process: for processes that make many."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.hooks import EVENT_ALIASES, EventAliaser

_NAMES: dict[str, str] = {}
"""Events by the names that clients use -> botocore's own. Each client looked each of its events up in all aliases."""
_Aliaser: Any = EventAliaser
_initialise = _Aliaser.__init__


def install() -> None:
    """Without effect the second time."""
    if _Aliaser.__init__ is not _initialise:
        return
    # Else each session reads botocore's endpoints and models.
    botocore.session.create_loader = cache(botocore.session.create_loader)
    _Aliaser.__init__ = _with_names


def _with_names(aliaser: Any, emitter: Any, aliases: dict[str, str] | None = None) -> None:
    _initialise(aliaser, emitter, aliases)
    if aliases is None or aliases == EVENT_ALIASES:
        aliaser._alias_name_cache = _NAMES  # noqa: SLF001 - nothing else gives clients one together

"""Refuses a state by which somebody else's program would run, before any provider is started.

Between this look at the state and the engine's own lies a moment, in which who writes the state could write another.
Previews and the search for drift run on the very copy that was looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.state import foreign
from portal.errors import PortalError
from settings.endpoints import cluster_hosts


def refuse_foreign_state(stack: str, account: str, deployment: Mapping[str, Any]) -> None:
    """Raises PortalError that names everything in the state that the program does not make."""
    if lines := [*foreign(deployment, account, cluster_hosts())]:
        told = "\n".join(f"  {line}" for line in lines)
        raise PortalError(
            f"{stack}: its state has what the program does not make, and by which others may run theirs here; nothing "
            f"was started:\n{told}\nWho wrote it is in the log of the state's bucket; an earlier version of the state "
            "is a version of its object"
        )

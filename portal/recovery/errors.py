"""The one error of this package."""

from __future__ import annotations

from portal.errors import PortalError


class RecoverError(PortalError):
    """The stack can't be put right without a person; the message says what to look at."""

"""What a user can mend, told in one line."""

from __future__ import annotations


class PortalError(Exception):
    """The message names the argument, its value and the rule."""

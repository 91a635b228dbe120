"""How sessions of the accounts' roles are named, so that CloudTrail tells who works with a role."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping
from typing import Final

RUN_VARIABLE: Final = "GITHUB_RUN_ID"
"""GitHub sets it in the jobs of a workflow's run."""


def session_name(environ: Mapping[str, str] = os.environ) -> str:
    """The run of a GitHub workflow, or the user of this machine: 2 to 64 characters that STS allows."""
    if run := environ.get(RUN_VARIABLE):
        return f"github-{run}"[:64]
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return re.sub(r"[^A-Za-z0-9+=,.@_-]", "-", f"portal-{user}")[:64]

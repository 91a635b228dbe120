"""What a server leaves that was killed, or crashed: what describes accounts that are gone."""

from __future__ import annotations

import shutil
from pathlib import Path

STATE, BATCHES, PROJECT = "state", "batches", "project"
"""Of the local cloud's folder: the engine's state, the record of submitted jobs, and the copy of the project whose
stack files name the accounts' keys."""


def forget_accounts(folder: Path) -> bool:
    """Removes what describes accounts of a server that is gone. Answers whether there was anything."""
    leftovers = [path for name in (STATE, BATCHES, PROJECT) if (path := folder / name).is_dir() and any(path.iterdir())]
    for path in leftovers:
        shutil.rmtree(path)
    return bool(leftovers)

"""What runs in place of a container image: a registry of stand-ins, each a program of this machine. Batch's jobs and
Kubernetes' pods are started from it.

Configured when the server starts by LOCALCLOUD_IMAGES (left out, `localcloud start` says :data:`RUNNER`): a JSON list,
or the path of a file with one, of ``{"image": "ghcr.io/owner/name:*", "entrypoint": [...], "command": [...],
"environment": {...}, "directory": "..."}``. As with Docker the entry point is always run, and ``command`` is what
follows it unless the job gives a command. ``{python}`` stands for the interpreter that runs the server. An image that
no pattern names cannot be pulled. ``directory`` is where a pod's container starts, as an image's WORKDIR; a job starts
in a directory of its own.
"""

from __future__ import annotations

import fnmatch
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

ENVIRONMENT_VARIABLE = "LOCALCLOUD_IMAGES"
RUNNER: Final = {"image": "ghcr.io/*/swipe:*", "entrypoint": ["{python}", "-m", "localcloud.runner"]}
"""The stand-in for the image that runs workflows; the only one where LOCALCLOUD_IMAGES says nothing else."""


@dataclass(frozen=True, kw_only=True)
class StandIn:
    image: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    directory: str = ""

    def argv(self, command: Sequence[str]) -> list[str]:
        """The words to run for a job's command (which may be empty)."""
        words = [*self.entrypoint, *(command or self.command)]
        return [word.replace("{python}", sys.executable) for word in words]


_STAND_INS: list[StandIn] = []


def configure(entries: Sequence[Mapping[str, Any]]) -> None:
    """Replaces the registry. Raises ValueError for an entry without an image or with an unknown member."""
    stand_ins: list[StandIn] = []
    for entry in entries:
        unknown = sorted(set(entry) - {"image", "entrypoint", "command", "environment", "directory"})
        if unknown or not entry.get("image"):
            members = "image, entrypoint, command, environment, directory"
            raise ValueError(f"image stand-in {dict(entry)}: {members} are meant")
        stand_ins.append(
            StandIn(
                image=entry["image"],
                entrypoint=tuple(entry.get("entrypoint", ())),
                command=tuple(entry.get("command", ())),
                environment=dict(entry.get("environment", {})),
                directory=str(entry.get("directory", "")),
            )
        )
    _STAND_INS[:] = stand_ins


def configure_from_environment() -> None:
    """Reads LOCALCLOUD_IMAGES, if it is set."""
    text = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if not text:
        return
    entries: Any = json.loads(text if text.startswith("[") else Path(text).read_text(encoding="utf-8"))
    if not isinstance(entries, list):
        raise ValueError(f"{ENVIRONMENT_VARIABLE}: a JSON list is meant")  # noqa: TRY004  # it's a value of the user's
    configure(cast("list[Mapping[str, Any]]", entries))


def stand_in(image: str) -> StandIn | None:
    """The first stand-in whose pattern matches the image's URI."""
    return next((item for item in _STAND_INS if fnmatch.fnmatchcase(image, item.image)), None)


configure_from_environment()

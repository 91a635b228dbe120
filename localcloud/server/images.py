"""What runs in place of a container image: a registry of stand-ins, each a program of this machine. Batch's jobs and
Kubernetes' pods are started from it.

Configured when the server starts by LOCALCLOUD_IMAGES (left out, `localcloud start` says :data:`USUAL`): a JSON list,
or the path of a file with one, of ``{"image": "ghcr.io/owner/name:*", "entrypoint": [...], "command": [...],
"environment": {...}, "directory": "...", "programs": {...}}``. As with Docker the entry point is always run, and
``command`` is what follows it unless the job gives a command. ``{python}`` stands for the interpreter that runs the
server. An image that no pattern names cannot be pulled. ``directory`` is where a pod's container starts, as an image's
WORKDIR; a job starts in a directory of its own. ``programs`` are those of the image that this machine lacks: a pod's
command that begins with one, like ``/cerbos``, begins with its words instead.
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
"""The stand-in for the image that runs workflows."""
_EXAMPLES: Final = Path(__file__).parents[2] / "examples"
_CERBOS: Final = ["{python}", "-m", "localcloud.cerbos"]
_LISTENING: Final = {"HOST": "{address}", "PORT": "{port}"}
SERVICES: Final[Sequence[Mapping[str, Any]]] = (
    {
        "image": "*/apiv2[:@]*",
        "entrypoint": ["{python}", "-m", "examples.api"],
        "environment": _LISTENING,
        "directory": str(_EXAMPLES / "api"),
    },
    {"image": "*/frontend[:@]*", "entrypoint": ["{python}", "-m", "examples.site"], "environment": _LISTENING},
    {
        "image": "ghcr.io/cerbos/cerbos[:@]*",
        "entrypoint": _CERBOS,
        "environment": {"HOST": "{address}"},
        "programs": {"/cerbos": _CERBOS},
    },
)
"""Those for the images of the portal's services."""
USUAL: Final = (RUNNER, *SERVICES)


@dataclass(frozen=True, kw_only=True)
class StandIn:
    image: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    directory: str = ""
    programs: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def command_line(self, words: Sequence[str]) -> list[str]:
        """The words to run for a pod's own command, whose first may be a program of the image."""
        first, *rest = words
        return [word.replace("{python}", sys.executable) for word in (*self.programs.get(first, (first,)), *rest)]

    def argv(self, command: Sequence[str]) -> list[str]:
        """The words to run for a job's command (which may be empty)."""
        words = [*self.entrypoint, *(command or self.command)]
        return [word.replace("{python}", sys.executable) for word in words]


_MEMBERS: Final = ("image", "entrypoint", "command", "environment", "directory", "programs")
_STAND_INS: list[StandIn] = []


def configure(entries: Sequence[Mapping[str, Any]]) -> None:
    """Replaces the registry. Raises ValueError for an entry without an image or with an unknown member."""
    stand_ins: list[StandIn] = []
    for entry in entries:
        if set(entry) - set(_MEMBERS) or not entry.get("image"):
            raise ValueError(f"image stand-in {dict(entry)}: {', '.join(_MEMBERS)} are meant")
        stand_ins.append(
            StandIn(
                image=entry["image"],
                entrypoint=tuple(entry.get("entrypoint", ())),
                command=tuple(entry.get("command", ())),
                environment=dict(entry.get("environment", {})),
                directory=str(entry.get("directory", "")),
                programs=dict(entry.get("programs", {})),
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

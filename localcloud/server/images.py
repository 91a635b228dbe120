"""What runs in place of a container image: a registry of stand-ins, each a program of this machine. Batch's jobs and
Kubernetes' pods are started from it.

An `images` table of the configuration has ``image`` (a pattern: ``ghcr.io/owner/name:*``), ``entrypoint``, ``command``,
``environment``, ``directory`` and ``programs``. As with Docker the entry point is always run, and ``command`` is what
follows it unless the job gives a command. ``{python}`` stands for the interpreter that runs the server. An image that
no pattern names cannot be pulled; a digest behind its tag need not be named. ``directory``, relative to the
configuration's file, is where a pod's container starts, as an image's WORKDIR; a job starts in a directory of its own.
``programs`` are those of the image that this machine lacks, by absolute path: a word of a pod's command that is one,
like ``/cerbos``, is replaced by its words (a shell may start it).
"""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class StandIn:
    image: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    directory: str = ""
    programs: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def command_line(self, words: Sequence[str]) -> list[str]:
        """The words to run for a pod's own command, in which programs of the image may stand."""
        replaced = (one for word in words for one in self.programs.get(word, (word,)))
        return [word.replace("{python}", sys.executable) for word in replaced]

    def argv(self, command: Sequence[str]) -> list[str]:
        """The words to run for a job's command (which may be empty)."""
        words = [*self.entrypoint, *(command or self.command)]
        return [word.replace("{python}", sys.executable) for word in words]


_STAND_INS: Final[list[StandIn]] = []


def stand_ins(entries: Any, folder: Path) -> list[StandIn]:
    """The stand-ins of `images` tables; their directories are relative to the folder.

    Raises ValueError for an entry without an image, with an unknown member, or a value that is of another kind.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise ValueError(f"{entries!r}: a list of tables is meant")
    return [_stand_in(entry, folder) for entry in entries]


def _stand_in(entry: Mapping[str, Any], folder: Path) -> StandIn:
    members = [one.name for one in fields(StandIn)]
    for key in entry.keys() - set(members):
        raise ValueError(f"{dict(entry)}: {key} is none of {', '.join(members)}")
    if not entry.get("image"):
        raise ValueError(f"{dict(entry)}: image is missing")
    words = [entry.get("entrypoint", []), entry.get("command", []), *dict(entry.get("programs", {})).values()]
    texts = [entry["image"], entry.get("directory", ""), *dict(entry.get("environment", {})).values()]
    if not all(isinstance(one, list) for one in words):
        raise ValueError(f"{dict(entry)}: entrypoint, command and each of programs are lists of words")
    if not all(isinstance(text, str) for text in (*texts, *(word for one in words for word in one))):
        raise ValueError(f"{dict(entry)}: every value is a text")
    return StandIn(
        image=entry["image"],
        entrypoint=tuple(entry.get("entrypoint", ())),
        command=tuple(entry.get("command", ())),
        environment=dict(entry.get("environment", {})),
        directory=str(folder.resolve() / entry["directory"]) if entry.get("directory") else "",
        programs=dict(entry.get("programs", {})),
    )


def configure(entries: Iterable[StandIn]) -> None:
    """Replaces the registry."""
    _STAND_INS[:] = entries


def stand_in(image: str) -> StandIn | None:
    """The first stand-in whose pattern matches the image's URI, whole or without the digest behind its tag."""
    names = {image, image.partition("@")[0]}
    return next((one for one in _STAND_INS if any(fnmatch.fnmatchcase(name, one.image) for name in names)), None)

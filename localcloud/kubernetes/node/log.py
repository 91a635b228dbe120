"""What the containers of a pod print, kept in a file each until the pod is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..client import Json
from ..objects.errors import bad_request

WORDS_LINES, WORDS_CHARACTERS = 80, 2048
"""Kubernetes fact: as much of a log becomes the message of a container that ended, where its policy says so."""


class ContainerLog:
    """Of one container through its restarts: what the running process printed, and the one before it."""

    def __init__(self, folder: Path, container: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._current, self._previous = folder / f"{container}.log", folder / f"{container}.previous.log"

    def begin(self) -> None:
        """Of the next process."""
        if self._current.exists():
            self._current.replace(self._previous)
        self._current.touch(mode=0o600)

    def write(self, lines: Sequence[tuple[int, str]]) -> None:
        with self._current.open("a", encoding="utf-8") as file:
            file.writelines(f"{text}\n" for _, text in lines)

    def read(self, *, previous: bool = False, lines: int | None = None) -> str:
        file = self._previous if previous else self._current
        if not file.exists():
            return ""
        text = file.read_text(encoding="utf-8")
        return text if lines is None else "".join(text.splitlines(keepends=True)[-lines:] if lines else [])


def last_words(tail: Sequence[str]) -> str:
    return "\n".join(tail[-WORDS_LINES:])[-WORDS_CHARACTERS:].strip()


def read_log(pod: Json, logs: Mapping[str, ContainerLog], query: Mapping[str, str]) -> str:
    """The log that a query means: ``container``, ``previous``, ``tailLines``. Raises ApiError."""
    name = pod["metadata"]["name"]
    if unknown := sorted(set(query) - {"container", "previous", "tailLines", "pretty"} - _absent(query)):
        raise bad_request(f"{', '.join(unknown)}: the local cloud's logs know container, previous and tailLines")
    containers = [one["name"] for one in pod["spec"]["containers"]]
    chosen = query.get("container") or (containers[0] if len(containers) == 1 else "")
    if not chosen:
        listed = " ".join(containers)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{listed}]")
    initial = [one["name"] for one in pod["spec"].get("initContainers") or []]
    if chosen not in [*containers, *initial]:
        raise bad_request(f"container {chosen} is not valid for pod {name}")
    if chosen not in logs:
        raise bad_request(f'container "{chosen}" in pod "{name}" is waiting to start: ContainerCreating')
    lines = query.get("tailLines", "")
    previous = query.get("previous", "").lower() in ("1", "true")
    return logs[chosen].read(previous=previous, lines=int(lines) if lines else None)


def _absent(query: Mapping[str, str]) -> set[str]:
    """Options that are switched off, as kubectl sends them."""
    return {name for name, value in query.items() if value.lower() in ("", "0", "false")}

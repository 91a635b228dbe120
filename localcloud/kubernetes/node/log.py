"""What the containers of a pod print, kept in a file each until the pod is gone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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

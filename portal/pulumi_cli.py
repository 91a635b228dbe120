"""The Pulumi command line, run from the project's folder with the caller's environment.

What the engine is asked is asked through its own commands, so that everything here works with any backend: a folder,
an S3 bucket, Pulumi Cloud.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from portal.errors import LOCAL, EngineError, PortalError
from settings import files_of_stacks
from settings.faults import path

ROOT = Path(os.environ.get("PORTAL_PROJECT") or Path(__file__).resolve().parent.parent)
"""The Pulumi project: where Pulumi.yaml and the stack files are. PORTAL_PROJECT names another than this checkout."""


STACK_NOT_FOUND = 6
"""The engine's exit status where the backend doesn't know the stack, since 3.226.1 (Pulumi, "CLI Exit Codes")."""


class PulumiError(EngineError):
    """A Pulumi command failed."""

    def __init__(self, command: Sequence[str], output: str, status: int = 1) -> None:
        super().__init__(f"`{' '.join(command)}` failed", output)
        self.status = status


DONE = re.compile(r" (created|updated|deleted|replaced)( \([\d.]+m?s\))? *$")
"""A line of progress that says that a resource is done."""


PROGRESS = re.compile(r"^(?:(?:@|✨) [a-z ]+\.{3})?\.*")
"""The engine's dots, one a second: a line of their own, or now and then before another's text. One thread prints what
is done, three dots, and then one dot after the other, and another thread the lines: any two may come together."""


def without_progress(line: str) -> str:
    """A line of the engine's output without its dots; empty, but for its end, if there is nothing else."""
    return PROGRESS.sub("", line)


def summary(lines: Sequence[str]) -> Sequence[str]:
    """What an update did, without its progress: from the last "Resources:" on, and warnings before it.

    The engine prints a warning as it comes and among the diagnostics, of the preview and of the update.
    """
    lines = [without_progress(line) for line in lines]
    start = max((at for at, line in enumerate(lines) if line.startswith("Resources:")), default=0)
    warnings = {line[line.index("warning:") :]: None for line in lines[:start] if "warning:" in line}
    return [*(f"  {line}" for line in warnings), *(line for line in lines[start:] if line.strip())]


def engine() -> str:
    """The engine's command. Raises PortalError where it is missing."""
    if shutil.which("pulumi") is None:
        raise PortalError(f"pulumi is not on PATH: make setup, then {LOCAL}")
    return "pulumi"


def changes(lines: Sequence[str]) -> Sequence[str]:
    """What a preview would change, line by line, without its progress."""
    return [line for one in lines if (line := without_progress(one)).strip()]


@dataclass(frozen=True, kw_only=True)
class Pulumi:
    """One stack of the project."""

    stack: str
    root: Path = ROOT
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Beside the caller's environment: those with which the providers enter the account. Commands that start none of
    them need none."""
    dead_runner: str = ""
    """``user@host`` of a machine that is gone, as whoever recovers its run says: its locks are removed."""

    def command(self, *arguments: str) -> list[str]:
        return [engine(), *arguments, "--stack", self.stack, "--non-interactive", "--color", "never"]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.variables}

    def run(self, *arguments: str) -> str:
        """Runs a command quietly and returns its standard output. Raises :class:`PulumiError`."""
        command = self.command(*arguments)
        process = subprocess.run(
            command, cwd=self.root, env=self._environment(), capture_output=True, text=True, check=False
        )
        if process.returncode != 0:
            raise PulumiError(command, process.stdout + process.stderr, process.returncode)
        return process.stdout

    def stream(self, *arguments: str, shown: Callable[[Sequence[str]], Sequence[str]] = summary) -> None:
        """Runs a command, showing how far it is and then what ``shown`` takes of its lines.

        Raises :class:`PulumiError` with its output.
        """
        command = self.command(*arguments)
        lines: list[str] = []
        with (
            Console(stderr=True).status(self.stack) as status,
            subprocess.Popen(
                command,
                cwd=self.root,
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            for line in process.stdout or ():
                lines.append(line)
                done = sum(bool(DONE.search(entry)) for entry in lines)
                status.update(f"{self.stack}: {done} done {line.strip()[:80]}")
        if process.returncode != 0:
            raise PulumiError(command, "".join(lines))
        print("".join(f"  {line}" for line in shown(lines)), end="", flush=True)

    def init(self, secrets_provider: str) -> None:
        """Makes the stack in the backend; the engine adds to the stack file how its secrets are encrypted."""
        self.run("stack", "init", "--no-select", f"--secrets-provider={secrets_provider}")

    def set_setting(self, key: tuple[str | int, ...], value: str) -> None:
        """Writes one of the stack file's settings; its other lines and comments stay. ``key``: below the settings."""
        self.run("config", "set", "--path", path("portal:settings", *key), value)

    def deployment(self) -> dict[str, Any] | None:
        """The state: ``{"resources": [...], "pending_operations": [...], ...}``; empty before the first ``up``, None
        where the backend doesn't know the stack."""
        try:
            return json.loads(self.run("stack", "export"))["deployment"] or {}
        except PulumiError as error:
            if error.status != STACK_NOT_FOUND:
                raise
            return None

    def outputs(self) -> dict[str, Any]:
        """What the stack put out when it was last brought up; empty if it never was."""
        return outputs_of(self.deployment() or {})

    def last_update(self) -> dict[str, Any] | None:
        """The newest entry of the stack's history: ``kind``, ``startTime``, ``result``, ``resourceChanges``."""
        history = json.loads(self.run("stack", "history", "--json", "--page-size", "1", "--page", "1"))
        return history[0] if history else None


def outputs_of(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """What a state says that the stack put out; empty before its first ``up``."""
    resources = deployment.get("resources") or []
    return next((one.get("outputs", {}) for one in resources if one["type"] == "pulumi:pulumi:Stack"), {})


def stacks(root: Path = ROOT) -> list[str]:
    """The stacks that have a file, in the order of their names."""
    return [*files_of_stacks(root)]

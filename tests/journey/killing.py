"""Kills an update's engine, or its provider, at a call of AWS's: AWS has done it, and nobody will hear of it.

The moment is counted in calls, not in seconds, so that a seed means the same on any machine; a moment may be some
milliseconds later than the call, so between it and the next ones.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from localcloud.server.call import HOOKS, Call, Outcome
from tests.journey.conftest import STACKS, Project
from tests.journey.forks import fork_of
from tests.localcloud.batch_steps import until

SERVICES: Final = (
    "batch", "cloudwatch", "ec2", "ecr", "events", "iam", "logs", "rds", "s3", "secretsmanager", "sns", "sqs",
    "stepfunctions",
)  # fmt: skip
LOOKS: Final = ("Describe", "Get", "Head", "List", "Validate")
UP: Final = ("portal", "up", "--yes", "--skip-preview")
ENGINE, PROVIDER, KUBERNETES = "pulumi ", "-m localcloud.provider ", "-m localcloud.provider_kubernetes "
"""Who is killed, by what is in its command line."""
LANGUAGE_HOST: Final = "pulumi-language"
"""As the kernel cuts it."""
WAIT_SECONDS: Final = 300.0


def below(pid: int) -> list[tuple[int, str]]:
    """The processes under ``pid``, with their command lines, parents first."""
    found: list[tuple[int, str]] = []
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return found
    for child in children:
        try:
            line = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        found += [(child, line), *below(child)]
    return found


@dataclass
class Killer:
    """Counts calls to the stack's account, and at one of them kills ``victim`` under the process ``pid``."""

    stack: str
    victim: str
    moment: int
    """Which call, counted from 1; or the first after it at which the victim runs."""
    later_seconds: float = 0.0
    """How long after the call; 0: before anybody hears of it."""
    looks: bool = False
    """Whether calls that only look count too: of previews and refreshes."""
    only: str = ""
    """Count this operation alone."""
    services: tuple[str, ...] = SERVICES
    pid: int = 0
    killed: int = 0
    """The process that was killed; 0: none yet."""
    seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, call: Call, outcome: Outcome) -> None:
        if call.caller.account_id != STACKS[self.stack] or outcome.status >= 400 or self.killed:
            return
        if (call.operation.startswith(LOOKS) and not self.looks) or self.only not in {"", call.operation}:
            return
        with self._lock:
            if self.killed:  # by a call that was under way at the same time
                return
            self.seen += 1
            if self.seen == self.moment and self.later_seconds:
                threading.Timer(self.later_seconds, self._kill).start()
            elif self.seen >= self.moment and not self.later_seconds:
                self._kill()

    def _kill(self) -> None:
        """Or not yet, when the call was not the victim's: `portal` makes some of its own."""
        self.killed = kill(self.pid, self.victim)


def kill(above: int, victim: str) -> int:
    """Kills the victim below a process, the kernel's way. Its id; 0: it does not run.

    A plugin is a fork. The engine's own process for it ends as the fork does, when that is gone.
    """
    for pid, line in below(above):
        if victim in line and (victim != ENGINE or line.split()[0].endswith("pulumi")):
            if killed := pid if victim == ENGINE else fork_of(pid):
                os.kill(killed, signal.SIGKILL)
            return killed
    return 0


class Hooked(Protocol):
    """Sees calls of an `up` of a stack, whose process is ``pid``."""

    stack: str
    services: tuple[str, ...]
    pid: int

    def __call__(self, call: Call, outcome: Outcome) -> None: ...


@contextmanager
def installed(killer: Hooked) -> Generator[None]:
    """It sees the calls of its services, each once though this is nested."""
    hooked = [HOOKS.finish_calls.setdefault(service, []) for service in killer.services]
    added = [calls for calls in hooked if not any(one is killer for one in calls)]
    for calls in added:
        calls.append(killer)
    try:
        yield
    finally:
        for calls in added:
            calls.remove(killer)


def in_folder(project: Project) -> dict[str, str]:
    """`portal` works on the test's own stack files."""
    return {**project.env, "PORTAL_PROJECT": str(project.folder)}


def killable(project: Project) -> dict[str, str]:
    """So that it can be killed and completed: the engine writes down each step before it takes it."""
    return {**in_folder(project), "PULUMI_SKIP_CHECKPOINTS": "false"}


def killed_up(project: Project, killer: Hooked) -> subprocess.CompletedProcess[str]:
    """`portal up` of a stack whose account is bootstrapped, killed by ``killer``; returns when all its processes are
    gone. They are those of the session of its fork."""
    project.bootstrap(killer.stack)
    process = subprocess.Popen(
        [*UP, killer.stack],
        cwd=project.folder, env=killable(project), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    with installed(killer):
        killer.pid = until(lambda: fork_of(process.pid), WAIT_SECONDS)
        output, _ = process.communicate(timeout=WAIT_SECONDS)
    _until_gone(killer.pid)
    return subprocess.CompletedProcess(process.args, process.returncode, output, "")


def _until_gone(session: int) -> None:
    """What a killed engine started ends by itself, its provider after the calls under way; its language host stays."""
    pause, rounds = threading.Event(), int(WAIT_SECONDS / 0.05)
    for _ in range(rounds):
        left = _members(session)
        hosts = [pid for pid, name in left if name == LANGUAGE_HOST]
        if len(hosts) == len(left):
            for pid in hosts:
                os.kill(pid, signal.SIGKILL)
            return
        pause.wait(0.05)
    raise AssertionError(f"still there: {_members(session)}")


def _members(session: int) -> list[tuple[int, str]]:
    """Processes of a session, with their names."""
    found: list[tuple[int, str]] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
            except OSError:
                continue
            fields = rest.split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((int(folder.name), name))
    return found

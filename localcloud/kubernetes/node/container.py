"""One container of a pod: its process through starts, probes, restarts and its end.

Kubernetes facts: the pause before a restart doubles from 10 s to 5 minutes, and begins anew after a run of 10 minutes;
preStop, then SIGTERM to the program, then SIGKILL to all that is left when the grace period is over, which preStop is
part of; a container is ready without a readiness probe once it has started; a failed liveness or startup probe restarts
it; its exit code is 128 + n for signal n; one that takes more memory than its limit is OOMKilled.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from localcloud.server import children

from .. import timing
from ..client import Json
from ..objects.quantities import amount
from . import probes
from .errors import CannotPullError, CannotStartError
from .log import ContainerLog, last_words
from .usage import Meter, memory_of

FIRST_PAUSE, LONGEST_PAUSE, STABLE_SECONDS = 10.0, 300.0, 600.0
SHORTEST_REAL_PAUSE = 0.25
SHORTEST_REAL_PERIOD = 0.1
MEMORY_SECONDS = 1.0
"""Real seconds between two looks at what a container's processes take."""
KILL_GRACE = 2.0
"""What SIGTERM gets at least where preStop took the whole grace period."""


class Surroundings(Protocol):
    """What a container needs of its pod."""

    address: str
    """The pod's loopback address."""
    grace: float
    """The pod's terminationGracePeriodSeconds."""
    ending: asyncio.Event
    """Set once the pod is being deleted: nothing of it is started any more."""

    async def command(self, container: Json) -> children.Command:
        """Raises CannotStartError."""
        ...

    async def start(self, command: children.Command, log: ContainerLog) -> children.Child:
        """Raises CannotStartError."""
        ...

    async def pause(self, seconds: float) -> None:
        """Waits so long, or until the pod ends."""
        ...

    def changed(self) -> None:
        """The status of a container is another."""
        ...

    def event(self, reason: str, message: str, event_type: str = "Normal") -> None: ...

    def back_off(self, container: str) -> str:
        """Whose container, as the kubelet says it."""
        ...


@dataclass(kw_only=True)
class Container:
    spec: Json
    pod: Surroundings
    log: ContainerLog
    completes: bool
    """An init container, which is ready once it has succeeded."""
    restarts: int = 0
    state: Json = field(default_factory=lambda: {"waiting": {"reason": "PodInitializing"}})
    last_state: Json = field(default_factory=dict[str, Json])
    started: bool = False
    ready: bool = False
    complaint: str = ""
    """What the last startup or readiness probe says against it."""
    child: children.Child | None = None
    meter: Meter = field(default_factory=Meter)
    _starting: asyncio.Future[children.Child] | None = None
    _ended: asyncio.Future[int] | None = None
    _ending: bool = False
    """Its process was asked to end."""
    _stopped: bool = False

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    async def run(self, restart_policy: str) -> bool:
        """Runs it until it needs no restart, or the pod ends. Answers whether its last run succeeded."""
        pause, code = FIRST_PAUSE, 0
        while not self._over:
            began = time.monotonic()
            try:
                code = await self._run_once()
            except CannotStartError as problem:
                self._say_why(problem, again=pause != FIRST_PAUSE)
            else:
                done = restart_policy == "Never" or (restart_policy == "OnFailure" and code == 0)
                if done or self._over:
                    return code == 0
                self.last_state = self.state
                if time.monotonic() - began > timing.scaled(STABLE_SECONDS, at_least=SHORTEST_REAL_PAUSE):
                    pause = FIRST_PAUSE
                self._wait_for("CrashLoopBackOff", self._back_off_message(pause, code))
                self.pod.event("BackOff", f"Back-off restarting failed container {self.name}", "Warning")
                self.restarts += 1
            await self.pod.pause(timing.scaled(pause, at_least=SHORTEST_REAL_PAUSE))
            pause = min(2 * pause, LONGEST_PAUSE)
        return False

    @property
    def _over(self) -> bool:
        """No process of it is started any more."""
        return self._stopped or self.pod.ending.is_set()

    async def stop(self, grace: float) -> None:
        """Ends its process for good. ``grace`` is the whole of what it gets, in Kubernetes' seconds."""
        self._stopped = True
        if self._starting is not None:
            await asyncio.wait([self._starting])
        await self._terminate(grace)

    async def _terminate(self, grace: float) -> None:
        """preStop, SIGTERM, SIGKILL."""
        ended, child = self._ended, self.child
        if ended is None or child is None or ended.done():
            return
        self._ending = True
        asked = (self.spec.get("lifecycle") or {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        await asyncio.wait([ended], timeout=timing.scaled(min(asked, grace)))
        if not ended.done() and grace > 0:
            child.signal(signal.SIGTERM)
            await asyncio.wait([ended], timeout=timing.for_a_program(max(grace - asked, KILL_GRACE)))
        self.kill()
        await asyncio.wait([ended])

    def kill(self) -> None:
        """SIGKILL to all that runs of it."""
        if self.child is not None and self._ended is not None and not self._ended.done():
            self.child.kill()

    def usage(self) -> dict[str, float] | None:
        """``cpu`` in cores and ``memory`` in bytes; None as long as it is not known."""
        running = self.child is not None and "running" in self.state
        return self.meter.read(self.child.pid) if running and self.child else None

    def status(self) -> Json:
        """Its entry in the pod's containerStatuses."""
        return {
            "name": self.name,
            "image": self.spec["image"],
            "imageID": self.spec["image"] if self.child else "",
            "containerID": f"process://{self.child.pid}" if self.child else "",
            "restartCount": self.restarts,
            "started": self.started,
            "ready": self.ready,
            "state": self.state,
            "lastState": self.last_state,
        }

    async def _run_once(self) -> int:
        command = await self.pod.command(self.spec)
        self.log.begin()
        self._ending = False
        if self._over:
            return 0
        self._starting = asyncio.ensure_future(self.pod.start(command, self.log))
        self.child = child = await self._starting
        self._ended, self._starting = _exit_code(child), None
        began = timing.now()
        self.state = {"running": {"startedAt": began}}
        self._set_started(started="startupProbe" not in self.spec)
        self.pod.event("Started", f"Started container {self.name}")
        watching = [asyncio.create_task(work) for work in (self._probe(), self._watch_memory(child))]
        code = await self._ended
        for task in watching:
            task.cancel()
        over = await asyncio.gather(*watching, return_exceptions=True)
        self._set_ended(child, code, began, "OOMKilled" if over[1] is True else "")
        return code

    async def _watch_memory(self, child: children.Child) -> bool:
        """Kills the process once it takes more than its limit: answers True then."""
        limit = ((self.spec.get("resources") or {}).get("limits") or {}).get("memory")
        while limit is not None and memory_of(child.pid) <= amount(limit):
            await asyncio.sleep(MEMORY_SECONDS)
        if limit is not None:
            child.kill()
        return limit is not None

    def _set_started(self, *, started: bool) -> None:
        self.started, self.complaint = started, ""
        self.ready = started and not self.completes and "readinessProbe" not in self.spec
        self.pod.changed()

    def _set_ended(self, child: children.Child, code: int, began: str, reason: str) -> None:
        self.started = self.ready = False
        terminated: Json = {
            "exitCode": code,
            "reason": reason or ("Error" if code else "Completed"),
            "startedAt": began,
            "finishedAt": timing.now(),
        }
        words = last_words(child.tail())
        if code and words and self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            terminated["message"] = words
        self.state = {"terminated": terminated}
        self.pod.changed()

    def _wait_for(self, reason: str, message: str) -> None:
        waiting = {"waiting": {"reason": reason, "message": message}}
        if self.state != waiting:
            self.state = waiting
            self.pod.changed()

    def _say_why(self, problem: CannotStartError, *, again: bool) -> None:
        """An image that failed to be pulled before is waited for, as the kubelet says it."""
        if again and isinstance(problem, CannotPullError):
            self._wait_for("ImagePullBackOff", problem.back_off)
            self.pod.event("BackOff", problem.back_off)
        else:
            self._wait_for(problem.reason, str(problem))
            self.pod.event("Failed", f"Error: {problem}", "Warning")

    def _back_off_message(self, pause: float, code: int) -> str:
        words = last_words(self.child.tail()) if self.child else ""
        said = f"its last words: {words}" if words else "it printed nothing"
        reason = self.state.get("terminated", {}).get("reason")
        ended = "OOMKilled" if reason == "OOMKilled" else f"exit code {code}"
        return f"back-off {pause:.0f}s restarting failed {self.pod.back_off(self.name)}: {ended}, {said}"

    async def _probe(self) -> None:
        if "startupProbe" in self.spec:
            await self._repeat("startupProbe", self._check_start)
            if self._ending:
                return
            self._set_started(started=True)
        await asyncio.gather(
            self._repeat("livenessProbe", self._check_life), self._repeat("readinessProbe", self._check_readiness)
        )

    async def _repeat(self, kind: str, judge: Callable[[Json, int, int, float], Awaitable[bool]]) -> None:
        """Probes until ``judge`` says that it is over. It is given successes and failures in a row, and the real
        seconds since the last success."""
        probe: Json | None = self.spec.get(kind)
        if probe is None:
            return
        passed = failed = 0
        succeeded = time.monotonic()
        await asyncio.sleep(timing.scaled(probe.get("initialDelaySeconds", 0)))
        while True:
            why = await probes.failure(probe, self.spec, self.pod.address)
            passed, failed = (0, failed + 1) if why else (passed + 1, 0)
            succeeded = succeeded if why else time.monotonic()
            if why:
                self._complain(kind, why)
            elif kind != "livenessProbe":
                self.complaint = ""
            if await judge(probe, passed, failed, time.monotonic() - succeeded):
                return
            await asyncio.sleep(timing.scaled(probe.get("periodSeconds", 10), at_least=SHORTEST_REAL_PERIOD))

    def _complain(self, kind: str, why: str) -> None:
        said = f"{kind.removesuffix('Probe').capitalize()} probe failed: {why}"
        if kind != "livenessProbe" and said != self.complaint:
            self.complaint = said
            self.pod.changed()
            self.pod.event("Unhealthy", said, "Warning")

    async def _check_start(self, probe: Json, passed: int, failed: int, seconds: float) -> bool:
        return bool(passed) or await self._given_up("startup", probe, failed, seconds)

    async def _check_life(self, probe: Json, passed: int, failed: int, seconds: float) -> bool:
        return not passed and await self._given_up("liveness", probe, failed, seconds)

    async def _given_up(self, kind: str, probe: Json, failed: int, seconds: float) -> bool:
        """Ends the process after as many failures as the probe allows, and no sooner than a program can answer."""
        threshold = probe.get("failureThreshold", 3)
        on_aws = probe.get("initialDelaySeconds", 0) + (threshold - 1) * probe.get("periodSeconds", 10)
        allowed = timing.for_a_program(on_aws)
        if failed < threshold or seconds < allowed or self._ending:
            return self._ending
        self.pod.event("Killing", f"Container {self.name} failed {kind} probe, will be restarted", "Warning")
        await self._terminate(self.pod.grace)
        return True

    async def _check_readiness(self, probe: Json, passed: int, failed: int, _seconds: float) -> bool:
        ready = self.ready
        if passed >= probe.get("successThreshold", 1):
            ready = True
        elif failed >= probe.get("failureThreshold", 3):
            ready = False
        if ready != self.ready:
            self.ready = ready
            self.pod.changed()
        return False


def _exit_code(child: children.Child) -> asyncio.Future[int]:
    """Done once nothing of the child runs any more."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[int] = loop.create_future()

    def wait() -> None:
        code = child.wait()
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody asks any more
            loop.call_soon_threadsafe(future.set_result, code)

    threading.Thread(target=wait, daemon=True, name=f"container-{child.pid}").start()
    return future

"""One pod from the moment it is bound to a node until it is gone.

Kubernetes facts: volumes first; init containers one after the other, each until it succeeds (one with restartPolicy
Always until it has started, it then runs on); then all containers at once. A pod that is deleted gets its grace period,
sidecars after the other containers, and is removed by its node.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from localcloud.server import children

from .. import timing
from ..addresses import loopback
from ..aws import Aws
from ..client import Json, UnreachableError
from ..objects.errors import ApiError
from ..resources import Resources, is_true
from .commands import Launch, refuse_unsupported
from .container import FIRST_PAUSE, LONGEST_PAUSE, SHORTEST_REAL_PAUSE, Container
from .errors import CannotMountError, CannotStartError, UnsupportedError
from .log import ContainerLog
from .rewriting import POD_IDENTITY_AGENT
from .status import WHOLE_PHASES, Situation, write_status
from .volumes import Volumes

LOG = logging.getLogger(__name__)
RENEWED_AFTER = 0.8
"""Of a token's life, as the kubelet does it."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Node:
    """What an agent gives its pods."""

    resources: Resources
    aws: Aws
    executor: Executor
    identity_url: str
    public_urls: Callable[[], dict[str, str]]
    """``https://DOMAIN`` of distributions -> their local URLs."""


@dataclass(kw_only=True)
class Pod:
    manifest: Json
    node: Node
    folder: Path
    situation: Situation
    grace: float = field(init=False)
    address: str = field(init=False)
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        spec = self.manifest["spec"]
        self.grace = float(spec.get("terminationGracePeriodSeconds", 30))
        self.address = loopback(self.situation.address)
        (self.folder / "tmp").mkdir(mode=0o700, parents=True)
        self._volumes = Volumes(
            client=self.node.resources.client,
            aws=self.node.aws,
            pod=self.manifest,
            folder=self.folder / "volumes",
        )
        initial: list[Json] = spec.get("initContainers") or []
        self.initial = [self._container(each, completes=each.get("restartPolicy") != "Always") for each in initial]
        self.containers = [self._container(each, completes=False) for each in spec["containers"]]
        self._sidecars = [each for each in self.initial if not each.completes]
        self._pulled: set[str] = set()
        self._dirty = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._finishing: asyncio.Task[None] | None = None
        self._life = self._task(self._live())
        self._task(self._publish_changes())

    def _container(self, spec: Json, *, completes: bool) -> Container:
        log = ContainerLog(self.folder / "logs", spec["name"])
        return Container(spec=spec, pod=self, log=log, completes=completes)

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task of this pod. One that fails is an error of the agent's, and logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOG.error("pod %s", self.manifest["metadata"]["name"], exc_info=error)

    # What its containers need of it

    async def command(self, container: Json) -> children.Command:
        addresses = {
            "status.podIP": self.address,
            "status.podIPs": self.address,
            "status.hostIP": self.situation.host,
            "status.hostIPs": self.situation.host,
        }
        launch = Launch(
            client=self.node.resources.client,
            pod=self.manifest,
            volumes=self._volumes,
            folder=self.folder,
            addresses=addresses,
            loopback=self.address,
            urls={POD_IDENTITY_AGENT: self.node.identity_url, **self.node.public_urls()},
            pull_refusal=self._pull_refusal,
        )
        return await self._in_thread(partial(launch.command, container))

    def _pull_refusal(self, image: str) -> str:
        """Asks once an image: as on AWS, one that is there is not pulled again."""
        refusal = "" if image in self._pulled else self.node.aws.pull_refusal(image)
        if not refusal:
            self._pulled.add(image)
        return refusal

    async def start(self, command: children.Command, log: ContainerLog) -> children.Child:
        try:
            return await self._in_thread(partial(children.start, command, write=log.write))
        except OSError as error:
            text = f'failed to start "{command.argv[0]}": {error.strerror or error}'
            raise CannotStartError(text, "RunContainerError") from None

    async def pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    def changed(self) -> None:
        self._dirty.set()

    def event(self, reason: str, message: str, event_type: str = "Normal") -> None:
        self._task(self._in_thread(partial(self._write_event, reason, message, event_type)))

    def _write_event(self, reason: str, message: str, event_type: str) -> None:
        self.node.resources.event("Pod", self.manifest, reason, message, event_type)

    def back_off(self, container: str) -> str:
        metadata = self.manifest["metadata"]
        return f"container={container} pod={metadata['name']}_{metadata['namespace']}({metadata['uid']})"

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.node.executor, function)

    # Its life

    async def _live(self) -> None:
        if not await self._set_up():
            return
        policy = self.manifest["spec"].get("restartPolicy", "Always")
        for container in self.initial:
            if not await self._initialize(container, policy):
                return
        self.situation.initialized, self.situation.phase = True, "Running"
        for container in self.containers:
            container.state = {"waiting": {"reason": "ContainerCreating"}}
        self.changed()
        succeeded = await asyncio.gather(*(each.run(policy) for each in self.containers))
        if not self.ending.is_set():
            await asyncio.gather(*(each.stop(self.grace) for each in self._sidecars))
            self.situation.phase = "Succeeded" if all(succeeded) else "Failed"
            self.changed()

    async def _set_up(self) -> bool:
        """Whether volumes are there; tries until they are, or the pod ends."""
        try:
            refuse_unsupported(self.manifest, self._volumes)
        except UnsupportedError as error:
            self.situation.message = str(error)
            self.changed()
            self.event("FailedCreatePodSandBox", str(error), "Warning")
            return False
        pause = 1.0
        while not self.ending.is_set():
            try:
                await self._in_thread(self._volumes.set_up)
            except CannotMountError as error:
                if self.situation.message != str(error):
                    self.situation.message = str(error)
                    self.event("FailedMount", str(error), "Warning")
                self.changed()
                await self.pause(timing.scaled(pause, at_least=SHORTEST_REAL_PAUSE))
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self.situation.message = ""
                if seconds := self._volumes.token_seconds():
                    self._task(self._renew_tokens(seconds * RENEWED_AFTER))
                return True
        return False

    async def _renew_tokens(self, seconds: float) -> None:
        while not self.ending.is_set():
            await self.pause(seconds)
            with suppress(ApiError):
                await self._in_thread(self._volumes.renew_tokens)

    async def _initialize(self, container: Container, policy: str) -> bool:
        """Whether the next one may follow."""
        if container in self._sidecars:
            self._task(container.run("Always"))
            while not container.started and not self.ending.is_set():
                await self.pause(SHORTEST_REAL_PAUSE)
            return container.started
        succeeded = await container.run("Never" if policy == "Never" else "OnFailure")
        container.ready = succeeded
        if not succeeded and not self.ending.is_set():
            self.situation.phase = "Failed"
        self.changed()
        return succeeded

    # Its status

    def observe(self, manifest: Json) -> None:
        """The pod as it stands now in the API."""
        self.manifest = {**self.manifest, "metadata": manifest["metadata"]}
        if manifest["spec"].get("readinessGates") or is_true(manifest, "Ready") != self._is_ready():
            self.changed()

    def _is_ready(self) -> bool:
        return bool(self.containers) and all(each.ready for each in self.containers)

    async def _publish_changes(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._in_thread(self._publish)
            except (ApiError, UnreachableError) as error:
                LOG.warning("status of pod %s: %s", self.manifest["metadata"]["name"], error)
                await asyncio.sleep(FIRST_PAUSE / 10)
                self._dirty.set()

    def _publish(self) -> None:
        def change(status: Json) -> None:
            write_status(status, self.manifest, self.situation, self.initial, self.containers)

        self.node.resources.update_status("Pod", self.manifest, change)

    # Its end

    def end(self, grace: float, gone: Callable[[], None]) -> None:
        """Begins to end it; without grace, an end that has begun is cut short."""
        if self._finishing is None:
            self.ending.set()
            self._finishing = asyncio.create_task(self._finish(grace, gone))
            self._finishing.add_done_callback(self._over)
        elif grace == 0:
            for container in [*self.initial, *self.containers]:
                container.kill()

    async def stop(self, grace: float) -> None:
        """Ends its processes; the API is not told."""
        self.ending.set()
        others = [each for each in [*self.initial, *self.containers] if each not in self._sidecars]
        await asyncio.gather(*(each.stop(grace) for each in others))
        await asyncio.gather(*(each.stop(grace) for each in self._sidecars))
        await asyncio.wait([self._life])
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def finished(self) -> None:
        """Returns once an end that has begun is over."""
        if self._finishing is not None:
            await asyncio.wait([self._finishing])

    async def _finish(self, grace: float, gone: Callable[[], None]) -> None:
        if self.situation.phase not in WHOLE_PHASES:
            self.event("Killing", "Stopping the containers of the pod")
        await self.stop(grace)
        try:
            await self._in_thread(partial(self.node.resources.delete, "Pod", self.manifest, grace_period_seconds=0))
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
            gone()

"""The node agent of one cluster: follows the pods that are bound to any of its nodes.

It does what a kubelet does for a stateless service. Everything happens in one asyncio loop of a thread; calls to the
API server and starts of processes take threads of a pool.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from localcloud.server import scratch

from ..aws import Aws
from ..client import Client, Json
from ..following import Follower
from ..objects.errors import ApiError
from ..resources import Resources, is_terminating, uid_of
from . import pod_identity
from .leases import Leases, NoAddressError
from .log import read_log
from .pod import Node, Pod
from .status import WHOLE_PHASES, Situation

LOG = logging.getLogger(__name__)
THREADS = 12
STOP_GRACE = 1.0
STOP_SECONDS = 20.0


def no_urls() -> dict[str, str]:
    return {}


class Agent:
    """``public_urls``: ``https://DOMAIN`` of each distribution -> its URL for programs of this machine."""

    def __init__(
        self, client: Client, aws: Aws, leases: Leases, public_urls: Callable[[], dict[str, str]] = no_urls
    ) -> None:
        self._aws, self._leases = aws, leases
        self._resources = Resources(client, "kubelet")
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="node-agent")
        self._root = Path(tempfile.mkdtemp(dir=scratch.folder("pods")))
        self._node = Node(
            resources=self._resources,
            aws=aws,
            executor=self._executor,
            identity_url=pod_identity.open_agent(aws),
            public_urls=public_urls,
        )
        self.pods: dict[str, Pod] = {}
        """By uid."""
        self._stopping = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="node-agent")
        self._follower = Follower(client, "Pod", self._observe_from_watch)

    def start(self) -> None:
        self._thread.start()
        self._follower.start()

    def stop(self) -> None:
        """Ends every process and removes what the pods left."""
        self._follower.stop()
        asyncio.run_coroutine_threadsafe(self._stop_all(), self._loop).result(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        self._executor.shutdown()
        self._loop.close()
        pod_identity.close_agent(self._node.identity_url)
        self._leases.give_all_back()
        shutil.rmtree(self._root, ignore_errors=True)

    async def _stop_all(self) -> None:
        """Leaves no task behind: the loop ends next."""
        self._stopping = True
        pods = list(self.pods.values())
        await asyncio.gather(*(pod.stop(STOP_GRACE) for pod in pods))
        await asyncio.gather(*(pod.finished() for pod in pods))

    def logs(self, pod: Json, query: Mapping[str, str]) -> str:
        """What a container printed, for ``kubectl logs``. Raises ApiError."""
        running = self.pods.get(uid_of(pod))
        containers = {each.name: each.log for each in [*running.initial, *running.containers]} if running else {}
        return read_log(pod, containers, query)

    def usage(self, pod_uid: str) -> dict[str, dict[str, float]] | None:
        """Container -> what it uses; None as long as one of them has not been measured."""
        pod = self.pods.get(pod_uid)
        measured = {each.name: each.usage() for each in pod.containers} if pod else {}
        known = {name: usage for name, usage in measured.items() if usage is not None}
        return known if known and len(known) == len(measured) else None

    def _observe_from_watch(self, event: str, manifest: Json) -> None:
        self._loop.call_soon_threadsafe(self._observe, event, manifest)

    def _observe(self, event: str, manifest: Json) -> None:
        pod = self.pods.get(uid_of(manifest))
        if pod is None and event != "DELETED" and manifest["spec"].get("nodeName"):
            self._admit(manifest)
        elif pod is not None and event == "DELETED":
            pod.end(0, lambda: self._forget(pod))
        elif pod is not None:
            pod.observe(manifest)
            if is_terminating(manifest):
                pod.end(manifest["metadata"].get("deletionGracePeriodSeconds", pod.grace), lambda: self._forget(pod))

    def _admit(self, manifest: Json) -> None:
        """Begins a pod, or ends one that has no process: one that is deleted before it was seen, or has ended."""
        if is_terminating(manifest):
            self._in_thread(self._resources.delete, "Pod", manifest, 0)
        elif manifest.get("status", {}).get("phase") not in WHOLE_PHASES:
            self._in_thread(self._begin, manifest)

    def _in_thread(self, work: Callable[..., None], *arguments: Any) -> None:
        """Nobody waits for it: its error is logged."""
        self._executor.submit(work, *arguments).add_done_callback(_log_error)

    def _begin(self, manifest: Json) -> None:
        """Runs in a thread of the pool, since it asks for the node."""
        try:
            host = self._host(manifest["spec"]["nodeName"])
            address = self._leases.take(self._subnet_of(host))
        except (ApiError, LookupError, NoAddressError, ValueError) as error:
            self._resources.warn("Pod", manifest, "FailedCreatePodSandBox", str(error))
            status = {"phase": "Failed", "reason": "FailedCreatePodSandBox", "message": str(error)}
            self._resources.update_status("Pod", manifest, lambda current: current.update(status))
            return
        self._loop.call_soon_threadsafe(self._run, manifest, Situation(address=address, host=host))

    def _run(self, manifest: Json, situation: Situation) -> None:
        if self._stopping or uid_of(manifest) in self.pods:
            self._leases.give_back(situation.address)
            return
        folder = self._root / uid_of(manifest)
        pod = Pod(manifest=manifest, node=self._node, folder=folder, situation=situation)
        self.pods[uid_of(manifest)] = pod
        self._in_thread(self._look_again, manifest)

    def _look_again(self, manifest: Json) -> None:
        """A pod may have been deleted while it had no process yet."""
        metadata = manifest["metadata"]
        current = self._resources.find("Pod", metadata["namespace"], metadata["name"])
        if current is None or uid_of(current) != uid_of(manifest):
            self._observe_from_watch("DELETED", manifest)
        else:
            self._observe_from_watch("MODIFIED", current)

    def _host(self, name: str) -> str:
        node = self._resources.find("Node", "", name)
        addresses: Sequence[Json] = (node or {}).get("status", {}).get("addresses") or []
        for one in addresses:
            if one["type"] == "InternalIP":
                return str(one["address"])
        raise LookupError(f"node {name} has no InternalIP")

    def _subnet_of(self, host: str) -> str:
        """The network of the subnet that the node is in, which its pods' addresses come from."""
        for subnet in self._aws.subnets():
            if ipaddress.ip_address(host) in ipaddress.ip_network(subnet.cidr):
                return subnet.cidr
        raise LookupError(f"node address {host} is in no subnet of {self._aws.vpc_id}")

    def _forget(self, pod: Pod) -> None:
        self.pods.pop(uid_of(pod.manifest), None)
        self._leases.give_back(pod.situation.address)


def _log_error(over: Future[None]) -> None:
    if not over.cancelled() and (error := over.exception()):
        LOG.error("node agent", exc_info=error)

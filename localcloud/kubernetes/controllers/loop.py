"""Runs a cluster's controllers: each, one after the other, after every change of the cluster.

A controller compares what is wanted with what there is and takes the next step; it need not know what changed. One
thread does it all, on objects that are listed anew in each pass, so no controller ever acts on a list that is older
than its own last change.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from localcloud.server import workers

from ..client import Client, Json
from ..following import Follower
from ..objects.errors import ApiError
from ..resources import CONFLICT, Resources

LOG = logging.getLogger(__name__)
WATCHED = (
    "Namespace", "ServiceAccount", "Service", "Pod", "Node", "Deployment", "ReplicaSet", "Job",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget", "NodePool", "NodeClass", "TargetGroupBinding",
)  # fmt: skip
GATHER_SECONDS = 0.01
"""What changes meanwhile is one pass."""
RETRY_SECONDS = 0.5
LONGEST_WAIT = 60.0


class View:
    """The cluster's objects in one pass, each kind as it was when it was first asked for."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._lists: dict[str, list[Json]] = {}
        self.wait = LONGEST_WAIT
        """Real seconds to the next pass, should nothing change."""

    def list(self, kind: str) -> list[Json]:
        """Of every namespace."""
        if kind not in self._lists:
            self._lists[kind] = self._resources.list(kind)
        return self._lists[kind]

    def again(self, seconds: float) -> None:
        """Has the controllers run again no later than in so many real seconds."""
        self.wait = min(self.wait, max(seconds, GATHER_SECONDS))


class Controller(Protocol):
    def reconcile(self, view: View) -> None: ...


class Loop:
    def __init__(self, client: Client, controllers: Sequence[Controller]) -> None:
        self._resources = Resources(client, "controllers")
        self._controllers = controllers
        self._changed, self._stopped = threading.Event(), threading.Event()
        self._followers = [Follower(client, kind, lambda *_: self._changed.set()) for kind in WATCHED]
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"controllers-{id(self):x}")
        self.failures = 0

    def start(self) -> None:
        for follower in self._followers:
            follower.start()
        self._thread.start()
        workers.started(self._thread)

    def stop(self) -> None:
        self._stopped.set()
        self._changed.set()
        for follower in self._followers:
            follower.stop()
        workers.stopped(self._thread)
        self._thread.join()

    def poke(self) -> None:
        """Something outside the cluster changed."""
        self._changed.set()

    def _run(self) -> None:
        while True:
            self._changed.clear()
            if self._stopped.is_set():  # asked after `clear`: `stop` sets both, this one first
                return
            wait = self._reconcile()
            if self._changed.wait(wait):
                time.sleep(GATHER_SECONDS)

    def _reconcile(self) -> float:
        """Real seconds until the controllers want to run again by themselves."""
        view = View(self._resources)
        for controller in self._controllers:
            if self._stopped.is_set():
                break
            try:
                controller.reconcile(view)
            except ApiError as error:
                if error.status != CONFLICT:  # somebody else changed the object meanwhile
                    self.failures += 1
                    LOG.warning("%s: %s", type(controller).__name__, error)
                view.again(RETRY_SECONDS)
            except Exception:
                self.failures += 1
                LOG.exception("%s", type(controller).__name__)
                view.again(RETRY_SECONDS)
        return view.wait

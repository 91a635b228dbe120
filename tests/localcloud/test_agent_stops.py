"""What controllers and the node agent leave behind when they stop: nothing."""

from __future__ import annotations

import gc
import logging
import threading
import time

import pytest

from localcloud.kubernetes.controllers.loop import LONGEST_WAIT, Loop
from localcloud.kubernetes.node.agent import Agent
from localcloud.kubernetes.node.leases import Leases
from localcloud.server import images
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .kubernetes_kit import World, container, node, pod, stand_ins

SECONDS = 10.0


class StopsMeanwhile(threading.Event):
    """Something has changed; the loop is told to stop just before it looks at that."""

    loop: Loop
    stopping: threading.Thread | None = None

    def clear(self) -> None:
        if self.stopping is None:
            stopping = threading.Thread(target=self.loop.stop, daemon=True)
            super().clear()
            stopping.start()
            self.stopping = stopping
            self.wait(SECONDS)
        super().clear()


def test_a_loop_that_is_told_to_stop_while_it_begins_a_pass_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    loop, changed = Loop(world.client, []), StopsMeanwhile()
    changed.loop = loop
    monkeypatch.setattr(loop, "_changed", changed)
    began = time.monotonic()
    loop.start()
    while changed.stopping is None:
        time.sleep(0.01)
    changed.stopping.join(LONGEST_WAIT)
    assert time.monotonic() - began < SECONDS
    world.cluster.close()


@pytest.mark.parametrize("seconds", [0, 0.2, 1])
def test_an_agent_that_stops_leaves_no_pod_that_was_beginning_or_ending(
    seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    images.configure(images.stand_ins(stand_ins(), ROOT))
    with time_scale(0.02):
        _stopped_after(seconds)
    gc.collect()
    time.sleep(0.2)
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


def _stopped_after(seconds: float) -> None:
    world = World()
    agent = Agent(world.node_agent, world.aws, Leases())
    agent.start()
    world.create("Node", node())
    for image in ("web:1", "web:crashing", "web:missing"):
        for number in range(3):
            world.create("Pod", pod(f"{image.replace(':', '-')}-{number}", container(image)))
    time.sleep(seconds)
    world.delete("Pod", "web-1-0")
    world.delete("Pod", "web-crashing-0")
    agent.stop()
    world.cluster.close()

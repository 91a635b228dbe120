"""The engine with the light `kubernetes` provider and an API server, from an empty cluster to an empty one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from localcloud.kubernetes.api import CONTROLLERS, ApiError, Cluster
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server.listeners import Port
from tests.journey.in_use import types_in_use
from tests.journey.kubernetes_stack import DRIFTS, Stack, specified

DEPLOYMENT = kind("Deployment").path("dev", "api")


def roll_out(cluster: Cluster) -> None:
    """A controller whose pods run at once, but for those of an image called broken."""
    client = cluster.client(CONTROLLERS)
    for event in client.watch(kind("Deployment").path()):
        live = event["object"]
        if event["type"] == "DELETED":
            continue
        generation, wanted = live["metadata"]["generation"], live["spec"]["replicas"]
        broken = "broken" in live["spec"]["template"]["spec"]["containers"][0]["image"]
        reason = "ProgressDeadlineExceeded" if broken else "NewReplicaSetAvailable"
        progress = {"type": "Progressing", "status": str(not broken), "reason": reason, "message": "it never ran"}
        status = {
            "observedGeneration": generation,
            "updatedReplicas": wanted,
            "availableReplicas": wanted,
            "conditions": [{"type": "Available", "status": "True", "reason": "x", "message": "x"}, progress],
        }
        if (live.get("status") or {}).get("observedGeneration") != generation:
            with suppress(ApiError):  # it is being deleted
                path = kind("Deployment").path(live["metadata"]["namespace"], live["metadata"]["name"])
                client.patch(f"{path}/status", {"status": status})


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    cluster = Cluster("portal", "1.34", lambda token: CONTROLLERS if token == "good" else None)
    port = Port(cluster.application)
    port.start()
    threading.Thread(target=roll_out, args=(cluster,), daemon=True).start()
    server = {"server": f"http://127.0.0.1:{port.number}"}
    yield Stack(tmp_path, server, {"token": "good"}, cluster.client(CONTROLLERS))
    cluster.close()
    port.stop()


def test_every_kind_in_use_is_in_the_program() -> None:
    """But for Jobs, of which `test_services` and `test_kubernetes_jobs` ask what they have to do."""
    in_use = {token.rpartition(":")[2] for token in types_in_use() if token.startswith("kubernetes:")}
    assert in_use - {"Job"} <= DRIFTS.keys()


def test_a_service_in_a_cluster_from_its_first_update_to_its_removal(stack: Stack) -> None:
    stack.up()
    assert stack.client.get(DEPLOYMENT)["spec"]["replicas"] == 2
    again = stack.up()
    assert "unchanged" in again
    assert "updated" not in again
    assert "created" not in again

    made = stack.objects()
    assert made.keys() == DRIFTS.keys()
    before = {name: specified(stack.client.get(path)) for name, path in made.items()}
    for name, path in made.items():
        assert specified(stack.client.patch(path, DRIFTS[name])) != before[name], name
    assert f"~ {len(made)} updated" in stack.run("refresh", "--yes", "--skip-preview")
    stack.up(replicas="3")
    after = {name: specified(stack.client.get(path)) for name, path in made.items()}
    before["Deployment"]["spec"]["replicas"] = 3
    assert after == before

    assert f"~ {len(made)} updated" in stack.up(mark="two"), "a label changes in place"
    marks = {stack.client.get(path)["metadata"]["labels"]["mark"] for path in made.values()}
    assert marks == {"two"}
    assert f"+-{len(made)} replaced" in stack.up(name="other", namespace="qa"), "a name or namespace is another object"
    assert stack.objects().keys() == made.keys()
    assert not set(stack.objects().values()) & set(made.values())
    with pytest.raises(ApiError, match='namespaces "dev" not found'):
        stack.client.get("/api/v1/namespaces/dev")

    stack.settings["image"] = "broken:1"
    failed = stack.run("up", "--yes", "--skip-preview", fails=True)
    assert '"qa/other" failed to fully initialize or become live' in failed
    assert "[ProgressDeadlineExceeded] it never ran" in failed

    assert "hunter2" not in stack.run("stack", "export")
    stack.run("destroy", "--yes", "--skip-preview")
    with pytest.raises(ApiError, match='namespaces "qa" not found'):
        stack.client.get("/api/v1/namespaces/qa")

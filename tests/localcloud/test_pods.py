"""Pods as processes: what a node agent does with a manifest."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from localcloud.kubernetes.addresses import loopback
from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.node.agent import Agent
from localcloud.kubernetes.node.leases import Leases
from localcloud.server import images
from localcloud.server.wire import HttpRequest
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .kubernetes_kit import Json, World, container, node, pod, readiness, stand_ins


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World(lambda token: CONTROLLERS if token == "somebody" else None)
    images.configure(images.stand_ins(stand_ins(), ROOT))
    agent = Agent(world.node_agent, world.aws, Leases())
    world.cluster.keep_logs(agent.logs)
    agent.start()
    world.create("Node", node())
    with time_scale(0.02):
        yield world
        agent.stop()
    world.cluster.close()


def output_of(world: World, name: str, script: str, **more: Any) -> str:
    """What a shell script prints in a pod, by way of its termination message; it fails on purpose."""
    spec = container(
        "shell:1", "sh", args=[f"{script}; exit 9"], terminationMessagePolicy="FallbackToLogsOnError", **more
    )
    world.create("Pod", pod(name, spec, restartPolicy="Never"))
    status = world.until_phase(name, "Failed")["status"]
    return str(status["containerStatuses"][0]["state"]["terminated"]["message"])


def read(address: str, path: str = "/") -> str:
    with urllib.request.urlopen(f"http://{loopback(address)}:8000{path}", timeout=5) as answer:
        return answer.read().decode()


def test_pods_of_one_port_answer_on_addresses_of_the_node_s_subnet(world: World) -> None:
    for name, image in {"first": "web:1", "second": "web:2"}.items():
        world.create("Pod", pod(name, container(image, readinessProbe=readiness())))
    addresses = [world.until_ready(name)["status"]["podIP"] for name in ("first", "second")]
    assert len(set(addresses)) == 2
    assert all(address.startswith("10.99.64.") for address in addresses)
    assert [read(address).split()[0] for address in addresses] == ["one", "two"]
    assert world.get("Pod", "first")["status"]["phase"] == "Running"
    for name in ("first", "second"):
        world.delete("Pod", name)
        world.gone("Pod", name)
    with pytest.raises(OSError, match="refused"):
        read(addresses[0])


def test_a_pod_that_an_error_of_the_agent_stopped_is_deleted_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object, image: str) -> str:
        raise RuntimeError(f"no answer about {image}")

    with monkeypatch.context() as during:
        during.setattr(type(world.aws), "pull_refusal", fail)
        world.create("Pod", pod("stopped", container()))
        world.until(lambda: "no answer about web:1" in caplog.text)
    world.delete("Pod", "stopped")
    world.gone("Pod", "stopped")


def test_init_containers_run_one_after_the_other_before_the_containers(world: World) -> None:
    shared = {"volumeMounts": [{"name": "shared", "mountPath": "/data"}]}
    steps = [container("shell:1", f"step{n}", args=[f"echo {n} >> /data/steps"], **shared) for n in (1, 2)]
    last = container(
        "shell:1", "last", args=["cat /data/steps; exit 9"], terminationMessagePolicy="FallbackToLogsOnError", **shared
    )
    manifest = pod(
        "ordered", last, restartPolicy="Never", initContainers=steps, volumes=[{"name": "shared", "emptyDir": {}}]
    )
    world.create("Pod", manifest)
    status = world.until_phase("ordered", "Failed")["status"]
    terminated = status["containerStatuses"][0]["state"]["terminated"]
    assert (terminated["exitCode"], terminated["message"]) == (9, "1\n2")
    assert [one["state"]["terminated"]["exitCode"] for one in status["initContainerStatuses"]] == [0, 0]


def test_a_failing_init_container_keeps_the_others_from_starting_and_says_its_last_words(world: World) -> None:
    migrate = container("shell:1", "migrate", args=["echo relation does not exist >&2; exit 4"])
    world.create("Pod", pod("unmigrated", container(), initContainers=[migrate]))
    state = world.until_waiting("unmigrated", "CrashLoopBackOff")
    assert "restarting failed container=migrate pod=unmigrated_portal(" in state["message"]
    assert state["message"].endswith("exit code 4, its last words: relation does not exist")
    pod_now = world.get("Pod", "unmigrated")
    assert pod_now["status"]["phase"] == "Pending"
    initialized = next(one for one in pod_now["status"]["conditions"] if one["type"] == "Initialized")
    assert initialized["message"] == f"containers with incomplete status: [migrate] (migrate: {state['message']})"
    assert "started" not in pod_now["status"]["containerStatuses"][0]["state"]
    world.delete("Pod", "unmigrated")


def test_an_init_container_that_runs_again_is_incomplete_for_what_it_said_before(world: World) -> None:
    script = "test -e /data/before && exec sleep 60; touch /data/before; echo no such table >&2; exit 4"
    shared = {"volumeMounts": [{"name": "shared", "mountPath": "/data"}]}
    migrate = container("shell:1", "migrate", args=[script], terminationMessagePolicy="FallbackToLogsOnError", **shared)
    volumes = [{"name": "shared", "emptyDir": {}}]
    world.create("Pod", pod("migrated-again", container(), initContainers=[migrate], volumes=volumes))

    def runs_again() -> Json | None:
        status = world.get("Pod", "migrated-again")["status"]
        [one] = status.get("initContainerStatuses") or [{}]
        return status if one.get("restartCount") and "running" in one["state"] else None

    [initialized] = [one for one in world.until(runs_again)["conditions"] if one["type"] == "Initialized"]
    assert initialized["message"] == "containers with incomplete status: [migrate] (migrate: no such table)"
    world.delete("Pod", "migrated-again")


def test_a_container_has_the_variables_of_its_manifest_and_none_of_the_server_s(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the server's own")
    world.create("Secret", {"metadata": {"name": "keys"}, "stringData": {"password": "s3cret"}})
    world.create("ConfigMap", {"metadata": {"name": "names"}, "data": {"HOST": "db", "password": "no"}})
    env = [
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "password"}}},
        {"name": "URL", "value": "postgres://$(PASSWORD)@$(CONFIG_HOST)/$$(HOST)$(NOBODY)"},
        {"name": "WHO", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "NOTHING", "valueFrom": {"secretKeyRef": {"name": "none", "key": "x", "optional": True}}},
    ]
    source = [{"prefix": "CONFIG_", "configMapRef": {"name": "names"}}]
    lines = output_of(world, "informed", "env", env=env, envFrom=source).splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    assert variables["URL"] == "postgres://s3cret@db/$(HOST)$(NOBODY)"
    assert variables["WHO"] == "portal"
    assert variables["ADDRESS"] == loopback(world.get("Pod", "informed")["status"]["podIP"])
    assert not {"NOTHING", "AWS_SECRET_ACCESS_KEY"} & variables.keys()


def test_a_missing_key_of_a_secret_is_waited_for_by_name(world: World) -> None:
    env = [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "later", "key": "x"}}}]
    world.create("Pod", pod("patient", container("shell:1", "sh", env=env, args=["exit 0"]), restartPolicy="Never"))
    assert world.until_waiting("patient", "CreateContainerConfigError")["message"] == 'secrets "later" not found'
    world.create("Secret", {"metadata": {"name": "later"}, "stringData": {"x": "1"}})
    world.until_phase("patient", "Succeeded")


def test_texts_mean_this_machine(world: World) -> None:
    """Every address, a neighbour container's port and a mount path stand for what a process can have."""
    mount = {"volumeMounts": [{"name": "v", "mountPath": "/mnt/v"}]}
    ports = [{"containerPort": 3592}]
    env = [{"name": "NEIGHBOUR", "value": "http://localhost:3592/x"}, {"name": "OTHER", "value": "127.0.0.1:5432"}]
    spec = container(
        "shell:1",
        "sh",
        args=["echo 0.0.0.0 $NEIGHBOUR $OTHER /mnt/v/f /mnt/vv; exit 9"],
        env=env,
        ports=ports,
        terminationMessagePolicy="FallbackToLogsOnError",
        **mount,
    )
    world.create("Pod", pod("texts", spec, restartPolicy="Never", volumes=[{"name": "v", "emptyDir": {}}]))
    status = world.until_phase("texts", "Failed")["status"]
    address = loopback(status["podIP"])
    own, neighbour, other, file, lookalike = status["containerStatuses"][0]["state"]["terminated"]["message"].split()
    assert (own, neighbour, other) == (address, f"http://{address}:3592/x", "127.0.0.1:5432")
    assert Path(file).name == "f"
    assert Path(file).parent.is_dir()
    assert lookalike == "/mnt/vv"


def test_an_image_without_a_stand_in_can_not_be_pulled(world: World) -> None:
    world.create("Pod", pod("imageless", container("ghcr.io/nobody/nothing:7")))
    state = world.until_waiting("imageless", "ErrImagePull")
    assert 'failed to resolve reference "ghcr.io/nobody/nothing:7"' in state["message"]
    assert "localcloud.toml" in state["message"]
    again = world.until_waiting("imageless", "ImagePullBackOff")
    assert again["message"].startswith(
        'Back-off pulling image "ghcr.io/nobody/nothing:7": ErrImagePull: failed to pull'
    )
    world.delete("Pod", "imageless")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, "volume 'v' is of the type hostPath"),
        ({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}, "volume 'v' is of the type configMap"),
        ({"volumes": [{"name": "v", "csi": {"driver": "ebs.csi.eks.amazonaws.com"}}]}, "CSI driver ebs.csi.eks"),
        (
            {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "c"}}]}}]},
            "volume 'v' projects configMap",
        ),
        ({"hostNetwork": True}, "hostNetwork"),
        ({"hostPID": True}, "hostPID"),
        ({"hostIPC": True}, "hostIPC"),
        ({"shareProcessNamespace": True}, "shareProcessNamespace"),
    ],
)
def test_what_a_process_can_not_have_is_refused_in_the_pod_s_status(world: World, spec: Any, said: str) -> None:
    world.create("Pod", pod("asking", container(), **spec))
    assert said in world.until_waiting("asking", "ContainerCreating").get("message", "")
    conditions = {one["type"]: one for one in world.get("Pod", "asking")["status"]["conditions"]}
    assert said in conditions["Ready"]["message"]
    assert conditions["Initialized"]["status"] == "True"
    world.until(lambda: any(said in event for event in world.events("asking")))
    world.delete("Pod", "asking")
    world.gone("Pod", "asking")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"livenessProbe": {"exec": {"command": ["true"]}}}, "livenessProbe by exec"),
        ({"readinessProbe": {"grpc": {"port": 8000}}}, "readinessProbe by grpc"),
        ({"lifecycle": {"postStart": {"exec": {"command": ["true"]}}}}, "lifecycle.postStart by exec"),
        ({"lifecycle": {"preStop": {"httpGet": {"port": 8000}}}}, "lifecycle.preStop by httpGet"),
    ],
)
def test_another_probe_or_hook_is_refused_in_the_pod_s_status(world: World, more: Any, said: str) -> None:
    world.create("Pod", pod("hooked", container(**more)))
    message = world.until(lambda: world.get("Pod", "hooked").get("status", {}).get("containerStatuses"))[0]["state"]
    assert said in message["waiting"]["message"]
    world.delete("Pod", "hooked")
    world.gone("Pod", "hooked")


def test_a_pod_that_its_readiness_probe_fails_is_unready_with_what_the_probe_says(world: World, tmp_path: Path) -> None:
    sick = tmp_path / "sick"
    env = [{"name": "SICK", "value": str(sick)}]
    world.create("Pod", pod("moody", container(env=env, readinessProbe=readiness(failureThreshold=1))))
    world.until_ready("moody")
    sick.touch()
    complaint = (
        "containers with unready status: [web] (web: Readiness probe failed: HTTP probe failed with statuscode: 503)"
    )
    world.until(lambda: any(c.get("message") == complaint for c in world.get("Pod", "moody")["status"]["conditions"]))
    sick.unlink()
    world.until_ready("moody")
    assert world.get("Pod", "moody")["status"]["containerStatuses"][0]["restartCount"] == 0
    world.delete("Pod", "moody")


def test_a_failing_liveness_probe_restarts_the_container(world: World, tmp_path: Path) -> None:
    sick = tmp_path / "sick"
    env = [{"name": "SICK", "value": str(sick)}]
    probe = readiness(failureThreshold=2)
    world.create("Pod", pod("lively", container(env=env, livenessProbe=probe, startupProbe=probe)))
    world.until_ready("lively")
    sick.touch()
    world.until(lambda: world.get("Pod", "lively")["status"]["containerStatuses"][0]["restartCount"] == 1)
    sick.unlink()
    world.until_ready("lively")
    assert any("failed liveness probe, will be restarted" in event for event in world.events("lively"))
    world.delete("Pod", "lively")


def test_a_pod_that_ends_answers_until_its_pre_stop_sleep_is_over(world: World) -> None:
    hook = {"preStop": {"sleep": {"seconds": 50}}}
    world.create("Pod", pod("leaving", container(lifecycle=hook), terminationGracePeriodSeconds=100))
    address = world.until_ready("leaving")["status"]["podIP"]
    world.until(lambda: answers(address))
    world.delete("Pod", "leaving")
    began = time.monotonic()
    while answers(address):
        time.sleep(0.02)
    assert time.monotonic() - began > 0.9
    world.gone("Pod", "leaving")


def answers(address: str) -> bool:
    try:
        return bool(read(address))
    except OSError:
        return False


def test_what_does_not_end_by_sigterm_is_killed_after_the_grace_period(world: World) -> None:
    deaf = "trap '' TERM; while true; do sleep 0.05; done"
    world.create("Pod", pod("deaf", container("shell:1", "sh", args=[deaf]), terminationGracePeriodSeconds=1))
    world.until_phase("deaf", "Running")
    world.delete("Pod", "deaf")
    world.gone("Pod", "deaf")


def test_a_sidecar_starts_before_the_containers_and_ends_after_them(world: World) -> None:
    sidecar = container("web:1", "side", restartPolicy="Always", startupProbe=readiness(failureThreshold=30))
    asks = "import urllib.request as u; print(u.urlopen('http://localhost:8000/').read().decode()); raise SystemExit(9)"
    main = container("python:1", "main", args=[asks], terminationMessagePolicy="FallbackToLogsOnError")
    world.create("Pod", pod("sided", main, initContainers=[sidecar], restartPolicy="Never"))
    status = world.until_phase("sided", "Failed")["status"]
    assert status["containerStatuses"][0]["state"]["terminated"]["message"] == "one"
    assert "terminated" in status["initContainerStatuses"][0]["state"]


def test_nothing_of_a_pod_is_left_and_nobody_else_s_process_is_ended(world: World) -> None:
    stranger = subprocess.Popen(["/bin/sh", "-c", "sleep 3599; true"])
    world.create("Pod", pod("parent", container("shell:1", "sh", args=["sleep 3601 & setsid sleep 3601 & wait"])))
    world.until(lambda: len(sleeping("3601")) == 2)
    world.delete("Pod", "parent")
    world.gone("Pod", "parent")
    assert sleeping("3601") == []
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def sleeping(seconds: str) -> list[int]:
    return [one.pid for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", seconds]]


def test_a_container_that_takes_more_memory_than_its_limit_is_ended(world: World) -> None:
    greedy = "import time; held = b'x' * (80 << 20); time.sleep(600)"
    limited = {"resources": {"limits": {"memory": "64Mi"}}}
    world.create("Pod", pod("greedy", container("python:1", "main", args=[greedy], **limited), restartPolicy="Never"))
    terminated = world.until_phase("greedy", "Failed")["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (terminated["reason"], terminated["exitCode"]) == ("OOMKilled", 137)


def test_an_agent_that_stops_leaves_neither_processes_nor_files() -> None:
    world = World()
    images.configure(images.stand_ins(stand_ins(), ROOT))
    agent = Agent(world.node_agent, world.aws, Leases())
    agent.start()
    world.create("Node", node())
    script = "trap '' TERM; pwd; sleep 3602 & setsid sleep 3602 & wait; wait"
    world.create("Pod", pod("parent", container("shell:1", "sh", args=[script])))
    world.until(lambda: len(sleeping("3602")) == 2)
    folders = [Path(one) for one in {process.cwd() for process in map(psutil.Process, sleeping("3602"))}]
    assert folders
    assert all(folder.is_dir() for folder in folders)
    agent.stop()
    world.cluster.close()
    assert sleeping("3602") == []
    assert not any(folder.exists() for folder in folders)


def logs(world: World, name: str, query: str = "") -> tuple[int, str]:
    """As an HTTP client reads it."""
    request = HttpRequest(
        method="GET",
        target=f"/api/v1/namespaces/portal/pods/{name}/log{query}",
        headers={"authorization": "Bearer somebody"},
        body=b"",
        secure=True,
        source_ip="127.0.0.1",
    )
    answer = world.cluster.application(request)
    return answer.status, answer.body.decode()


def test_what_a_container_printed_can_be_read_while_its_pod_is_there(world: World) -> None:
    steps = [container("shell:1", "migrate", args=["echo migrated"])]
    program = "import sys; print('one'); print('two'); sys.exit(3)"
    both = [container("python:1", "main", args=[program]), container("web:1", "web")]
    world.create("Pod", pod("talking", *both, initContainers=steps))
    world.until(lambda: logs(world, "talking", "?container=main&previous=true") == (200, "one\ntwo\n"))
    assert logs(world, "talking", "?container=main&previous=true&tailLines=1") == (200, "two\n")
    assert logs(world, "talking", "?container=migrate") == (200, "migrated\n")
    status, said = logs(world, "talking")
    assert (status, "choose one of: [main web]" in said) == (400, True)
    status, said = logs(world, "talking", "?container=none")
    assert (status, "container none is not valid for pod talking" in said) == (400, True)
    status, said = logs(world, "talking", "?container=main&follow=true")
    assert (status, "follow" in said) == (400, True)
    world.delete("Pod", "talking")
    world.gone("Pod", "talking")
    assert logs(world, "talking", "?container=main")[0] == 404

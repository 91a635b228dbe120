"""A cluster for tests: the API server, an account that says what a test wants, and objects that tests create."""

from __future__ import annotations

import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from localcloud.kubernetes.addresses import loopback
from localcloud.kubernetes.api import CONTROLLERS, NODE_AGENT, Cluster, User
from localcloud.kubernetes.aws import Subnet
from localcloud.kubernetes.client import Client
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server.call import Refusal

Json = dict[str, Any]
T = TypeVar("T")
NAMESPACE = "portal"
SECONDS = 60.0

SERVER = """
import http.server, os, signal, socketserver, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        healthy = not os.path.exists(os.environ.get("SICK", "/nowhere"))
        body = (sys.argv[3] + " " + os.environ.get("GREETING", "")).encode()
        self.send_response(200 if healthy or self.path != "/healthz" else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
server = Server((sys.argv[1], int(sys.argv[2])), Handler)
def end(*_):
    threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, end)
print("serves", flush=True)
server.serve_forever(poll_interval=0.05)
"""
"""ADDRESS PORT VERSION: answers every GET with its version; /healthz fails while the file $SICK is there."""


def stand_ins() -> list[Json]:
    server = ["{python}", "-I", "-S", "-c", SERVER, "{address}", "{port}"]
    return [
        {"image": "web:1", "entrypoint": [*server, "one"]},
        {"image": "web:2", "entrypoint": [*server, "two"]},
        {"image": "web:sick", "entrypoint": [*server, "sick"], "environment": {"SICK": "/"}},
        {"image": "shell:1", "entrypoint": ["/bin/sh", "-c"], "command": ["exit 0"]},
        {"image": "python:1", "entrypoint": [sys.executable, "-I", "-S", "-c"]},
    ]


@dataclass
class Account:
    """An account without AWS: what it answers, and the calls that it was asked."""

    account: str = "111111111111"
    region: str = "us-west-2"
    vpc_id: str = "vpc-1"
    cluster_name: str = "portal"
    role_arn: str = "arn:aws:iam::111111111111:role/cluster"
    security_group_id: str = "sg-cluster"
    zones: Sequence[Subnet] = (
        Subnet(id="subnet-a", zone="us-west-2a", cidr="10.99.64.0/24"),
        Subnet(id="subnet-b", zone="us-west-2b", cidr="10.99.65.0/24"),
    )
    pools: Collection[str] = ("general-purpose", "system")
    installed: Collection[str] = ()
    associated: Collection[tuple[str, str]] = ()
    admitted: Collection[str] = ("nodes",)
    refused_images: dict[str, str] = field(default_factory=dict[str, str])
    """Images that nodes can't pull, and why."""
    calls: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    tagged: Callable[[str], Mapping[str, str]] = lambda _: {}
    answers: dict[str, Callable[[Mapping[str, Any]], Json]] = field(default_factory=dict[str, Any])

    def call(self, role_arn: str, service: str, operation: str, params: Mapping[str, Any]) -> Json:
        self.calls.append((role_arn, service, operation))
        if operation not in self.answers:
            raise Refusal("AccessDenied", f"{role_arn} is not authorized to perform {service}:{operation}")
        return self.answers[operation](params)

    def tags(self, arn: str) -> Mapping[str, str]:
        return self.tagged(arn)

    def subnets(self) -> Sequence[Subnet]:
        return self.zones

    def built_in_node_pools(self) -> Collection[str]:
        return self.pools

    def node_role_arn(self) -> str:
        return "arn:aws:iam::111111111111:role/nodes" if self.pools else ""

    def admits_nodes_of(self, role_name: str) -> bool:
        return role_name in self.admitted

    def add_ons(self) -> Collection[str]:
        return self.installed

    def is_associated(self, namespace: str, service_account: str) -> bool:
        return (namespace, service_account) in self.associated

    def pull_refusal(self, image: str) -> str:
        return self.refused_images.get(image, "")

    def credentials_for(self, token: str) -> Json:
        raise Refusal("AccessDeniedException", f"no role for {len(token)} characters")


class InCluster:
    """What tests ask of a cluster by its administrator's client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.create("Namespace", {"metadata": {"name": NAMESPACE}})

    def path(self, kind_name: str, name: str = "", namespace: str = NAMESPACE) -> str:
        known = kind(kind_name)
        return known.path(namespace if known.namespaced else "", name)

    def create(self, kind_name: str, body: Json, namespace: str = NAMESPACE) -> Json:
        known = kind(kind_name)
        return self.client.create(
            self.path(kind_name, namespace=namespace), {"apiVersion": known.api_version, "kind": kind_name, **body}
        )

    def get(self, kind_name: str, name: str, namespace: str = NAMESPACE) -> Json:
        return self.client.get(self.path(kind_name, name, namespace))

    def all(self, kind_name: str, namespace: str = NAMESPACE) -> list[Json]:
        return list(self.client.get(self.path(kind_name, namespace=namespace))["items"])

    def delete(self, kind_name: str, name: str) -> None:
        self.client.delete(self.path(kind_name, name))

    def patch(self, kind_name: str, name: str, body: Json) -> Json:
        return self.client.patch(self.path(kind_name, name), body)

    def events(self, name: str) -> list[str]:
        """``Reason: message`` of the events about an object."""
        return [f"{e['reason']}: {e['message']}" for e in self.all("Event") if e["involvedObject"]["name"] == name]

    def until(self, what: Callable[[], T | None], seconds: float = SECONDS) -> T:
        """What it answers once that is something."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if answer := what():
                return answer
            time.sleep(0.02)
        raise AssertionError(f"not within {seconds} s; pods: {self.pods_told()}")

    def pods_told(self) -> list[Json]:
        return [
            {
                "name": pod["metadata"]["name"],
                **{k: v for k, v in pod.get("status", {}).items() if "ontainer" in k or k in ("phase", "conditions")},
            }
            for pod in self.all("Pod")
        ]

    def until_phase(self, name: str, phase: str) -> Json:
        def reached() -> Json | None:
            pod = self.get("Pod", name)
            return pod if pod.get("status", {}).get("phase") == phase else None

        return self.until(reached)

    def until_ready(self, name: str) -> Json:
        return self.until(lambda: pod if is_ready(pod := self.get("Pod", name)) else None)

    def until_waiting(self, name: str, reason: str) -> Json:
        """The state of the first container that waits for that reason."""

        def waiting() -> Json | None:
            status = self.get("Pod", name).get("status", {})
            entries = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
            states = [entry["state"].get("waiting", {}) for entry in entries]
            return next((state for state in states if state.get("reason") == reason), None)

        return self.until(waiting)

    def gone(self, kind_name: str, name: str) -> None:
        self.until(lambda: name not in [one["metadata"]["name"] for one in self.all(kind_name)])


class World(InCluster):
    """A cluster in light mode and what tests ask of it."""

    def __init__(self, authenticate: Callable[[str], User | None] = lambda _: None) -> None:
        self.aws = Account()
        self.cluster = Cluster("portal", "1.34", authenticate)
        self.node_agent = self.cluster.client(NODE_AGENT)
        super().__init__(self.cluster.client(CONTROLLERS))


def is_ready(item: Json) -> bool:
    conditions: Iterable[Json] = item.get("status", {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def container(image: str = "web:1", name: str = "web", **more: Any) -> Json:
    ports = (
        {} if "ports" in more or not image.startswith("web") else {"ports": [{"containerPort": 8000, "name": "http"}]}
    )
    return {"name": name, "image": image, **ports, **more}


def readiness(**more: Any) -> Json:
    return {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1, "timeoutSeconds": 5, **more}


def node(name: str = "i-1", address: str = "10.99.64.200") -> Json:
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/arch": "arm64"}},
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    }


def pod(name: str, *containers: Json, on: str = "i-1", **spec: Any) -> Json:
    nodes = {"nodeName": on} if on else {}
    return {"metadata": {"name": name}, "spec": {"containers": list(containers), **nodes, **spec}}


def deployment(name: str, *containers: Json, replicas: int = 2, **spec: Any) -> Json:
    """``spec`` of the Deployment; ``pod`` within it further members of the pod's."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": list(containers), **spec.pop("pod", {})}}
    body = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"metadata": {"name": name}, "spec": body}


def service(name: str) -> Json:
    ports = [{"port": 80, "targetPort": "http", "name": "http"}]
    return {"metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": ports}}


class Caller:
    """Asks a Service's ready endpoints in turn, all the time, as a load balancer does that learns of changes late."""

    def __init__(self, world: InCluster, name: str, late: float) -> None:
        self._world, self._name, self._late = world, name, late
        self.answers: list[str] = []
        self.failures: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _addresses(self) -> list[str]:
        slices = [
            one
            for one in self._world.all("EndpointSlice")
            if one["metadata"]["labels"]["kubernetes.io/service-name"] == self._name
        ]
        endpoints = [one for each in slices for one in each["endpoints"] or []]
        return [one["addresses"][0] for one in endpoints if one["conditions"]["ready"]]

    def _run(self) -> None:
        seen: list[tuple[float, list[str]]] = []
        turn = 0
        while not self._over.is_set():
            seen.append((time.monotonic(), self._addresses()))
            known = [addresses for at, addresses in seen if at <= time.monotonic() - self._late]
            del seen[: max(len(known) - 1, 0)]
            if known and known[-1]:
                turn += 1
                self._ask(known[-1][turn % len(known[-1])])
            time.sleep(0.01)

    def _ask(self, address: str) -> None:
        try:
            with urllib.request.urlopen(f"http://{loopback(address)}:8000/", timeout=5) as answer:
                self.answers.append(answer.read().decode().split()[0])
        except OSError as error:
            self.failures.append(f"{address}: {error}")

"""Pods of the portal's services, by the usual stand-ins for their images: the commands are those of the portal's."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.postgres import database_uri, database_variables
from localcloud.kubernetes.addresses import loopback
from localcloud.kubernetes.node.agent import Agent
from localcloud.kubernetes.node.leases import Leases
from localcloud.server import images
from portal.pulumi_cli import ROOT
from settings.service import API_COMMAND
from tests.localcloud.clouds import CONFIGURATION

from .batch_steps import time_scale
from .kubernetes_kit import World, node, pod

REPOSITORIES = "111111111111.dkr.ecr.us-west-2.amazonaws.com/core-platform"
API, FRONTEND = f"{REPOSITORIES}/apiv2:sha-1234567", f"{REPOSITORIES}/frontend@sha256:{'0' * 64}"
SCRATCH = {"policies": "/var/policies", "keys": "/var/keys"}
MOUNTS = {"volumeMounts": [{"name": name, "mountPath": path} for name, path in SCRATCH.items()]}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    images.configure(CONFIGURATION.images)
    agent = Agent(world.node_agent, world.aws, Leases())
    agent.start()
    world.create("Node", node())
    with time_scale(0.02):
        yield world
        agent.stop()
    world.cluster.close()


@pytest.fixture(scope="module")
def database() -> Iterator[dict[str, str]]:
    with database_uri("pods") as uri:
        yield database_variables(uri)


def listening(name: str, image: str, port: int, variables: dict[str, str], probe: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "ports": [{"containerPort": port}],
        "env": [{"name": key, "value": value} for key, value in variables.items()],
        "readinessProbe": {"httpGet": {"path": probe, "port": port}, "periodSeconds": 1, "timeoutSeconds": 5},
        **more,
    }


def asked(address: str, port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://{loopback(address)}:{port}{path}", timeout=10) as answer:
        return answer.read()


def test_the_page_asks_an_api_that_has_migrated_its_database(world: World, database: dict[str, str]) -> None:
    keys = {f"JWK_{kind.upper()}_KEY_FILE": f"/var/keys/{kind}_key.pem" for kind in ("public", "private")}
    variables = {**database, **keys, "PYTHONPATH": "."}
    env = {"env": [{"name": key, "value": value} for key, value in variables.items()]}
    first = {
        "policies": ["cp", "-r", "./cerbos/", "/var/policies/"],
        "migrations": ["alembic", "upgrade", "head"],
        "keys": ["etc/gen_keys.sh"],
    }
    cerbos = {
        "name": "cerbos",
        "image": "ghcr.io/cerbos/cerbos:0.29.0",
        "command": ["/cerbos", "server", "--config=/var/policies/cerbos/config.yaml"],
        "ports": [{"containerPort": 3692}],
        "livenessProbe": {"tcpSocket": {"port": 3692}, "periodSeconds": 1},
        "readinessProbe": {"tcpSocket": {"port": 3692}, "periodSeconds": 1},
        **MOUNTS,
    }
    before = [{"name": name, "image": API, "command": words, **env, **MOUNTS} for name, words in first.items()]
    volumes = [{"name": name, "emptyDir": {}} for name in SCRATCH]
    started = ["/bin/sh", "-ec", 'exec "$@"', "--", *API_COMMAND]
    api = listening("api", API, 9009, variables, "/graphql", command=started, **MOUNTS)
    world.create("Pod", pod("api", api, cerbos, initContainers=before, volumes=volumes))
    address = world.until_ready("api")["status"]["podIP"]
    assert json.loads(asked(address, 9009, "/graphql?query={datasetsCount}")) == {"data": {"datasetsCount": 0}}
    assert json.loads(asked(address, 3692, "/_cerbos/health")) == {"status": "SERVING"}

    where = {"API_URL_V2": f"http://{loopback(address)}:9009/graphql", "ENV": "dev", "PORT": "8080"}
    world.create("Pod", pod("frontend", listening("frontend", FRONTEND, 8080, where, "/healthz")))
    page = asked(world.until_ready("frontend")["status"]["podIP"], 8080, "/").decode()
    assert "0 datasets" in page
    assert "Environment: dev" in page
    for name in ("api", "frontend"):
        world.delete("Pod", name)
        world.gone("Pod", name)


def test_jobs_images_are_no_services() -> None:
    images.configure(CONFIGURATION.images)
    assert images.stand_in(f"{REPOSITORIES}/apiv2-x86:sha-1234567") is None
    with pytest.raises(ValueError, match=r"program is none of .*programs"):
        images.configure(images.stand_ins([{"image": "x", "program": {}}], ROOT))

"""Which connections NetworkPolicies let through."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.kubernetes.network_policies import End, Network, is_enforced, objection

Json = dict[str, Any]
NAMESPACES = {"dev": {"kubernetes.io/metadata.name": "dev"}, "staging": {"kubernetes.io/metadata.name": "staging"}}
BALANCER, DATABASE, DNS = End(address="10.32.0.9"), End(address="10.32.128.4"), End(address="172.20.0.10")


def pod(name: str, address: str, namespace: str = "dev", node: str = "i-1") -> End:
    container = {"name": "main", "ports": [{"name": "http", "containerPort": 9009}]}
    manifest: Json = {
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"containers": [container], "nodeName": node},
        "status": {"podIP": address, "hostIP": "10.32.64.200"},
    }
    return End(address=address, pod=manifest)


API, FRONTEND, OTHER = pod("api", "10.32.64.5"), pod("frontend", "10.32.64.6"), pod("api", "10.32.64.7", "staging")


def policy(name: str = "p", namespace: str = "dev", chosen: Json | None = None, **spec: Any) -> Json:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"podSelector": chosen or {}, **spec}}


def network(*policies: Json, enforced: bool = True, mode: str = "DefaultAllow") -> Network:
    return Network(enforced=enforced, policies=policies, namespaces=NAMESPACES, modes={"i-1": mode})


DENY = policy("deny", policyTypes=["Ingress", "Egress"])
OWN = {"matchLabels": {"app": "api"}}
WAYS = policy(
    "ways",
    chosen=OWN,
    policyTypes=["Ingress", "Egress"],
    ingress=[{"from": [{"ipBlock": {"cidr": "10.32.0.0/18"}}], "ports": [{"port": "http"}]}],
    egress=[
        {"to": [{"ipBlock": {"cidr": "172.20.0.10/32"}}], "ports": [{"protocol": "UDP", "port": 53}]},
        {"to": [{"ipBlock": {"cidr": "10.32.128.0/18", "except": ["10.32.129.0/24"]}}], "ports": [{"port": 5432}]},
    ],
)


@pytest.mark.parametrize(
    ("source", "destination", "port", "passes"),
    [
        (BALANCER, API, 9009, True),
        (BALANCER, API, 9010, False),
        (End(address="10.32.64.9"), API, 9009, False),
        (API, DATABASE, 5432, True),
        (API, End(address="10.32.129.4"), 5432, False),
        (API, DATABASE, 443, False),
        (API, FRONTEND, 9009, False),
        (API, OTHER, 9009, False),
        (OTHER, API, 9009, False),
        (FRONTEND, DATABASE, 5432, False),
        (OTHER, DATABASE, 5432, True),  # nothing selects it
    ],
)
def test_pods_have_exactly_the_ways_that_policies_name(source: End, destination: End, port: int, passes: bool) -> None:
    assert (objection(network(DENY, WAYS), source, destination, port) == "") is passes


def test_a_protocol_is_meant_as_it_is_written() -> None:
    assert objection(network(DENY, WAYS), API, DNS, 53, "UDP") == ""
    assert objection(network(DENY, WAYS), API, DNS, 53, "TCP") == (
        "egress of pod dev/api to 172.20.0.10:53 is not allowed by deny, ways"
    )


def test_nothing_is_enforced_without_the_switch() -> None:
    assert objection(network(DENY, enforced=False), BALANCER, API, 9009) == ""
    assert not is_enforced(None)
    assert not is_enforced({"data": {"enable-network-policy-controller": "yes"}})
    assert is_enforced({"data": {"enable-network-policy-controller": "true"}})


def test_a_node_reaches_its_own_pods() -> None:
    assert objection(network(DENY), End(address="10.32.64.200"), API, 9009) == ""
    assert objection(network(DENY), End(address="10.32.64.201"), API, 9009) != ""


def test_a_class_that_denies_by_default_closes_what_no_policy_selects() -> None:
    assert objection(network(mode="DefaultAllow"), BALANCER, API, 9009) == ""
    assert "DefaultDeny" in objection(network(mode="DefaultDeny"), BALANCER, API, 9009)
    assert objection(network(DENY, mode="Disabled"), BALANCER, API, 9009) == ""


def test_the_selectors_of_a_peer_are_all_meant() -> None:
    staging = {"matchLabels": {"kubernetes.io/metadata.name": "staging"}}

    def admits(peer: Json, source: End) -> bool:
        return objection(network(policy(chosen=OWN, ingress=[{"from": [peer]}])), source, API, 9009) == ""

    assert admits({"namespaceSelector": staging}, OTHER)
    assert admits({"namespaceSelector": staging, "podSelector": OWN}, OTHER)
    assert not admits({"namespaceSelector": staging, "podSelector": {"matchLabels": {"app": "x"}}}, OTHER)
    assert not admits({"podSelector": OWN}, OTHER)  # of its own namespace alone
    assert admits({"podSelector": {"matchLabels": {"app": "frontend"}}}, FRONTEND)
    assert not admits({"ipBlock": {"cidr": "10.0.0.0/8"}}, FRONTEND)  # pods are no ipBlock's


def test_a_range_of_ports_is_meant_whole() -> None:
    ranged = policy(chosen=OWN, ingress=[{"ports": [{"port": 9000, "endPort": 9010}]}])
    assert objection(network(ranged), BALANCER, API, 9010) == ""
    assert objection(network(ranged), BALANCER, API, 9011) != ""

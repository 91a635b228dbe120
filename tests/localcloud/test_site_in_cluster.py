"""From a viewer to a pod and back: CloudFront, load balancer and a cluster of EKS, while networks are changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from localcloud.edge.serve import reset
from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server import images
from localcloud.server.services.eks.model import REGIONS
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale, until
from .conftest import DEV, REGION, Cloud
from .eks_steps import Clusters, auto_mode
from .elb_steps import Network, forward
from .kubernetes_kit import container, deployment, readiness, service, stand_ins
from .test_edge_web import distribution
from .test_vpc_origins import endpoint

NAMESPACE, PORT = "portal", 8000
GATES = {"eks.amazonaws.com/pod-readiness-gate-inject": "enabled"}
SCALE = 0.03
NETWORK = f"10.{64 + os.getpid() % 128}"
"""In which no other process of tests has pods."""
SUBNETS = (f"{NETWORK}.0.0/24", f"{NETWORK}.1.0/24")


@dataclass
class Site:
    cloud: Cloud
    clusters: Clusters
    cluster: str
    network: Network
    group: str
    domain: str = ""

    @property
    def client(self) -> Any:
        api = REGIONS[DEV, REGION].cluster(self.cluster).running.api
        assert api is not None
        return api.client(CONTROLLERS)

    def create(self, kind_name: str, body: dict[str, Any], namespace: str = NAMESPACE) -> None:
        known = kind(kind_name)
        given = {"apiVersion": known.api_version, "kind": kind_name, **body}
        self.client.create(known.path(namespace if known.namespaced else ""), given)

    def patch(self, kind_name: str, name: str, body: dict[str, Any]) -> None:
        self.client.patch(kind(kind_name).path(NAMESPACE, name), body)

    def ask(self) -> str:
        answer = requests.get(f"{self.cloud.http_url}/", headers={"Host": f"{self.domain}.localhost:1"}, timeout=20)
        return answer.text.strip() if answer.status_code == 200 else str(answer.status_code)


@pytest.fixture(scope="module")
def site(cloud: Cloud) -> Iterator[Site]:
    images.configure(images.stand_ins(stand_ins(), ROOT))
    clusters = Clusters(cloud, NETWORK)
    name = clusters.cluster(**auto_mode(pools=("general-purpose",), role=clusters.node_role))
    network = Network(cloud, vpc=clusters.vpc, subnets=clusters.subnets[:2])
    gateway = clusters.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    clusters.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=clusters.vpc)
    pods = clusters.client.describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    network.group = network.security_group()
    network.admit(PrefixListIds=[{"PrefixListId": network.prefix_list()}])
    with time_scale(SCALE):
        yield _deployed(Site(cloud, clusters, name, network, pods))
    clusters.remove(name)


def _deployed(site: Site) -> Site:
    balancer = site.network.load_balancer()
    tags = [{"Key": "eks:eks-cluster-name", "Value": site.cluster}]
    group = site.network.target_group(Port=PORT, Tags=tags, UnhealthyThresholdCount=2)
    site.network.elb.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "20"}]
    )
    site.network.listener(balancer["LoadBalancerArn"], forward(group))
    admit_to_pods(site)
    for kind_name, body in objects(site, group):
        site.create(kind_name, body, "kube-system" if kind_name == "ConfigMap" else NAMESPACE)
    client = site.cloud.client("cloudfront")
    config = endpoint(site.cloud.name("origin"), balancer["LoadBalancerArn"])
    origin = client.create_vpc_origin(VpcOriginEndpointConfig=config)["VpcOrigin"]["Id"]
    client.get_vpc_origin(Id=origin)
    held = {"DomainName": balancer["DNSName"], "VpcOriginConfig": {"VpcOriginId": origin}}
    site.domain = distribution(site.cloud, held)["DomainName"]
    return site


def rule_to_pods(site: Site) -> dict[str, Any]:
    rule = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
    return {"GroupId": site.group, "IpPermissions": [{**rule, "UserIdGroupPairs": [{"GroupId": site.network.group}]}]}


def admit_to_pods(site: Site) -> None:
    site.network.ec2.authorize_security_group_ingress(**rule_to_pods(site))


def policy(*blocks: str) -> dict[str, Any]:
    peers = [{"ipBlock": {"cidr": block}} for block in blocks]
    ingress = [{"from": peers, "ports": [{"protocol": "TCP", "port": PORT}]}]
    return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": ingress}


def objects(site: Site, group: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """In the order in which they are needed."""
    yield "Namespace", {"metadata": {"name": NAMESPACE, "labels": GATES}}
    switch = {"enable-network-policy-controller": "true"}
    yield "ConfigMap", {"metadata": {"name": "amazon-vpc-cni"}, "data": switch}
    yield "NetworkPolicy", {"metadata": {"name": "web"}, "spec": policy(*SUBNETS)}
    yield "Service", service("web")
    reference = {"serviceRef": {"name": "web", "port": 80}, "targetGroupARN": group, "targetType": "ip"}
    yield "TargetGroupBinding", {"metadata": {"name": "web"}, "spec": reference}
    yield "Deployment", deployment("web", container("web:1", readinessProbe=readiness()))


def test_a_network_policy_that_forgets_the_load_balancer_is_seen(site: Site) -> None:
    until(lambda: site.ask() == "one", 60)
    site.patch("NetworkPolicy", "web", {"spec": policy("10.99.0.0/24")})
    until(lambda: site.ask() == "504", 60)
    site.patch("NetworkPolicy", "web", {"spec": policy(*SUBNETS)})
    reset()
    until(lambda: site.ask() == "one", 60)


def test_a_security_group_that_forgets_the_load_balancer_is_seen(site: Site) -> None:
    until(lambda: site.ask() == "one", 60)
    site.network.ec2.revoke_security_group_ingress(**rule_to_pods(site))
    until(lambda: site.ask() == "504", 60)
    admit_to_pods(site)
    until(lambda: site.ask() == "one", 60)

"""A pod in a cluster of EKS, on a machine of a node class of one's own: its role, its secret, the public's URLs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server import images
from localcloud.server.services.eks.model import REGIONS
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .conftest import DEV, REGION, Cloud
from .eks_steps import NODE_POLICIES, Clusters, role_name
from .kubernetes_kit import stand_ins
from .policies import allow, document
from .test_cloudfront_refusals import made as distribution

NAMESPACE, ACCOUNT = "dev", "api"
PROGRAM = """
import json, os, pathlib, urllib.request
token = pathlib.Path(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read_text()
uri = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
request = urllib.request.Request(uri, headers={"Authorization": token})
given = json.load(urllib.request.urlopen(request))
secret = pathlib.Path(os.environ["SECRET"]).read_text()
print(json.dumps({"key": given["AccessKeyId"], "secret": secret, "site": os.environ["SITE"]}))
raise SystemExit(9)
"""
"""Prints what it was given, and ends so that its last words are kept."""


@pytest.fixture(scope="module")
def clusters(cloud: Cloud) -> Clusters:
    images.configure(images.stand_ins(stand_ins(), ROOT))
    return Clusters(cloud)


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Iterator[str]:
    """One that lets in machines of the node role."""
    name = clusters.cluster()
    role = clusters.made_role("ec2.amazonaws.com", NODE_POLICIES)
    machines = {"clusterName": name, "principalArn": role}
    clusters.client.create_access_entry(**machines, type="EC2")
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy"
    clusters.client.associate_access_policy(**machines, policyArn=policy, accessScope={"type": "cluster"})
    create(name, "NodeClass", "web", node_class(clusters, name, role), namespace="")
    create(name, "NodePool", "web", node_pool(), namespace="")
    create(name, "Namespace", NAMESPACE, {}, namespace="")
    yield name
    clusters.remove(name)


def client(cluster: str) -> Any:
    api = REGIONS[DEV, REGION].cluster(cluster).running.api
    assert api is not None
    return api.client(CONTROLLERS)


def create(cluster: str, kind_name: str, name: str, spec: dict[str, Any], *, namespace: str = NAMESPACE) -> None:
    known = kind(kind_name)
    body = {"apiVersion": known.api_version, "kind": kind_name, "metadata": {"name": name}}
    client(cluster).create(known.path(namespace), {**body, **({"spec": spec} if spec else {})})


def node_class(clusters: Clusters, cluster: str, role: str) -> dict[str, Any]:
    vpc = clusters.client.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]
    return {
        "role": role_name(role),
        "subnetSelectorTerms": [{"id": subnet} for subnet in vpc["subnetIds"]],
        "securityGroupSelectorTerms": [{"id": vpc["clusterSecurityGroupId"]}],
    }


def node_pool() -> dict[str, Any]:
    requirement = {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}
    reference = {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "web"}
    return {"template": {"spec": {"nodeClassRef": reference, "requirements": [requirement]}}}


def associated(clusters: Clusters, cluster: str, secret: str) -> None:
    """Gives the pods of the service account a role that reads the secret by the name of their service account."""
    role = clusters.made_role("pods.eks.amazonaws.com", ())
    condition = {"StringEquals": {"aws:ResourceTag/of": "${aws:PrincipalTag/kubernetes-service-account}"}}
    actions = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
    policy = document(allow(actions, secret, Condition=condition))
    clusters.iam.put_role_policy(RoleName=role_name(role), PolicyName="own", PolicyDocument=policy)
    clusters.client.create_pod_identity_association(
        clusterName=cluster, namespace=NAMESPACE, serviceAccount=ACCOUNT, roleArn=role
    )


def provider_class(secret: str) -> dict[str, Any]:
    wanted = [{"objectName": secret, "jmesPath": [{"path": "password", "objectAlias": "PASSWORD"}]}]
    parameters = {"region": REGION, "usePodIdentity": "true", "objects": json.dumps(wanted)}
    return {"provider": "aws", "parameters": parameters}


def deployment(domain: str) -> dict[str, Any]:
    labels = {"app": ACCOUNT}
    template = {"metadata": {"labels": labels}, "spec": pod(domain)}
    return {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}


def pod(domain: str) -> dict[str, Any]:
    driver = {
        "driver": "secrets-store.csi.k8s.io",
        "readOnly": True,
        "volumeAttributes": {"secretProviderClass": "api"},
    }
    environment = {"SECRET": "/mnt/secrets/PASSWORD", "SITE": f"https://{domain}/graphql"}
    return {
        "serviceAccountName": ACCOUNT,
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "volumes": [{"name": "secrets", "csi": driver}],
        "containers": [
            {
                "name": "app",
                "image": "python:1",
                "args": [PROGRAM],
                "env": [{"name": key, "value": value} for key, value in environment.items()],
                "volumeMounts": [{"name": "secrets", "mountPath": "/mnt/secrets", "readOnly": True}],
                "terminationMessagePolicy": "FallbackToLogsOnError",
            }
        ],
    }


def test_a_pod_has_its_role_its_secret_and_urls_that_it_can_reach(clusters: Clusters, cluster: str) -> None:
    domain = distribution(clusters.cloud)["Distribution"]["DomainName"]
    with time_scale(0.02):
        clusters.client.create_addon(clusterName=cluster, addonName="aws-secrets-store-csi-driver-provider")
        secret = clusters.cloud.client("secretsmanager").create_secret(
            Name=clusters.cloud.name("secret"),
            SecretString=json.dumps({"password": "of the database"}),
            Tags=[{"Key": "of", "Value": ACCOUNT}],
        )["ARN"]
        associated(clusters, cluster, secret)
        create(cluster, "ServiceAccount", ACCOUNT, {})
        create(cluster, "SecretProviderClass", "api", provider_class(secret))
        create(cluster, "Deployment", "api", deployment(domain))
        words = last_words(cluster)
        assert words.startswith("{"), words
        said = json.loads(words)
    assert said["key"].startswith("ASIA")
    assert said["secret"] == "of the database"
    assert said["site"].startswith("http://127.0.0.1:")
    assert said["site"].endswith("/graphql")


def last_words(cluster: str) -> str:
    """Of the container of the namespace's only pod, once it has failed."""
    deadline = time.monotonic() + 60
    while True:
        pods = client(cluster).get(kind("Pod").path(NAMESPACE))["items"]
        statuses = [one for each in pods for one in each.get("status", {}).get("containerStatuses", [])]
        states = [status.get(when, {}) for status in statuses for when in ("state", "lastState")]
        words = [state["terminated"]["message"] for state in states if "terminated" in state]
        if words:
            return str(words[0])
        assert time.monotonic() < deadline, pods
        time.sleep(0.05)

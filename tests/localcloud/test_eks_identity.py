"""Who is let into a cluster, and which role its pods get."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from localcloud.kubernetes.api import CONTROLLERS, POLICIES
from localcloud.server.call import Refusal
from localcloud.server.services.eks import entries
from localcloud.server.services.eks.account import Account
from localcloud.server.services.eks.model import REGIONS

from .batch_steps import refused
from .conftest import DEV, REGION, Cloud
from .eks_steps import Clusters, auto_mode, role_name
from .policies import allow, document, trusts

POLICY = "arn:aws:eks::aws:cluster-access-policy/"
SECRETS, PODS = "/api/v1/namespaces/default/secrets", "/api/v1/namespaces/default/pods"
READER = {"type": "namespace", "namespaces": ["default"]}
AUDIENCE = "pods.eks.amazonaws.com"


@pytest.fixture(scope="module")
def clusters(cloud: Cloud) -> Clusters:
    return Clusters(cloud)


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Iterator[str]:
    name = clusters.cluster(**auto_mode(pools=("system",), role=clusters.node_role))
    yield name
    clusters.remove(name)


def token_of(cloud: Cloud, session: boto3.Session, cluster: str, *, age: int = 0) -> str:
    """As ``aws eks get-token`` makes it, so many seconds ago."""
    url = f"{cloud.http_url}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    credentials: Any = session.get_credentials()
    moment = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=age)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda: moment)
        SigV4QueryAuth(credentials, "sts", REGION, 60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(str(request.url).encode()).decode().rstrip("=")


def asked(clusters: Clusters, cluster: str, token: str, path: str = PODS) -> int:
    """The HTTP status of a list by that bearer token, over TLS that the described authority vouches for."""
    described = clusters.client.describe_cluster(name=cluster)["cluster"]
    authority = Path(clusters.cloud.ca_bundle).parent / "cluster.pem"
    authority.write_bytes(base64.b64decode(described["certificateAuthority"]["data"]))
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(described["endpoint"] + path, headers=headers, verify=str(authority), timeout=10).status_code


def test_the_aws_command_lets_the_creator_in(clusters: Clusters, cluster: str) -> None:
    credentials: Any = clusters.cloud.session().get_credentials()
    environment = {
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token,
        "AWS_ENDPOINT_URL": clusters.cloud.https_url,
        "AWS_CA_BUNDLE": clusters.cloud.ca_bundle,
    }
    command = [Path(sys.executable).parent / "aws", "--region", REGION, "eks", "get-token", "--cluster-name", cluster]
    output = subprocess.run([*command, "--output", "json"], env=environment, capture_output=True, check=True).stdout
    assert asked(clusters, cluster, json.loads(output)["status"]["token"]) == 200


def test_a_token_holds_for_its_cluster_and_for_fifteen_minutes(clusters: Clusters, cluster: str) -> None:
    session = clusters.cloud.session()
    assert asked(clusters, cluster, token_of(clusters.cloud, session, cluster, age=14 * 60)) == 200
    assert asked(clusters, cluster, token_of(clusters.cloud, session, cluster, age=16 * 60)) == 401
    assert asked(clusters, cluster, token_of(clusters.cloud, session, "another")) == 401
    token = token_of(clusters.cloud, session, cluster)
    assert asked(clusters, cluster, token[:-4]) == 401
    assert asked(clusters, cluster, "k8s-aws-v1.x") == 401


def test_an_entry_lets_in_as_far_as_its_policies_go_and_only_its_own_role(clusters: Clusters, cluster: str) -> None:
    name = clusters.cloud.limited(allow("s3:ListAllMyBuckets"))
    role = f"arn:aws:iam::{DEV}:role/{name}"
    token = token_of(clusters.cloud, clusters.cloud.session(role=name), cluster)
    assert asked(clusters, cluster, token) == 401
    clusters.client.create_access_entry(clusterName=cluster, principalArn=role)
    assert asked(clusters, cluster, token) == 403
    clusters.client.associate_access_policy(
        clusterName=cluster, principalArn=role, policyArn=f"{POLICY}AmazonEKSViewPolicy", accessScope=READER
    )
    assert asked(clusters, cluster, token) == 200
    assert asked(clusters, cluster, token, SECRETS) == 403
    assert asked(clusters, cluster, token, PODS.replace("default", "kube-system")) == 403
    trust = clusters.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    clusters.iam.delete_role_policy(RoleName=name, PolicyName="own")
    clusters.iam.delete_role(RoleName=name)
    clusters.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    given = clusters.cloud.engineer("sts").assume_role(RoleArn=role, RoleSessionName="again")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=REGION)
    again = token_of(clusters.cloud, session, cluster)
    assert asked(clusters, cluster, again) == 401


@pytest.fixture
def pod_token(clusters: Clusters, cluster: str) -> str:
    """Of the service account ``api`` in ``default``, for Pod Identity, bound to a pod."""
    api = REGIONS[DEV, REGION].cluster(cluster).running.api
    assert api is not None
    client, accounts = api.client(CONTROLLERS), "/api/v1/namespaces/default/serviceaccounts"
    name = clusters.cloud.name("api")
    client.create(accounts, {"metadata": {"name": name}})
    container = {"name": "api", "image": "example.org/api:1"}
    pod = client.create(
        PODS, {"metadata": {"name": f"{name}-1"}, "spec": {"serviceAccountName": name, "containers": [container]}}
    )
    reference = {"kind": "Pod", "apiVersion": "v1", "name": f"{name}-1", "uid": pod["metadata"]["uid"]}
    spec = {"audiences": [AUDIENCE], "boundObjectRef": reference}
    return client.create(f"{accounts}/{name}/token", {"spec": spec})["status"]["token"] + f" {name}"


def test_a_pod_acts_as_the_role_of_its_service_account_with_tags_that_say_which_pod_it_is(
    clusters: Clusters, cluster: str, pod_token: str
) -> None:
    token, account = pod_token.split()
    eks_auth = clusters.cloud.client("eks-auth")
    request = {"clusterName": cluster, "token": token}
    with refused("ResourceNotFoundException", account):
        eks_auth.assume_role_for_pod_identity(**request)
    secrets = clusters.cloud.client("secretsmanager")
    own, others = (
        secrets.create_secret(Name=clusters.cloud.name("secret"), SecretString="x", Tags=[{"Key": "of", "Value": of}])
        for of in (account, "another")
    )
    condition = {"StringEquals": {"aws:ResourceTag/of": "${aws:PrincipalTag/kubernetes-service-account}"}}
    role = clusters.made_role("pods.eks.amazonaws.com", ())
    policy = document(allow("secretsmanager:GetSecretValue", "*", Condition=condition))
    clusters.iam.put_role_policy(RoleName=role_name(role), PolicyName="own", PolicyDocument=policy)
    clusters.client.create_pod_identity_association(
        clusterName=cluster, namespace="default", serviceAccount=account, roleArn=role
    )
    answer = eks_auth.assume_role_for_pod_identity(**request)
    assert answer["subject"] == {"namespace": "default", "serviceAccount": account}
    given = answer["credentials"]
    session = boto3.Session(given["accessKeyId"], given["secretAccessKey"], given["sessionToken"], region_name=REGION)
    pod = clusters.cloud.client_of(session, "secretsmanager")
    assert pod.get_secret_value(SecretId=own["ARN"])["SecretString"] == "x"
    with refused("AccessDeniedException"):
        pod.get_secret_value(SecretId=others["ARN"])
    clusters.iam.update_assume_role_policy(
        RoleName=role_name(role), PolicyDocument=document(trusts({"Service": "ec2.amazonaws.com"}))
    )
    with refused("AccessDeniedException", "does not have permissions to assume the associated role"):
        eks_auth.assume_role_for_pod_identity(**request)
    with refused("InvalidTokenException"):
        eks_auth.assume_role_for_pod_identity(clusterName=cluster, token=token + "x")


def test_a_node_gets_the_credentials_by_its_own_role(clusters: Clusters, cluster: str, pod_token: str) -> None:
    token, account = pod_token.split()
    aws = Account(REGIONS[DEV, REGION].cluster(cluster))
    assert aws.built_in_node_pools() == ("system",)
    assert aws.admits_nodes_of(role_name(clusters.node_role))
    assert not aws.admits_nodes_of(role_name(clusters.role))
    assert {subnet.id for subnet in aws.subnets()} == {*clusters.subnets}
    assert not aws.is_associated("default", account)
    clusters.client.create_pod_identity_association(
        clusterName=cluster, namespace="default", serviceAccount=account, roleArn=clusters.pod_role
    )
    assert aws.is_associated("default", account)
    assert aws.credentials_for(token)["accessKeyId"].startswith("ASIA")
    minimal = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy"
    clusters.iam.detach_role_policy(RoleName=role_name(clusters.node_role), PolicyArn=minimal)
    with pytest.raises(Refusal, match="eks-auth:AssumeRoleForPodIdentity"):
        aws.credentials_for(token)
    clusters.iam.attach_role_policy(RoleName=role_name(clusters.node_role), PolicyArn=minimal)


def test_controllers_act_as_the_clusters_role(clusters: Clusters, cluster: str) -> None:
    aws = Account(REGIONS[DEV, REGION].cluster(cluster))
    vpcs = aws.call(aws.role_arn, "ec2", "DescribeVpcs", {"VpcIds": [clusters.vpc]})["Vpcs"]
    assert [vpc["VpcId"] for vpc in vpcs] == [clusters.vpc]
    with pytest.raises(Refusal, match="AccessDenied"):
        aws.call(aws.role_arn, "secretsmanager", "ListSecrets", {})


def test_every_access_policy_that_can_be_associated_is_carried_out() -> None:
    assert {*entries.POLICIES} == POLICIES

"""Requests by the roles that enter a cluster, to an API server that has the program's objects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from components import names
from localcloud.kubernetes.api import CONTROLLERS, AccessPolicy, ApiError, Cluster, User
from localcloud.kubernetes.objects.kinds import KINDS
from tests.unit.conftest import deployed
from tests.unit.recording import Registered

DEPLOY, PREVIEW, DRIFT, OPERATOR = names.GITHUB_DEPLOY, names.GITHUB_PREVIEW, names.GITHUB_DRIFT, names.OPERATOR
LOOKING = (PREVIEW, DRIFT, OPERATOR, DEPLOY)


@cache
def cluster() -> Cluster:
    """With the program's objects as an administrator's `up` makes them, and a Secret in each of two namespaces."""
    made = Cluster("cryoet", "1.36", lambda _: None)
    client = made.client(CONTROLLERS)
    for name in ("dev", "staging"):
        client.create("/api/v1/namespaces", {"metadata": {"name": name}})
    for one in objects():
        inputs = one.inputs
        if one.type.endswith("Namespace") or inputs["metadata"].get("namespace", "dev") not in ("dev", "staging"):
            continue
        client.create(path(inputs), {**inputs})
    for name in ("dev", "kube-system"):
        client.create(f"/api/v1/namespaces/{name}/secrets", {"metadata": {"name": "token"}})
    return made


def objects() -> list[Registered]:
    """Of the program, without patches of others' objects."""
    made = [one for one in deployed("dev").resources if one.type.startswith("kubernetes:")]
    return [one for one in made if not one.type.endswith("Patch")]


def path(inputs: Mapping[str, Any], namespace: str | None = None) -> str:
    [kind] = [one for one in KINDS if (one.api_version, one.name) == (inputs["apiVersion"], inputs["kind"])]
    return kind.path(namespace or inputs["metadata"].get("namespace", "")) if kind.namespaced else kind.path()


def user(role: str) -> User:
    """Whom EKS takes the role for, by the program's access entries."""
    graph = deployed("dev")
    arns = {one.inputs["principalArn"]: one.inputs for one in graph.of("AccessEntry")}
    [arn] = [one for one in arns if str(one).endswith(f":{role}") or str(one).endswith(f"/{role}")]
    policies = [one.inputs for one in graph.of("AccessPolicyAssociation") if one.inputs["principalArn"] == arn]
    return User(
        role,
        tuple(arns[arn].get("kubernetesGroups") or ()),
        tuple(AccessPolicy(one["policyArn"]) for one in policies),
    )


def allowed(role: str, verb: str, where: str, body: dict[str, Any] | None = None) -> bool:
    client = cluster().client(user(role))
    try:
        if verb == "get":
            client.get(where)
        elif verb == "create":
            client.create(where, body or {})
        elif verb == "apply":
            client.apply(where, body or {}, manager="pulumi")
        else:
            client.delete(where)
    except ApiError as error:
        return error.status != 403
    return True


@pytest.mark.parametrize("role", LOOKING)
def test_every_object_of_the_program_is_read(role: str) -> None:
    unread = {
        one.inputs["kind"]
        for one in objects()
        if not allowed(role, "get", f"{path(one.inputs)}/{one.inputs['metadata']['name']}")
    }
    assert unread == set()


@pytest.mark.parametrize("role", LOOKING)
@pytest.mark.parametrize("namespace", ["dev", "kube-system"])
def test_nobody_reads_secrets(role: str, namespace: str) -> None:
    assert not allowed(role, "get", f"/api/v1/namespaces/{namespace}/secrets/token")
    assert not allowed(role, "get", f"/api/v1/namespaces/{namespace}/secrets")


def test_a_deployment_changes_services_and_nothing_else() -> None:
    refused: set[str] = set()
    for one in objects():
        where = f"{path(one.inputs)}/{one.inputs['metadata']['name']}"
        if not allowed(DEPLOY, "apply", where, {**one.inputs}):
            refused.add(one.inputs["kind"])
        assert not allowed(PREVIEW, "apply", where, {**one.inputs})
        assert not allowed(DRIFT, "delete", where)
        assert not allowed(OPERATOR, "delete", where)
    assert refused == {"ClusterRole", "ClusterRoleBinding", "Namespace", "NodeClass", "NodePool", "RoleBinding"}


def test_a_deployment_is_kept_to_the_namespaces_of_environments() -> None:
    [service] = [one.inputs for one in objects() if one.name == "dev-api-deployment"]
    elsewhere = {**service, "metadata": {"name": "x", "namespace": "kube-system"}}
    assert not allowed(DEPLOY, "create", path(service, "kube-system"), elsewhere)
    assert not allowed(DEPLOY, "create", "/api/v1/namespaces/dev/pods", {"metadata": {"name": "x"}})
    assert not allowed(DEPLOY, "create", "/api/v1/namespaces/dev/secrets", {"metadata": {"name": "x"}})
    binding = {"metadata": {"name": "x"}, "roleRef": {}, "subjects": []}
    assert not allowed(DEPLOY, "create", "/apis/rbac.authorization.k8s.io/v1/namespaces/dev/rolebindings", binding)

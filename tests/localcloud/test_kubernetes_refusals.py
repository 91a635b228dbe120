"""What the API server of a cluster refuses, row by row of docs/refusals.md, in Kubernetes' words."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from localcloud.kubernetes.api import CONTROLLERS, AccessPolicy, ApiError, Cluster, User
from localcloud.kubernetes.api.local_client import LocalClient
from localcloud.kubernetes.objects.kinds import kind
from localcloud.kubernetes.objects.pod_security import ENFORCE
from localcloud.server.wire import HttpRequest

from . import refusal_rows
from .kubernetes_objects import LABELS, NAMESPACE, SPECS, Json, container, create, named, specified

BAD, UNAUTHORIZED, FORBIDDEN = (400, "BadRequest"), (401, "Unauthorized"), (403, "Forbidden")
MISSING, EXISTS, CONFLICT = (404, "NotFound"), (409, "AlreadyExists"), (409, "Conflict")
INVALID, TOO_MANY = (422, "Invalid"), (429, "TooManyRequests")
SPACE = f"/api/v1/namespaces/{NAMESPACE}"
POLICY = "arn:aws:eks::aws:cluster-access-policy/"
DATA = {"a": "1"}


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster("portal", "1.36", lambda token: User("reader") if token == "good" else None)
    create(made.client(CONTROLLERS), "Namespace", named(NAMESPACE))
    return made


@pytest.fixture
def client(cluster: Cluster) -> LocalClient:
    return cluster.client(CONTROLLERS)


@contextmanager
def refused(code: tuple[int, str], words: str) -> Generator[None]:
    """The API server answers with this HTTP status and reason, and these words are in its message."""
    with pytest.raises(ApiError, match=re.escape(words)) as caught:
        yield
    assert (caught.value.status, caught.value.reason) == code


def path(name: str, namespace: str = NAMESPACE) -> str:
    return kind(name).path(namespace, "api")


def test_the_objects_that_the_rows_begin_with_are_taken(client: LocalClient) -> None:
    for name in SPECS:
        create(client, name, specified(name))


def test_k8s_01_unknown_field(client: LocalClient) -> None:
    with refused(BAD, 'strict decoding error: unknown field "spec.replikas"'):
        create(client, "Deployment", specified("Deployment", replikas=2))
    with refused(BAD, 'strict decoding error: unknown field "spec.targetGroupName"'):
        create(client, "TargetGroupBinding", specified("TargetGroupBinding", targetGroupName="api"))


def test_k8s_02_value_of_another_type(client: LocalClient) -> None:
    with refused(BAD, "cannot unmarshal string into field spec.replicas of type int32"):
        create(client, "Deployment", specified("Deployment", replicas="two"))


@pytest.mark.parametrize(
    ("name", "words"), [("Api", "RFC 1123 subdomain"), ("a_b", "RFC 1123 subdomain"), ("a" * 254, "no more than 253")]
)
def test_k8s_03_names(client: LocalClient, name: str, words: str) -> None:
    with refused(INVALID, words):
        create(client, "Deployment", {**specified("Deployment"), **named(name)})


@pytest.mark.parametrize("labels", [{"app": "-x"}, {"app": "a" * 64}, {"a b": "x"}, {"_/a": "x"}])
def test_k8s_04_labels(client: LocalClient, labels: Json) -> None:
    with refused(INVALID, "metadata.labels: Invalid value"):
        create(client, "ServiceAccount", {"metadata": {"name": "api", "labels": labels}})


def test_k8s_05_object_that_exists(client: LocalClient) -> None:
    create(client, "ServiceAccount", named())
    with refused(EXISTS, 'serviceaccounts "api" already exists'):
        create(client, "ServiceAccount", named())


def test_k8s_06_namespace_that_is_not_there(client: LocalClient) -> None:
    with refused(MISSING, 'namespaces "qa" not found'):
        create(client, "ServiceAccount", named(), "qa")


def test_k8s_07_namespace_that_is_going(client: LocalClient) -> None:
    client.patch(SPACE, {"metadata": {"finalizers": ["example.org/kept"]}})
    client.delete(SPACE)
    with refused(FORBIDDEN, f"unable to create new content in namespace {NAMESPACE} because it is being terminated"):
        create(client, "ServiceAccount", named())


def test_k8s_08_older_version_of_an_object(client: LocalClient) -> None:
    first = create(client, "ConfigMap", named(data=DATA))
    client.patch(path("ConfigMap"), {"data": {"a": "2"}})
    with refused(CONFLICT, "the object has been modified; please apply your changes to the latest version"):
        client.replace(path("ConfigMap"), first)


def test_k8s_09_field_of_another_manager(client: LocalClient) -> None:
    client.apply(path("ConfigMap"), named(data=DATA), manager="program")
    client.patch(path("ConfigMap"), {"data": {"a": "2"}})
    with refused(CONFLICT, 'Apply failed with 1 conflict: conflict with "system:kube-controller-manager": .data.a'):
        client.apply(path("ConfigMap"), named(data=DATA), manager="program")
    client.apply(path("ConfigMap"), named(data=DATA), manager="program", force=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"selector": None}, "spec.selector: Required value"),
        ({"selector": {}}, "empty selector is invalid for deployment"),
        ({"selector": {"matchLabels": {"app": "b"}}}, "`selector` does not match template `labels`"),
    ],
)
def test_k8s_10_selectors(client: LocalClient, changes: Json, words: str) -> None:
    with refused(INVALID, words):
        create(client, "Deployment", specified("Deployment", **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}}}, "may not be 0 when `maxSurge` is 0"),
        ({"progressDeadlineSeconds": 5, "minReadySeconds": 5}, "must be greater than minReadySeconds"),
        ({"replicas": -1}, "must be greater than or equal to 0"),
    ],
)
def test_k8s_11_rollouts(client: LocalClient, changes: Json, words: str) -> None:
    with refused(INVALID, words):
        create(client, "Deployment", specified("Deployment", **changes))


@pytest.mark.parametrize(
    ("containers", "words"),
    [
        ([], "spec.containers: Required value"),
        ([{"name": "app"}], "spec.containers[0].image: Required value"),
        ([container(), container()], 'spec.containers[1].name: Duplicate value: "app"'),
        ([container(ports=[{"containerPort": 70_000}])], "must be between 1 and 65535"),
        ([container(env=[{"value": "1"}])], "env[0].name: Required value"),
    ],
)
def test_k8s_12_containers(client: LocalClient, containers: list[Json], words: str) -> None:
    with refused(INVALID, words):
        create(client, "Pod", specified("Pod", containers=containers))


def test_k8s_13_volumes(client: LocalClient) -> None:
    mounted = [container(volumeMounts=[{"name": "x", "mountPath": "/x"}])]
    with refused(INVALID, 'spec.containers[0].volumeMounts[0].name: Not found: "x"'):
        create(client, "Pod", specified("Pod", containers=mounted))
    with refused(INVALID, "may not specify more than 1 volume type"):
        create(client, "Pod", specified("Pod", volumes=[{"name": "x", "emptyDir": {}, "hostPath": {"path": "/"}}]))
    with refused(INVALID, 'spec.volumes[1].name: Duplicate value: "x"'):
        create(client, "Pod", specified("Pod", volumes=[{"name": "x", "emptyDir": {}}] * 2))


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ({"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}, "must be less than or equal to cpu limit of 500m"),
        ({"limits": {"memory": "2 GB"}}, "quantities must match the regular expression"),
        ({"limits": {"memory": "-1"}}, "must be greater than or equal to 0"),
    ],
)
def test_k8s_14_resources(client: LocalClient, resources: Json, words: str) -> None:
    with refused(INVALID, words):
        create(client, "Pod", specified("Pod", containers=[container(resources=resources)]))


def test_k8s_15_probes(client: LocalClient) -> None:
    probe = {"httpGet": {"path": "/", "port": 8080}}
    with refused(INVALID, "must specify a handler type"):
        create(client, "Pod", specified("Pod", containers=[container(livenessProbe={"periodSeconds": 1})]))
    with refused(INVALID, "livenessProbe.successThreshold: Invalid value: 2: must be 1"):
        twice = [container(livenessProbe={**probe, "successThreshold": 2})]
        create(client, "Pod", specified("Pod", containers=twice))
    with refused(INVALID, "must not be set for init containers without restartPolicy=Always"):
        first = [{"name": "first", "image": "app:1", "readinessProbe": probe}]
        create(client, "Pod", specified("Pod", initContainers=first))


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ({"maxSkew": 0, "whenUnsatisfiable": "DoNotSchedule"}, "maxSkew: Invalid value: 0: must be greater than zero"),
        ({"maxSkew": 1, "whenUnsatisfiable": "Never"}, 'Unsupported value: "Never"'),
        ({"maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}, "can only use minDomains if"),
    ],
)
def test_k8s_16_spread(client: LocalClient, constraint: Json, words: str) -> None:
    with refused(INVALID, words):
        create(client, "Pod", specified("Pod", topologySpreadConstraints=[{"topologyKey": "zone", **constraint}]))


@pytest.mark.parametrize(
    ("ports", "words"),
    [
        ([], "spec.ports: Required value"),
        ([{"port": 0}], "spec.ports[0].port: Invalid value: 0"),
        ([{"port": 80, "protocol": "HTTP"}], 'Unsupported value: "HTTP"'),
        ([{"port": 80}, {"port": 81}], "spec.ports[0].name: Required value"),
        ([{"name": "a", "port": 80}, {"name": "a", "port": 81}], 'spec.ports[1].name: Duplicate value: "a"'),
    ],
)
def test_k8s_17_ports_of_services(client: LocalClient, ports: list[Json], words: str) -> None:
    with refused(INVALID, words):
        create(client, "Service", specified("Service", ports=ports))


def test_k8s_18_addresses_of_services(client: LocalClient) -> None:
    address = create(client, "Service", specified("Service"))["spec"]["clusterIP"]
    with refused(INVALID, "field is immutable"):
        client.patch(path("Service"), {"spec": {"clusterIP": "172.20.9.9"}})
    with refused(INVALID, "provided IP is already allocated"):
        create(client, "Service", {**specified("Service", clusterIP=address), **named("other")})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"maxReplicas": 0}, "spec.maxReplicas: Invalid value: 0: must be greater than 0"),
        ({"minReplicas": 0}, "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"),
        ({"minReplicas": 3}, "must be greater than or equal to `minReplicas`"),
        ({"metrics": [{"type": "Cpu"}]}, 'Unsupported value: "Cpu"'),
    ],
)
def test_k8s_19_autoscalers(client: LocalClient, changes: Json, words: str) -> None:
    with refused(INVALID, words):
        create(client, "HorizontalPodAutoscaler", specified("HorizontalPodAutoscaler", **changes))


def test_k8s_20_disruption_budgets(client: LocalClient) -> None:
    with refused(INVALID, "minAvailable and maxUnavailable cannot be both set"):
        create(client, "PodDisruptionBudget", specified("PodDisruptionBudget", minAvailable=1))
    with refused(INVALID, 'Unsupported value: "Never"'):
        create(client, "PodDisruptionBudget", specified("PodDisruptionBudget", unhealthyPodEvictionPolicy="Never"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"policyTypes": ["In"]}, 'Unsupported value: "In"'),
        ({"ingress": [{"from": [{}]}]}, "must specify a peer"),
        ({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}]}, "must be a valid CIDR value"),
        (
            {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}]},
            "may not specify both ipBlock and another peer",
        ),
        ({"ingress": [{"ports": [{"port": 0}]}]}, "must be between 1 and 65535"),
    ],
)
def test_k8s_21_network_policies(client: LocalClient, changes: Json, words: str) -> None:
    with refused(INVALID, words):
        create(client, "NetworkPolicy", specified("NetworkPolicy", **changes))


def test_k8s_22_data(client: LocalClient) -> None:
    with refused(INVALID, "a valid config key must consist of alphanumeric characters"):
        create(client, "ConfigMap", named(data={"a b": "1"}))
    with refused(INVALID, "Too long: may not be more than 1048576 bytes"):
        create(client, "ConfigMap", named(data={"a": "x" * (1 << 20), "b": "x"}))
    create(client, "ConfigMap", named(data=DATA, immutable=True))
    with refused(INVALID, "field is immutable when `immutable` is set"):
        client.patch(path("ConfigMap"), {"data": {"a": "2"}})


def test_k8s_23_bindings_to_target_groups(client: LocalClient) -> None:
    with refused(INVALID, "spec.targetType: Required value"):
        create(client, "TargetGroupBinding", specified("TargetGroupBinding", targetType=None))
    with refused(INVALID, 'spec.targetType: Unsupported value: "pod"'):
        create(client, "TargetGroupBinding", specified("TargetGroupBinding", targetType="pod"))


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("Deployment", {"selector": {"matchLabels": {"app": None, "of": "api"}}}, "field is immutable"),
        ("TargetGroupBinding", {"targetGroupARN": "arn:aws:x"}, "immutable fields: spec.targetGroupARN"),
        ("Job", {"template": {"spec": {"nodeSelector": {"pool": "other"}}}}, "spec.template: Invalid value: "),
        ("Pod", {"nodeSelector": {"pool": "other"}}, "pod updates may not change fields other than"),
    ],
)
def test_k8s_24_fields_that_stay(client: LocalClient, name: str, change: Json, words: str) -> None:
    create(client, name, specified(name))
    if name == "Deployment":
        change = {**change, "template": {"metadata": {"labels": {"app": None, "of": "api"}}}}
    with refused(INVALID, words):
        client.patch(path(name), {"spec": change})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"role": None}, "must specify exactly one of ['role', 'instanceProfile']"),
        ({"instanceProfile": "nodes"}, "must specify exactly one of ['role', 'instanceProfile']"),
        ({"subnetSelectorTerms": []}, "subnetSelectorTerms cannot be empty"),
        ({"securityGroupSelectorTerms": [{}]}, "expected at least one, got none, ['tags', 'id', 'name']"),
        ({"networkPolicy": "Deny"}, 'Unsupported value: "Deny"'),
    ],
)
def test_k8s_25_node_classes(client: LocalClient, changes: Json, words: str) -> None:
    with refused(INVALID, words):
        create(client, "NodeClass", specified("NodeClass", **changes))


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ({"operator": "In"}, "requirements with operator 'In' must have a value defined"),
        ({"operator": "Gt", "values": ["four"]}, "must have a single positive integer value"),
        ({"operator": "Is", "values": ["4"]}, 'Unsupported value: "Is"'),
    ],
)
def test_k8s_26_node_pools(client: LocalClient, requirement: Json, words: str) -> None:
    given = [{"key": "eks.amazonaws.com/instance-generation", **requirement}]
    with refused(INVALID, words):
        create(client, "NodePool", specified("NodePool", template__spec__requirements=given))


SECURE: Json = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD_SECURE: Json = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


@pytest.mark.parametrize(
    ("of_container", "of_pod", "words"),
    [
        ({"allowPrivilegeEscalation": True}, {}, 'allowPrivilegeEscalation != false (container "app" must set '),
        ({"capabilities": {}}, {}, 'unrestricted capabilities (container "app" must set '),
        ({}, {"runAsNonRoot": False}, 'runAsNonRoot != true (pod or container "app" must set '),
        ({"runAsUser": 0}, {}, 'runAsUser=0 (container "app" must not set runAsUser=0)'),
        ({}, {"seccompProfile": {"type": "Unconfined"}}, 'seccompProfile (pod or container "app" must set '),
    ],
)
def test_k8s_27_pods_in_a_restricted_namespace(
    client: LocalClient, of_container: Json, of_pod: Json, words: str
) -> None:
    client.patch(SPACE, {"metadata": {"labels": {ENFORCE: "restricted"}}})

    def given(of_container: Json, of_pod: Json) -> Json:
        containers = [container(securityContext={**SECURE, **of_container})]
        return specified("Pod", containers=containers, securityContext={**POD_SECURE, **of_pod})

    with refused(FORBIDDEN, f'pods "api" is forbidden: violates PodSecurity "restricted:latest": {words}'):
        create(client, "Pod", given(of_container, of_pod))
    create(client, "Pod", given({}, {}))


def test_k8s_28_service_account_that_is_not_there(client: LocalClient) -> None:
    with refused(FORBIDDEN, f'error looking up service account {NAMESPACE}/other: serviceaccount "other" not found'):
        create(client, "Pod", specified("Pod", serviceAccountName="other"))


@pytest.mark.parametrize(
    ("policies", "verb", "name"),
    [
        ((), "list", "Deployment"),
        ((AccessPolicy(f"{POLICY}AmazonEKSViewPolicy"),), "create", "ConfigMap"),
        ((AccessPolicy(f"{POLICY}AmazonEKSViewPolicy"),), "list", "Secret"),
        ((AccessPolicy(f"{POLICY}AmazonEKSAdminViewPolicy"),), "create", "ConfigMap"),
        ((AccessPolicy(f"{POLICY}AmazonEKSEditPolicy", ("dev",)),), "create", "ConfigMap"),
        ((AccessPolicy(f"{POLICY}AmazonEKSAdminPolicy"),), "create", "TargetGroupBinding"),
    ],
)
def test_k8s_29_what_no_access_policy_allows(
    cluster: Cluster, policies: tuple[AccessPolicy, ...], verb: str, name: str
) -> None:
    client = cluster.client(User("alice", (), policies))
    resource, group = kind(name).plural, kind(name).group
    words = f'User "alice" cannot {verb} resource "{resource}" in API group "{group}" in the namespace "{NAMESPACE}"'
    with refused(FORBIDDEN, words):
        if verb == "list":
            client.get(kind(name).path(NAMESPACE))
        else:
            create(client, name, named())


def test_k8s_30_token_of_nobody(cluster: Cluster) -> None:
    def status(**headers: str) -> int:
        return cluster.application(HttpRequest(method="GET", target=SPACE, headers=headers, body=b"")).status

    assert status() == status(authorization="Bearer other") == UNAUTHORIZED[0]
    assert status(authorization="Bearer good") == FORBIDDEN[0]


def test_k8s_31_path_that_means_nothing(client: LocalClient) -> None:
    with refused(MISSING, "the server could not find the requested resource"):
        client.get("/apis/apps/v2/namespaces/staging/deployments")
    with refused(MISSING, 'deployments.apps "api" not found'):
        client.get(path("Deployment"))


def test_k8s_32_eviction_against_a_budget(client: LocalClient) -> None:
    create(client, "Pod", {**specified("Pod"), "metadata": {"name": "api", "labels": LABELS}})
    create(client, "PodDisruptionBudget", specified("PodDisruptionBudget"))
    with refused(TOO_MANY, "Cannot evict pod as it would violate the pod's disruption budget."):
        client.create(f"{path('Pod')}/eviction", named())


def test_k8s_33_namespaces_of_the_cluster_itself(client: LocalClient) -> None:
    with refused(FORBIDDEN, "this namespace may not be deleted"):
        client.delete("/api/v1/namespaces/kube-system")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"template": {"spec": {"containers": []}}},
            'restartPolicy: Required value: valid values: "OnFailure", "Never"',
        ),
        ({"backoffLimit": -1}, "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"),
        ({"suspend": True}, "spec.suspend: Forbidden: the local cloud's Jobs have "),
    ],
)
def test_k8s_34_jobs(client: LocalClient, changes: Json, words: str) -> None:
    with refused(INVALID, words):
        create(client, "Job", specified("Job", **changes))


def test_rows_are_documented() -> None:
    refusal_rows.check("Kubernetes", "K8S", "test_kubernetes_refusals.py")

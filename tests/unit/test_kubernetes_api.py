"""The local API server: Kubernetes' verbs, versions, watches, deletions and refusals."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from localcloud.kubernetes.api import CONTROLLERS, AccessPolicy, ApiError, Cluster, User
from localcloud.kubernetes.api.local_client import LocalClient
from localcloud.kubernetes.client import Request, Verbs
from localcloud.kubernetes.http_client import HttpClient
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server.listeners import Port
from localcloud.server.wire import HttpRequest

Json = dict[str, Any]
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
PODS = kind("Pod").path("dev")
DEPLOYMENTS = kind("Deployment").path("dev")
CONFIGS = kind("ConfigMap").path("dev")


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster("portal", "1.34", lambda token: User("reader") if token == "good" else None)
    cluster.client(CONTROLLERS).create("/api/v1/namespaces", {"metadata": {"name": "dev"}})
    return cluster


@pytest.fixture
def client(cluster: Cluster) -> LocalClient:
    return cluster.client(CONTROLLERS)


def pod(name: str = "one", **spec: Any) -> Json:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "app", "image": "app:1"}], **spec}}


def deployment(name: str = "api", **spec: Any) -> Json:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"]}
    return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": labels}, "template": template, **spec}}


def owned(name: str, by: Json, **more: Any) -> Json:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": by["metadata"]["name"]}
    reference |= {"uid": by["metadata"]["uid"]} | more
    return {"metadata": {"name": name, "ownerReferences": [reference]}}


def refusal(status: int) -> Any:
    return pytest.raises(ApiError, check=lambda error: error.status == status)


def test_a_new_object_is_completed_and_read_back(client: LocalClient) -> None:
    made = client.create(DEPLOYMENTS, deployment())
    assert made["metadata"]["generation"] == 1
    assert made["spec"]["replicas"] == 1
    assert made["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": "25%", "maxSurge": "25%"}
    assert made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 30
    assert client.get(f"{DEPLOYMENTS}/api") == made


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("localhost:5000/api", "Always"),
        ("api:latest", "Always"),
        (f"api:latest@sha256:{'0' * 64}", "Always"),
        ("localhost:5000/api:1", "IfNotPresent"),
        (f"api@sha256:{'0' * 64}", "IfNotPresent"),
        (f"api:1@sha256:{'0' * 64}", "IfNotPresent"),
    ],
)
def test_an_image_is_pulled_anew_where_its_tag_is_latest(client: LocalClient, image: str, policy: str) -> None:
    spec = {"containers": [{"name": "api", "image": image}]}
    made = client.create("/api/v1/namespaces/dev/pods", {"metadata": {"name": "api"}, "spec": spec})
    assert made["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_what_a_caller_does_with_an_answer_changes_no_object(client: LocalClient) -> None:
    client.create(CONFIGS, {"metadata": {"name": "a"}, "data": {"k": "v"}})["data"]["k"] = "other"
    client.get(f"{CONFIGS}/a")["data"]["k"] = "other"
    assert client.get(f"{CONFIGS}/a")["data"] == {"k": "v"}


def test_another_kind_is_refused_by_name(client: LocalClient) -> None:
    with refusal(404) as caught:
        client.get("/apis/apps/v1/namespaces/dev/statefulsets")
    assert "statefulsets in apps/v1 is none of the kinds" in caught.value.message


def test_names_namespaces_and_duplicates(client: LocalClient) -> None:
    client.create(CONFIGS, {"metadata": {"name": "a"}})
    with refusal(409) as caught:
        client.create(CONFIGS, {"metadata": {"name": "a"}})
    assert caught.value.body()["message"] == 'configmaps "a" already exists'
    with refusal(404) as caught:
        client.create("/api/v1/namespaces/qa/configmaps", {"metadata": {"name": "a"}})
    assert caught.value.message == 'namespaces "qa" not found'
    generated = client.create(CONFIGS, {"metadata": {"generateName": "a-"}})["metadata"]["name"]
    assert generated.startswith("a-")
    assert len(generated) == 7


def test_an_old_resource_version_is_a_conflict(client: LocalClient) -> None:
    first = client.create(CONFIGS, {"metadata": {"name": "a"}, "data": {"k": "1"}})
    second = client.replace(f"{CONFIGS}/a", {**first, "data": {"k": "2"}})
    with refusal(409) as caught:
        client.replace(f"{CONFIGS}/a", {**first, "data": {"k": "3"}})
    assert "the object has been modified; please apply your changes to the latest version" in caught.value.message
    assert (
        client.replace(f"{CONFIGS}/a", second)["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    )


def test_status_and_spec_are_written_apart(client: LocalClient) -> None:
    made = client.create(DEPLOYMENTS, {**deployment(), "status": {"replicas": 7}})
    assert "status" not in made
    after = client.patch(f"{DEPLOYMENTS}/api/status", {"status": {"replicas": 1}, "spec": {"replicas": 5}})
    assert (after["status"], after["spec"]["replicas"], after["metadata"]["generation"]) == ({"replicas": 1}, 1, 1)
    after = client.patch(f"{DEPLOYMENTS}/api", {"status": None, "spec": {"replicas": 5}})
    assert (after["status"], after["spec"]["replicas"], after["metadata"]["generation"]) == ({"replicas": 1}, 5, 2)


def test_scale_is_a_subresource(client: LocalClient) -> None:
    client.create(DEPLOYMENTS, deployment())
    scaled = client.patch(f"{DEPLOYMENTS}/api/scale", {"spec": {"replicas": 3}})
    assert scaled["spec"] == {"replicas": 3}
    assert scaled["status"]["selector"] == "app=api"
    assert client.get(f"{DEPLOYMENTS}/api")["spec"]["replicas"] == 3


def test_a_service_keeps_its_address(client: LocalClient) -> None:
    services = kind("Service").path("dev")
    address = client.create(services, {"metadata": {"name": "api"}, "spec": {"ports": [{"port": 80}]}})["spec"][
        "clusterIP"
    ]
    kept = client.replace(f"{services}/api", {"metadata": {"name": "api"}, "spec": {"ports": [{"port": 81}]}})
    assert kept["spec"]["clusterIP"] == address


def test_selectors(client: LocalClient) -> None:
    for name, labels in (("a", {"app": "x", "tier": "1"}), ("b", {"app": "y"}), ("c", {"app": "x"})):
        client.create(CONFIGS, {"metadata": {"name": name, "labels": labels}})

    def names(labels: str = "", fields: str = "") -> list[str]:
        listed = client.get(CONFIGS, {"labelSelector": labels, "fieldSelector": fields})
        return [item["metadata"]["name"] for item in listed["items"]]

    assert names("app=x") == ["a", "c"]
    assert names("app in (x, y),!tier") == ["b", "c"]
    assert names("app!=x") == ["b"]
    assert names("tier") == ["a"]
    assert names("", "metadata.name=b") == ["b"]
    with refusal(400) as caught:
        names("", "data.key=x")
    assert "field label not supported: data.key" in str(caught.value)


def test_a_watch_tells_what_stands_and_then_each_change(client: LocalClient) -> None:
    client.create(CONFIGS, {"metadata": {"name": "a", "labels": {"app": "x"}}})
    watch = client.watch(CONFIGS, {"labelSelector": "app=x"})
    client.create(CONFIGS, {"metadata": {"name": "b"}})
    client.patch(f"{CONFIGS}/b", {"metadata": {"labels": {"app": "x"}}})
    client.patch(f"{CONFIGS}/b", {"metadata": {"labels": {"app": "y"}}})
    client.delete(f"{CONFIGS}/a")
    events = [next(iter(watch)) for _ in range(4)]
    told = [(event["type"], event["object"]["metadata"]["name"]) for event in events]
    assert told == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "b"), ("DELETED", "a")]


def test_a_watch_from_a_list_misses_nothing_and_ends_when_closed(cluster: Cluster, client: LocalClient) -> None:
    since = client.get(CONFIGS)["metadata"]["resourceVersion"]
    client.create(CONFIGS, {"metadata": {"name": "a"}})
    watch = client.watch(CONFIGS, {"resourceVersion": since})
    events: list[Json] = []
    reader = threading.Thread(target=lambda: events.extend(watch))
    reader.start()
    client.delete(f"{CONFIGS}/a")
    cluster.close()
    reader.join(5)
    assert not reader.is_alive()
    assert [event["type"] for event in events] == ["ADDED", "DELETED"]


def test_a_watch_too_far_back_is_expired(client: LocalClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in range(2_001):
        client.patch("/api/v1/namespaces/dev", {"metadata": {"labels": {"at": str(at)}}})
    with refusal(410) as caught:
        client.watch(CONFIGS, {"resourceVersion": "1"})
    assert caught.value.reason == "Expired"


def test_a_pod_on_a_node_is_removed_by_its_node(client: LocalClient) -> None:
    client.create(PODS, pod())
    client.create(f"{PODS}/one/binding", {"target": {"name": "node-1"}})
    assert client.get(f"{PODS}/one")["spec"]["nodeName"] == "node-1"
    metadata = client.delete(f"{PODS}/one")["metadata"]
    assert metadata["deletionGracePeriodSeconds"] == 30
    assert "deletionTimestamp" in client.get(f"{PODS}/one")["metadata"]
    client.delete(f"{PODS}/one", {"gracePeriodSeconds": 0})
    with refusal(404):
        client.get(f"{PODS}/one")


def test_a_finalizer_keeps_an_object_until_it_is_taken_away(client: LocalClient) -> None:
    client.create(CONFIGS, {"metadata": {"name": "a", "finalizers": ["portal/wait"]}})
    client.delete(f"{CONFIGS}/a")
    assert "deletionTimestamp" in client.get(f"{CONFIGS}/a")["metadata"]
    client.patch(f"{CONFIGS}/a", {"metadata": {"finalizers": None}})
    with refusal(404):
        client.get(f"{CONFIGS}/a")


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_what_belongs_to_an_object_goes_with_it(client: LocalClient, propagation: str) -> None:
    owner = client.create(DEPLOYMENTS, deployment())
    client.create(CONFIGS, owned("a", owner))
    client.delete(f"{DEPLOYMENTS}/api", {"propagationPolicy": propagation})
    for path in (f"{CONFIGS}/a", f"{DEPLOYMENTS}/api"):
        with refusal(404):
            client.get(path)


def test_foreground_waits_for_what_belongs_to_the_object(client: LocalClient) -> None:
    owner = client.create(DEPLOYMENTS, deployment())
    held = owned("a", owner)
    held["metadata"]["finalizers"] = ["portal/wait"]
    client.create(CONFIGS, held)
    client.delete(f"{DEPLOYMENTS}/api", {"propagationPolicy": "Foreground"})
    assert client.get(f"{DEPLOYMENTS}/api")["metadata"]["finalizers"] == ["foregroundDeletion"]
    client.create(CONFIGS, owned("late", owner))
    with refusal(404):
        client.get(f"{CONFIGS}/late")
    client.patch(f"{CONFIGS}/a", {"metadata": {"finalizers": None}})
    with refusal(404):
        client.get(f"{CONFIGS}/a")
    with refusal(404):
        client.get(f"{DEPLOYMENTS}/api")


def test_an_orphan_stays_and_a_late_dependent_goes(client: LocalClient) -> None:
    owner = client.create(DEPLOYMENTS, deployment())
    client.create(CONFIGS, owned("a", owner))
    client.delete(f"{DEPLOYMENTS}/api", {"propagationPolicy": "Orphan"})
    assert "ownerReferences" not in client.get(f"{CONFIGS}/a")["metadata"]
    client.create(CONFIGS, owned("late", owner))
    with refusal(404):
        client.get(f"{CONFIGS}/late")


def test_a_namespace_goes_when_all_in_it_has_gone(client: LocalClient) -> None:
    client.create(PODS, pod())
    client.create(f"{PODS}/one/binding", {"target": {"name": "node-1"}})
    assert client.delete("/api/v1/namespaces/dev")["status"]["phase"] == "Terminating"
    with refusal(403) as caught:
        client.create(CONFIGS, {"metadata": {"name": "late"}})
    assert "unable to create new content in namespace dev because it is being terminated" in caught.value.message
    client.delete(f"{PODS}/one", {"gracePeriodSeconds": 0})
    with refusal(404):
        client.get("/api/v1/namespaces/dev")


def test_apply_owns_what_it_states_and_takes_away_what_it_no_longer_does(client: LocalClient) -> None:
    path = f"{CONFIGS}/a"
    client.apply(path, {"data": {"mine": "1", "gone": "1"}}, manager="program")
    client.patch(path, {"data": {"theirs": "1"}})
    after = client.apply(path, {"data": {"mine": "2"}}, manager="program")
    assert after["data"] == {"mine": "2", "theirs": "1"}
    with refusal(409) as caught:
        client.apply(path, {"data": {"theirs": "2"}}, manager="program")
    assert caught.value.message == (
        'Apply failed with 1 conflict: conflict with "system:kube-controller-manager": .data.theirs'
    )
    forced = client.apply(path, {"data": {"theirs": "2"}}, manager="program", force=True)
    assert forced["data"] == {"theirs": "2"}


@pytest.mark.parametrize("force", [True, False])
def test_every_client_applies_with_the_same_words(*, force: bool) -> None:
    sent: list[Request] = []

    class Recorder(Verbs):
        def _send(self, request: Request) -> Json:
            sent.append(request)
            return {}

    Recorder().apply("/a", {}, manager="program", force=force)
    query = {"fieldManager": "program", "force": "true" if force else "false"}
    apply = "application/apply-patch+yaml"
    assert sent == [Request(method="PATCH", path="/a", query=query, body={}, content_type=apply)]
    assert LocalClient.apply is HttpClient.apply is Verbs.apply


def test_an_empty_field_that_is_filled_later_stays(client: LocalClient) -> None:
    path = kind("NetworkPolicy").path("dev", "a")
    client.apply(path, {"spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}}, manager="program")
    spec = {"podSelector": {"matchLabels": {"app": "x"}}, "ingress": [{}]}
    labelled = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    after = client.apply(path, labelled, manager="program")
    assert (after["metadata"]["labels"], after["spec"]["podSelector"]) == ({"a": "b"}, spec["podSelector"])


def test_apply_merges_lists_by_their_keys(client: LocalClient) -> None:
    path = f"{DEPLOYMENTS}/api"
    body = deployment()
    containers = body["spec"]["template"]["spec"]["containers"]
    containers += [{"name": "side", "image": "side:1", "env": [{"name": "A", "value": "1"}]}]
    client.apply(path, body, manager="program")
    containers[1]["env"] = [{"name": "B", "value": "2"}]
    after = client.apply(path, body, manager="program")["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in after] == ["app", "side"]
    assert after[1]["env"] == [{"name": "B", "value": "2"}]
    del containers[1]
    after = client.apply(path, body, manager="program")["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in after] == ["app"]


@pytest.mark.parametrize(
    ("policy", "namespaces", "verb", "path", "allowed"),
    [
        ("AmazonEKSClusterAdminPolicy", (), "create", kind("NodePool").path(), True),
        ("AmazonEKSAdminPolicy", ("dev",), "create", kind("TargetGroupBinding").path("dev"), False),
        ("AmazonEKSAdminPolicy", ("dev",), "create", CONFIGS, True),
        ("AmazonEKSAdminPolicy", ("qa",), "create", CONFIGS, False),
        ("AmazonEKSEditPolicy", ("dev",), "list", kind("Secret").path("dev"), True),
        ("AmazonEKSViewPolicy", ("dev",), "list", kind("Secret").path("dev"), False),
        ("AmazonEKSViewPolicy", ("dev",), "list", PODS, True),
        ("AmazonEKSViewPolicy", ("dev",), "list", "/api/v1/pods", False),
        ("AmazonEKSViewPolicy", (), "list", "/api/v1/pods", True),
        ("AmazonEKSViewPolicy", (), "create", CONFIGS, False),
        ("AmazonEKSAdminViewPolicy", (), "list", "/api/v1/secrets", True),
        ("AmazonEKSAdminViewPolicy", (), "create", CONFIGS, False),
        ("AmazonEKSSecretReaderPolicy", ("dev",), "list", kind("Secret").path("dev"), True),
        ("AmazonEKSSecretReaderPolicy", ("dev",), "list", PODS, False),
    ],
)
def test_access_policies_decide(
    cluster: Cluster, policy: str, namespaces: tuple[str, ...], verb: str, path: str, allowed: bool
) -> None:
    user = User(
        "arn:aws:iam::1:role/x", (), (AccessPolicy(ADMIN.replace("AmazonEKSClusterAdminPolicy", policy), namespaces),)
    )
    client = cluster.client(user)
    body: Json = {"metadata": {"name": "x"}}
    try:
        client.get(path) if verb == "list" else client.create(path, body)
        status = 0
    except ApiError as error:
        status = error.status
    assert (status != 403) is allowed


def test_roles_and_bindings_decide_for_groups(cluster: Cluster, client: LocalClient) -> None:
    rules = [{"apiGroups": ["eks.amazonaws.com"], "resources": ["targetgroupbindings"], "verbs": ["*"]}]
    client.create(kind("Role").path("dev"), {"metadata": {"name": "binder"}, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "binder"}
    subjects = [{"kind": "Group", "name": "deployers"}]
    body = {"metadata": {"name": "binder"}, "roleRef": reference, "subjects": subjects}
    client.create(kind("RoleBinding").path("dev"), body)
    deployer = cluster.client(User("alice", ("deployers",)))
    assert deployer.get(kind("TargetGroupBinding").path("dev"))["items"] == []
    with refusal(403):
        deployer.get(PODS)
    with refusal(403):
        cluster.client(User("bob")).get(kind("TargetGroupBinding").path("dev"))


def test_service_account_tokens_are_bound_to_their_pod(cluster: Cluster, client: LocalClient) -> None:
    made = client.create(PODS, pod())
    bound = {"kind": "Pod", "name": "one", "uid": made["metadata"]["uid"]}
    spec = {"audiences": ["pods.eks.amazonaws.com"], "boundObjectRef": bound}
    account = kind("ServiceAccount").path("dev", "default", "token")
    token = client.create(account, {"spec": spec})["status"]["token"]
    review = cluster.review(token, "pods.eks.amazonaws.com")
    assert review is not None
    assert (review.namespace, review.service_account, review.pod) == ("dev", "default", "one")
    assert cluster.review(token, "another") is None
    client.delete(f"{PODS}/one")
    assert cluster.review(token, "pods.eks.amazonaws.com") is None


def test_evictions_ask_the_budget(client: LocalClient) -> None:
    body = pod()
    body["metadata"]["labels"] = {"app": "api"}
    client.create(PODS, body)
    budgets = kind("PodDisruptionBudget").path("dev")
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "api"}}}
    client.create(budgets, {"metadata": {"name": "api"}, "spec": spec})
    with refusal(429):
        client.create(f"{PODS}/one/eviction", {})
    status = {"disruptionsAllowed": 1, "currentHealthy": 1, "desiredHealthy": 0, "expectedPods": 1}
    client.patch(f"{budgets}/api/status", {"status": status})
    client.create(f"{PODS}/one/eviction", {})
    with refusal(404):
        client.get(f"{PODS}/one")


def http(cluster: Cluster, method: str, target: str, body: Any = None, who: str = "good", kind: str = "") -> Any:
    headers = {"authorization": f"Bearer {who}", "content-type": kind or "application/json"}
    sent = b"" if body is None else json.dumps(body).encode()
    response = cluster.application(HttpRequest(method=method, target=target, headers=headers, body=sent))
    return response.status, json.loads(response.body) if response.body[:1] == b"{" else response.body


def test_http_answers_with_status_objects(cluster: Cluster) -> None:
    assert http(cluster, "GET", "/readyz", who="bad") == (200, b"ok")
    status, body = http(cluster, "GET", "/api/v1/namespaces", who="bad")
    assert (status, body["message"], body["reason"]) == (401, "Unauthorized", "Unauthorized")
    status, body = http(cluster, "GET", "/api/v1/namespaces")
    assert (status, body["kind"], body["reason"]) == (403, "Status", "Forbidden")
    assert http(cluster, "GET", "/version")[1]["minor"] == "34"
    names = [each["name"] for each in http(cluster, "GET", "/apis/apps/v1")[1]["resources"]]
    assert names == [
        "deployments",
        "deployments/status",
        "deployments/scale",
        "replicasets",
        "replicasets/status",
        "replicasets/scale",
    ]


def test_http_watches_over_a_port() -> None:
    import http.client as web

    cluster = Cluster("portal", "1.34", lambda _: CONTROLLERS)
    port = Port(cluster.application)
    port.start()
    try:
        connection = web.HTTPConnection("127.0.0.1", port.number, timeout=10)
        connection.request("GET", "/api/v1/namespaces?watch=1", headers={"Authorization": "Bearer x"})
        lines = connection.getresponse()
        first = [json.loads(lines.readline())["object"]["metadata"]["name"] for _ in range(4)]
        assert first == ["default", "kube-node-lease", "kube-public", "kube-system"]
        cluster.client(CONTROLLERS).create("/api/v1/namespaces", {"metadata": {"name": "late"}})
        event = json.loads(lines.readline())
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "late")
        cluster.close()
        assert lines.read() == b""
    finally:
        port.stop()


def test_a_watch_ends_when_its_time_is_over(client: LocalClient) -> None:
    client.create(CONFIGS, {"metadata": {"name": "a"}})
    events = list(client.watch(CONFIGS, {"timeoutSeconds": "0.05"}))
    assert [event["type"] for event in events] == ["ADDED"]


def test_another_version_is_validated_by_its_own_schemas(cluster: Cluster, client: LocalClient) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["resources"] = {"limits": {"cpu": "1"}}  # of pods: since 1.32
    cluster.version = "1.31"
    with refusal(400):
        client.create(DEPLOYMENTS, body)
    cluster.version = "1.34"
    client.create(DEPLOYMENTS, body)
    with pytest.raises(ValueError, match=r"Kubernetes version '1.99'"):
        cluster.version = "1.99"


def test_writers_at_the_same_time_lose_nothing(client: LocalClient) -> None:
    client.create(CONFIGS, {"metadata": {"name": "a"}, "data": {"sum": "0"}})
    watch = client.watch(CONFIGS)

    def add() -> None:
        for _ in range(25):
            while True:
                live = client.get(f"{CONFIGS}/a")
                try:
                    client.replace(f"{CONFIGS}/a", {**live, "data": {"sum": str(int(live["data"]["sum"]) + 1)}})
                    break
                except ApiError as error:
                    if error.status != 409:
                        raise

    writers = [threading.Thread(target=add) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert client.get(f"{CONFIGS}/a")["data"] == {"sum": "100"}
    seen = [next(iter(watch))["object"]["data"]["sum"] for _ in range(101)]
    assert seen == [str(number) for number in range(101)]


def loaded(name: str, kind_of_service: str) -> Json:
    return {"metadata": {"name": name}, "spec": {"type": kind_of_service, "ports": [{"port": 80}]}}


def test_what_the_server_does_not_do_is_refused(cluster: Cluster, client: LocalClient) -> None:
    client.create(CONFIGS, {"metadata": {"name": "a"}, "data": {"k": "v"}})
    for kind_of_service in ("LoadBalancer", "NodePort"):
        with refusal(422) as caught:
            client.create(kind("Service").path("dev"), loaded("x", kind_of_service))
        assert "the local cluster reaches pods by ClusterIP Services and TargetGroupBindings alone" in str(caught.value)
    with refusal(400) as caught:
        client.get(CONFIGS, {"dryRun": "All"})
    assert "dryRun" in str(caught.value)
    with refusal(415) as caught:
        client.patch(f"{CONFIGS}/a", {}, "application/json-patch+json")
    assert "accepted media types include: application/merge-patch+json" in str(caught.value)
    with refusal(400) as caught:
        client.patch(f"{CONFIGS}/a", {"$patch": "replace"}, "application/strategic-merge-patch+json")
    assert "the directive $patch is not supported" in str(caught.value)
    with refusal(404):
        client.get(f"{PODS}/one/log")
    with pytest.raises(ValueError, match=r"Kubernetes version '1.20'"):
        Cluster("portal", "1.20", lambda _: None)


@pytest.mark.parametrize(
    "path",
    [
        "/apis/batch/v1/namespaces/dev/cronjobs",
        "/apis/apps/v1/namespaces/dev/statefulsets",
        "/apis/apps/v1/daemonsets",
        "/apis/networking.k8s.io/v1/namespaces/dev/ingresses",
        "/api/v1/namespaces/dev/persistentvolumeclaims",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    ],
)
def test_kinds_that_are_not_stored_are_named(client: LocalClient, path: str) -> None:
    with refusal(404) as caught:
        client.get(path)
    assert f"{path.rpartition('/')[2]} in " in str(caught.value)
    assert "is none of the kinds that this API server stores: " in str(caught.value)


def test_strategic_merge_patches_know_the_keys_of_lists(client: LocalClient) -> None:
    client.create(DEPLOYMENTS, deployment())
    side = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "side:1"}]}}}}
    after = client.patch(f"{DEPLOYMENTS}/api", side, "application/strategic-merge-patch+json")
    assert [each["name"] for each in after["spec"]["template"]["spec"]["containers"]] == ["app", "side"]
    side["spec"]["template"]["spec"]["containers"] = [{"name": "side", "$patch": "delete"}]
    after = client.patch(f"{DEPLOYMENTS}/api", side, "application/strategic-merge-patch+json")
    assert [each["name"] for each in after["spec"]["template"]["spec"]["containers"]] == ["app"]


@pytest.fixture
def open_cluster() -> Cluster:
    """Lets everyone do everything, by HTTP too."""
    return Cluster("portal", "1.34", lambda _: CONTROLLERS)


def test_http_takes_yaml_and_refuses_what_is_no_object(open_cluster: Cluster) -> None:
    path = "/api/v1/namespaces/default/configmaps/a?fieldManager=me"
    yaml = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n"
    headers = {"authorization": "Bearer x", "content-type": "application/apply-patch+yaml"}
    response = open_cluster.application(HttpRequest(method="PATCH", target=path, headers=headers, body=yaml))
    assert (response.status, json.loads(response.body)["data"]) == (201, {"k": "v"})
    for body in (b"{", b"[]"):
        target = "/api/v1/namespaces/default/configmaps"
        refused = HttpRequest(method="POST", target=target, headers={"authorization": "Bearer x"}, body=body)
        assert open_cluster.application(refused).status == 400
    assert http(open_cluster, "OPTIONS", "/api/v1/namespaces")[0] == 405
    assert http(open_cluster, "GET", "/openapi/v2")[0] == 404


def test_a_watch_that_asks_for_them_gets_bookmarks(open_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.kubernetes.api.http._BOOKMARK_SECONDS", 0.01)
    target = "/api/v1/namespaces/default/configmaps?watch=1&allowWatchBookmarks=true"
    response = open_cluster.application(HttpRequest(method="GET", target=target, headers={"authorization": "Bearer x"}))
    assert response.stream is not None
    event = json.loads(next(response.stream))
    version = open_cluster.client(CONTROLLERS).get(CONFIGS.replace("dev", "default"))["metadata"]["resourceVersion"]
    assert event == {
        "type": "BOOKMARK",
        "object": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"resourceVersion": version}},
    }
    response.stream.close()

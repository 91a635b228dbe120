"""An environment that is served by a cluster of Kubernetes' own programs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components import names
from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.client import ApiError, Client
from localcloud.server import images
from localcloud.server.services.eks.model import REGIONS
from tests.journey.conftest import DEV, Cloud, Project
from tests.journey.test_cdn import ask
from tests.localcloud.clouds import CONFIGURATION
from tests.localcloud.conftest import REGION
from tests.unit.stackfiles import STACK_FILES

COUNT = "/graphql?query=%7BdatasetsCount%7D"


def served(settings: dict[str, Any]) -> None:
    """Changes the settings of dev: one environment, and of that what serves."""
    own = yaml.safe_load((STACK_FILES / "Pulumi.dev.yaml").read_text())["config"]["portal:settings"]
    settings["cluster"] = own["cluster"]
    settings["images"] = {name: own["images"][name] for name in ("api", "frontend")}
    jobs = ("ingest", "import", "orchestrator")
    environment = {part: value for part, value in own["environments"]["dev"].items() if part not in jobs}
    settings["environments"] = {"dev": environment}
    for bucket in ("source", "embargo"):
        del settings["buckets"][bucket]


@pytest.fixture(scope="module")
def domain(module_project: Project) -> str:
    """CloudFront's name of the site, once all of it is up."""
    images.configure(CONFIGURATION.images)
    module_project.change("dev", served)
    module_project.up("dev")
    done = module_project.run("pulumi", "stack", "output", "sites", "--json", "--stack", "dev")
    return str(json.loads(done.stdout)["dev"]["domain"])


def in_cluster() -> Client:
    api = REGIONS[DEV, REGION].cluster(names.CLUSTER).running.api
    assert api is not None
    return api.client(CONTROLLERS)


def everything(client: Client) -> Iterator[str]:
    """Every object of every kind that the API server lists, as text."""
    roots = ["/api/v1", *(f"/apis/{one['preferredVersion']['groupVersion']}" for one in client.get("/apis")["groups"])]
    for root in roots:
        for resource in client.get(root)["resources"]:
            if "list" in resource["verbs"]:
                yield json.dumps(client.get(f"{root}/{resource['name']}"))


def test_it_is_kubernetes_own_api_server(domain: str) -> None:
    assert domain
    version = in_cluster().get("/version")
    assert version["gitVersion"].startswith("v1.36.")
    assert version["goVersion"].startswith("go1.")


def test_the_site_answers_with_its_page_and_by_graphql(domain: str, cloud: Cloud) -> None:
    status, headers, page = ask(cloud, domain, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"0 datasets" in page
    status, _, answer = ask(cloud, domain, COUNT)
    assert (status, json.loads(answer)) == (200, {"data": {"datasetsCount": 0}})


def test_a_second_up_would_change_nothing(domain: str, module_project: Project) -> None:
    assert domain
    module_project.pulumi("dev", "preview", "--expect-no-changes")


def test_a_new_tag_rolls_out_without_a_failed_request(domain: str, module_project: Project, cloud: Cloud) -> None:
    before = images_of_pods()
    over, answers = threading.Event(), list[int]()

    def visit() -> None:
        while not over.is_set():
            answers.extend(ask(cloud, domain, path)[0] for path in ("/", COUNT))

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        module_project.change("dev", released)
        module_project.up("dev")
    finally:
        over.set()
        visitor.join()
    assert set(answers) == {200}
    assert len(answers) > 20
    after = images_of_pods()
    assert {image.rpartition(":")[2] for image in before if "frontend" in image} == {"v1.0.0"}
    assert {image.rpartition(":")[2] for image in after if "frontend" in image} == {"v1.0.1"}


def released(settings: dict[str, Any]) -> None:
    settings["environments"]["dev"]["frontend"]["image"]["tag"] = "v1.0.1"


def images_of_pods() -> set[str]:
    """Of those that are not ending."""
    pods = in_cluster().get("/api/v1/namespaces/dev/pods")["items"]
    staying = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return {container["image"] for pod in staying for container in pod["spec"]["containers"]}


def test_no_object_of_the_cluster_has_a_secret(domain: str, cloud: Cloud) -> None:
    assert domain
    stored = cloud.client("secretsmanager").get_secret_value(SecretId=names.database_password("dev"))
    password = str(stored["SecretString"])
    assert len(password) > 10
    texts = list(everything(in_cluster()))
    assert any('"SecretProviderClass' in text for text in texts)
    assert not [text for text in texts if password in text]


def test_another_version_of_kubernetes_is_refused(domain: str, cloud: Cloud) -> None:
    assert domain
    eks = cloud.client("eks")
    known = eks.describe_cluster(name=names.CLUSTER)["cluster"]
    networks = {"subnetIds": known["resourcesVpcConfig"]["subnetIds"]}
    with pytest.raises(eks.exceptions.ClientError, match=r"KUBERNETES=real every cluster runs Kubernetes 1\.36"):
        eks.create_cluster(name="older", version="1.34", roleArn=known["roleArn"], resourcesVpcConfig=networks)


def test_a_pods_log_is_said_to_be_out_of_reach(domain: str) -> None:
    """The API server would ask the node for it, and reaches none."""
    assert domain
    [pod, *_] = in_cluster().get("/api/v1/namespaces/dev/pods")["items"]
    path = f"/api/v1/namespaces/dev/pods/{pod['metadata']['name']}/log"
    with pytest.raises(ApiError, match="no preferred addresses found"):
        in_cluster().get(path, {"container": pod["spec"]["containers"][0]["name"]})


@pytest.mark.parametrize("subresource", ["exec", "portforward"])
def test_nothing_is_run_in_a_pod(domain: str, subresource: str) -> None:
    assert domain
    [pod, *_] = in_cluster().get("/api/v1/namespaces/dev/pods")["items"]
    path = f"/api/v1/namespaces/dev/pods/{pod['metadata']['name']}/{subresource}"
    command = {"container": pod["spec"]["containers"][0]["name"], "command": "true", "stdout": "true"}
    with pytest.raises(ApiError, match="no preferred addresses found"):
        in_cluster().get(path, command if subresource == "exec" else {"ports": "80"})


def test_there_is_no_api_of_metrics(domain: str) -> None:
    assert domain
    with pytest.raises(ApiError, match="404 page not found"):
        in_cluster().get("/apis/metrics.k8s.io/v1beta1/nodes")

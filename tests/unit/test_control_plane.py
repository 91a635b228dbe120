"""Real mode without its programs: what the API server is answered, and with what it is started."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from kubernetes_validate import validate

from localcloud import provider_kubernetes
from localcloud.kubernetes.api import AccessPolicy, User
from localcloud.kubernetes.control_plane import installed, programs
from localcloud.kubernetes.control_plane.custom_resources import definitions
from localcloud.kubernetes.control_plane.files import Files
from localcloud.kubernetes.control_plane.webhooks import Webhooks
from localcloud.provider.install import install_plugin
from localcloud.server import process
from localcloud.server.call import Refusal
from localcloud.server.process import Running
from localcloud.server.services.eks.refusals import built_version
from localcloud.server.wire import HttpRequest
from tools.kubernetes import plugin_version

Json = dict[str, Any]
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
USERS = {
    "k8s-aws-v1.reader": User("reader", ("system:authenticated",), (AccessPolicy(VIEW, ("dev",)),)),
    "k8s-aws-v1.admin": User("admin", ("system:authenticated",), (AccessPolicy(ADMIN),)),
    "of-no-caller": User("never asked for"),
}


def admit(pod: Json) -> Json:
    return {**pod, "spec": {**pod["spec"], "readinessGates": [{"conditionType": pod["metadata"]["namespace"]}]}}


def asked(path: str, kind: str, **review: Any) -> Json:
    body = {"apiVersion": "x/v1", "kind": kind, **review}
    webhooks = Webhooks("key", USERS.get, admit)
    response = webhooks.application(HttpRequest(method="POST", target=path, headers={}, body=json.dumps(body).encode()))
    assert response.status == 200
    answer = json.loads(response.body)
    assert (answer["apiVersion"], answer["kind"]) == ("x/v1", kind)
    return answer


def reviewed(token: str) -> Json:
    return asked("/key/token-reviews", "TokenReview", spec={"token": token})["status"]


def allowed(token: str, **attributes: Any) -> bool:
    """What the access policies of a token's user say, as the API server passes them on."""
    user = reviewed(token)["user"]
    spec = {"user": user["username"], "groups": user["groups"], "extra": user["extra"], **attributes}
    return asked("/key/access-reviews", "SubjectAccessReview", spec=spec)["status"]["allowed"]


def resource(verb: str, plural: str, namespace: str = "dev", group: str = "") -> Json:
    return {
        "resourceAttributes": {
            "verb": verb, "resource": plural, "namespace": namespace, "group": group, "version": "v1",
        }
    }  # fmt: skip


def test_a_token_is_its_callers_with_name_and_groups() -> None:
    status = reviewed("k8s-aws-v1.reader")
    assert status["authenticated"]
    assert (status["user"]["username"], status["user"]["groups"]) == ("reader", ["system:authenticated"])


@pytest.mark.parametrize("token", ["k8s-aws-v1.nobody", "of-no-caller"])
def test_a_token_of_nobody_is_refused(token: str) -> None:
    assert reviewed(token) == {"authenticated": False}


@pytest.mark.parametrize(
    ("token", "attributes", "wanted"),
    [
        ("k8s-aws-v1.reader", resource("list", "pods"), True),
        ("k8s-aws-v1.reader", resource("list", "pods", "staging"), False),
        ("k8s-aws-v1.reader", resource("get", "secrets"), False),
        ("k8s-aws-v1.reader", resource("delete", "pods"), False),
        ("k8s-aws-v1.reader", resource("list", "jobs", group="batch"), True),
        ("k8s-aws-v1.reader", {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, False),
        ("k8s-aws-v1.admin", resource("create", "jobs", group="batch"), True),
        ("k8s-aws-v1.admin", resource("update", "nodeclasses", "", "eks.amazonaws.com"), True),
        ("k8s-aws-v1.admin", {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, True),
    ],
)
def test_access_policies_allow_what_they_do_in_light_mode(token: str, attributes: Json, wanted: bool) -> None:
    assert allowed(token, **attributes) is wanted


def test_a_new_pod_gets_what_eks_adds() -> None:
    pod = {"metadata": {"generateName": "api-"}, "spec": {"containers": []}}
    request = {"uid": "7", "namespace": "dev", "object": pod}
    response = asked("/key/pods", "AdmissionReview", request=request)["response"]
    assert (response["uid"], response["allowed"], response["patchType"]) == ("7", True, "JSONPatch")
    [change] = json.loads(base64.b64decode(response["patch"]))
    assert change == {
        "op": "replace",
        "path": "/spec",
        "value": {"containers": [], "readinessGates": [{"conditionType": "dev"}]},
    }


def test_who_does_not_know_the_key_is_told_nothing() -> None:
    webhooks = Webhooks("key", USERS.get, admit)
    request = HttpRequest(method="POST", target="/other/token-reviews", headers={}, body=b"{}")
    assert webhooks.application(request).status == 404


def test_the_kinds_that_eks_adds_are_defined_in_kubernetes_own_form() -> None:
    found = {one["spec"]["names"]["kind"]: one for one in definitions()}
    assert set(found) == {"NodeClass", "NodePool", "TargetGroupBinding", "SecretProviderClass"}
    for definition in found.values():
        validate(definition, "1.36", strict=True)
        text = json.dumps(definition)
        assert not any(word in text for word in ("$ref", "oneOf", '"additionalProperties": false'))
    spec = found["TargetGroupBinding"]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["properties"]["targetType"] == {"type": "string", "enum": ["instance", "ip"]}
    assert spec["required"] == ["serviceRef", "targetGroupARN", "targetType"]


def test_without_a_folder_it_is_light_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(installed.VARIABLE, raising=False)
    assert installed.installed() is None


def test_a_folder_without_the_programs_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(installed.VARIABLE, str(tmp_path))
    (tmp_path / "etcd").touch()
    with pytest.raises(ValueError, match=rf"LOCALCLOUD_KUBERNETES={tmp_path}: it lacks .*kube-apiserver.*python -m"):
        installed.installed()


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the programs, which the environment names."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in (
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "pulumi-resource-kubernetes",
    ):
        (folder / name).touch()
    (folder / "kubernetes-version").write_text("1.36.3")
    monkeypatch.setenv(installed.VARIABLE, str(folder))
    return folder


def test_the_programs_say_their_version(built: Path) -> None:
    found = installed.installed()
    assert found is not None
    assert (found.folder, found.version, found.minor) == (built, "1.36.3", "1.36")


@pytest.mark.usefixtures("built")
def test_eks_has_no_other_version_than_the_built_one() -> None:
    built_version("1.36")
    with pytest.raises(Refusal, match=r"with KUBERNETES=real every cluster runs Kubernetes 1\.36; 1\.37 is not"):
        built_version("1.37")


def test_pulumis_own_plugin_is_the_version_that_the_sdk_asks_for() -> None:
    assert plugin_version() == provider_kubernetes.VERSION == version("pulumi_kubernetes")


def test_pulumis_own_plugin_is_installed_in_real_mode_and_unharmed_by_light_mode(built: Path, tmp_path: Path) -> None:
    plugin = built / "pulumi-resource-kubernetes"
    plugin.write_text("built")
    home = tmp_path / "home"
    executable = home / "plugins" / f"resource-kubernetes-v{provider_kubernetes.VERSION}" / plugin.name
    install_plugin(home, real=installed.installed())
    assert executable.resolve() == plugin
    install_plugin(home)
    assert provider_kubernetes.__name__ in executable.read_text()
    assert plugin.read_text() == "built"
    install_plugin(home, real=installed.installed())
    assert executable.read_text() == "built"


@pytest.mark.parametrize("runs_with", ["", "/other/programs"])
def test_a_server_with_other_programs_is_not_taken_for_one_in_real_mode(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs_with: str
) -> None:
    described: Json = {**dict.fromkeys(Running.__dataclass_fields__, ""), "pid": 1, "accounts": ["1"]}
    described["kubernetes"] = runs_with
    server = Running(**described)
    monkeypatch.setattr(process, "running", lambda _folder: server)
    with pytest.raises(process.ProcessError, match="`make down` ends it, then `make up KUBERNETES=real`"):
        process.start(tmp_path / "local", ["1"])
    own = replace(server, kubernetes=str(built))
    monkeypatch.setattr(process, "running", lambda _folder: own)
    assert process.start(tmp_path / "local", ["1"]) == (own, False)
    monkeypatch.delenv(installed.VARIABLE)
    assert process.start(tmp_path / "local", ["1"]) == (own, False)


def test_what_keys_are_in_is_for_their_owner_alone(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.touch()
    files = Files(folder=tmp_path / "cluster", authority=authority)
    files.folder.mkdir()
    files.write("https://127.0.0.1:1/key/")
    assert {file.stat().st_mode & 0o777 for file in files.folder.iterdir()} == {0o600}
    words = [*programs.etcd(files), *programs.api_server(files, "172.20.0.0/16"), *programs.controller_manager(files)]
    named = [Path(word.partition("=")[2]) for word in [*words, *programs.scheduler(files)] if f"={tmp_path}" in word]
    assert [path.name for path in named if not path.exists()] == ["etcd"]  # its data, which it makes itself
    assert not any(token in " ".join(words) for token in files.tokens.values())

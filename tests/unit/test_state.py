"""What of a state is not the program's own: one mutation a way in."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from components import names
from components.cluster_access import kubeconfig
from components.state import PROVIDER, foreign
from portal.errors import PortalError
from portal.state_check import refuse_foreign_state
from tests.unit.conftest import whole_account
from tests.unit.recording import Recording

ACCOUNT, ENDPOINT = "908710317728", "https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com"
STACK = "urn:pulumi:dev::portal::"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"
State = dict[str, Any]
Edit = Callable[[State], object]


def kubernetes() -> str:
    return kubeconfig(name=names.CLUSTER, endpoint=ENDPOINT, authority="Q0E=", region="us-west-2")


def of_eks() -> str:
    """As pulumi_eks writes it."""
    api = "client.authentication.k8s.io/v1beta1"
    args = ["--region", "us-west-2", "eks", "get-token", "--cluster-name", "cryoet", "--output", "json"]
    env = [{"name": "KUBERNETES_EXEC_INFO", "value": json.dumps({"apiVersion": api})}]
    exec_ = {"apiVersion": api, "command": "aws", "args": args, "env": env}
    server = {"server": ENDPOINT, "certificate-authority-data": "Q0E="}
    return json.dumps({
        "apiVersion": "v1",
        "clusters": [{"cluster": server, "name": "kubernetes"}],
        "contexts": [{"context": {"cluster": "kubernetes", "user": "aws"}, "name": "aws"}],
        "current-context": "aws",
        "kind": "Config",
        "users": [{"name": "aws", "user": {"exec": exec_}}],
    })  # fmt: skip


def provider(package: str, name: str, **inputs: Any) -> dict[str, Any]:
    kind = f"{PROVIDER}{package}"
    return {"urn": f"{STACK}{kind}::{name}", "type": kind, "custom": True, "id": "1", "inputs": inputs}


def a_state() -> State:
    """One of a stack with a cluster: its providers, and a resource of each."""
    roles = json.dumps([{"roleArn": ROLE, "sessionName": "portal-ada"}])
    aws = provider(
        "aws",
        "account",
        __internal={"envVarMappings": names.PROVIDER_VARIABLES},
        allowedAccountIds=json.dumps([ACCOUNT]),
        assumeRoles=roles,
        defaultTags=json.dumps({"tags": {"project": "portal"}}),
        region="us-west-2",
        skipCredentialsValidation="false",
        skipRegionValidation="true",
        version="7.51.1",
    )
    own = provider("kubernetes", "cluster", clusterIdentifier="1", kubeconfig=kubernetes(), version="4.25.0")
    inner = provider("kubernetes", "cluster-eks-k8s", kubeconfig=of_eks(), version="4.34.2")
    bucket, config_map = "aws:s3/bucket:Bucket", "kubernetes:core/v1:ConfigMapPatch"
    return {
        "manifest": {},
        "secrets_providers": {"type": "cloud"},
        "metadata": {},
        "resources": [
            {"urn": f"{STACK}pulumi:pulumi:Stack::portal-dev", "type": "pulumi:pulumi:Stack", "custom": False},
            provider("pulumi", "default"),
            aws,
            provider("eks", "default_4_3_0", __internal={}, version="4.3.0"),
            own,
            inner,
            {"urn": f"{STACK}portal:storage:DataBucket${bucket}::x", "type": bucket, "provider": f"{aws['urn']}::1"},
            {"urn": f"{STACK}{config_map}::x", "type": config_map, "provider": f"{own['urn']}::1"},
        ],
        "pending_operations": [],
    }


def of(state: State, name: str) -> dict[str, Any]:
    return next(one for one in state["resources"] if one["urn"].endswith(f"::{name}"))


def inputs(name: str, **given: Any) -> Edit:
    return lambda state: of(state, name)["inputs"].update(given)


def fields(name: str, **given: Any) -> Edit:
    return lambda state: of(state, name).update(given)


def added(**resource: Any) -> Edit:
    return lambda state: state["resources"].append({"urn": f"{STACK}{resource['type']}::y", **resource})


def config(edit: Callable[[dict[str, Any]], object], name: str = "cluster") -> Edit:
    """Edits a kubeconfig."""

    def change(state: State) -> None:
        given = of(state, name)["inputs"]
        content = json.loads(given["kubeconfig"])
        edit(content)
        given["kubeconfig"] = json.dumps(content)

    return change


def user(content: dict[str, Any]) -> dict[str, Any]:
    return content["users"][0]["user"]


def command(**given: Any) -> Callable[[dict[str, Any]], object]:
    return lambda content: user(content)["exec"].update(given)


def arguments(*more: str) -> Callable[[dict[str, Any]], object]:
    return lambda content: user(content)["exec"]["args"].extend(more)


def server(url: str) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["clusters"][0]["cluster"].update(server=url)


def cluster(**given: Any) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["clusters"][0]["cluster"].update(given)


def pending(state: State) -> None:
    state["pending_operations"] = [{"type": "creating", "resource": provider("command", "x")}]


FOREIGN: dict[str, tuple[Edit, str]] = {
    "another provider": (lambda state: state["resources"].append(provider("command", "x")), "does not make"),
    "one in a pending operation": (pending, "does not make"),
    "a program in the state": (lambda state: state.update(snippets=[{"code": "x"}]), "snippets: "),
    "an extension": (lambda state: state.update(extensions={"x": {"name": "x"}}), "extensions: "),
    "a plugin from elsewhere": (inputs("account", __internal={"pluginDownloadURL": "https://x"}), "pluginDownloadURL"),
    "another plugin's name": (inputs("default_4_3_0", __internal={"name": "command"}), "__internal.name"),
    "a parameterized plugin": (inputs("account", __internal={"parameterization": {}}), "parameterization"),
    "variables of others": (
        inputs("account", __internal={"envVarMappings": {"HOME": "AWS_CONFIG_FILE"}}),
        "envVarMappings",
    ),
    "another major version": (inputs("account", version="5.0.0"), "inputs.version"),
    "no release": (inputs("account", version="7.51.1-alpha.1"), "inputs.version"),
    "another endpoint": (inputs("account", endpoints="[]"), "inputs.endpoints"),
    "a profile": (inputs("account", profile="x"), "inputs.profile"),
    "a key": (inputs("account", accessKey="x"), "inputs.accessKey"),
    "a proxy": (inputs("account", httpsProxy="x"), "inputs.httpsProxy"),
    "another account": (inputs("account", allowedAccountIds='["123456789012"]'), "inputs.allowedAccountIds"),
    "any account": (lambda state: of(state, "account")["inputs"].pop("allowedAccountIds"), "inputs.allowedAccountIds"),
    "another account's role": (
        inputs("account", assumeRoles=json.dumps([{"roleArn": "arn:aws:iam::123456789012:role/x"}])),
        "inputs.assumeRoles",
    ),
    "a role with a policy": (
        inputs("account", assumeRoles=json.dumps([{"roleArn": ROLE, "policy": "{}"}])),
        "inputs.assumeRoles",
    ),
    "no kubeconfig": (lambda state: of(state, "cluster")["inputs"].pop("kubeconfig"), "inputs.kubeconfig"),
    "a file's kubeconfig": (inputs("cluster", kubeconfig="/x"), "inputs.kubeconfig"),
    "Helm's plugins": (inputs("cluster", helmReleaseSettings="{}"), "inputs.helmReleaseSettings"),
    "another program": (config(command(command="/x")), "aws eks get-token"),
    "another program of eks's": (config(command(command="/x"), "cluster-eks-k8s"), "aws eks get-token"),
    "other arguments": (config(command(args=["s3", "cp", "x", "y"])), "inputs.kubeconfig"),
    "an endpoint of the client's": (config(arguments("--endpoint-url", "https://x")), "aws eks get-token"),
    "a profile of the client's": (config(arguments("--profile", "x")), "aws eks get-token"),
    "a role elsewhere": (config(command(args=[*[""] * 2, "--role", "arn:aws:iam::1:role/x"])), "inputs.kubeconfig"),
    "a variable of the client's": (config(command(env=[{"name": "AWS_CONFIG_FILE", "value": "x"}])), "get-token"),
    "another way in": (config(lambda content: user(content).update(token="x")), "aws eks get-token"),
    "a plugin for credentials": (config(lambda content: user(content).update({"auth-provider": {}})), "get-token"),
    "one thing said twice": (
        inputs("cluster", kubeconfig=kubernetes().replace('"command"', '"command": "/x", "command"')),
        "inputs.kubeconfig",
    ),
    "more users": (config(lambda content: content["users"].append(content["users"][0])), "inputs.kubeconfig"),
    "a proxy of the cluster's": (config(cluster(**{"proxy-url": "http://x"})), "aws eks get-token"),
    "no TLS": (config(cluster(**{"insecure-skip-tls-verify": True})), "aws eks get-token"),
    "another server": (config(server("https://example.org")), "must be an endpoint of EKS"),
    "plain HTTP": (config(server(ENDPOINT.replace("https", "http"))), "must be an endpoint of EKS"),
    "a domain that looks alike": (config(server("https://x-eks.amazonaws.com.example.org")), "must be an endpoint"),
    "a pickled program": (added(type="pulumi-python:dynamic:Resource"), "makes resources of"),
    "a command": (added(type="command:local:Command"), "makes resources of"),
    "a chart": (added(type="kubernetes:helm.sh/v3:Release"), "Kubernetes itself"),
    "another stack": (added(type="pulumi:pulumi:StackReference"), "makes resources of"),
    "another's provider": (fields("x", provider=f"{STACK}{PROVIDER}kubernetes::cluster::1"), "a provider of aws"),
    "a hook": (fields("x", resourceHooks={"beforeDelete": ["x"]}), "resourceHooks"),
    "a view": (fields("x", viewOf="urn:x"), "viewOf"),
    "two types": (fields("x", type="aws:s3/bucketPolicy:BucketPolicy"), "must be the type that the URN names"),
}  # fmt: skip


def test_the_programs_own_state_is_not_foreign() -> None:
    assert [*foreign(a_state(), ACCOUNT)] == []


@pytest.mark.parametrize("way", FOREIGN)
def test_each_way_in_is_named(way: str) -> None:
    edit, told = FOREIGN[way]
    state = copy.deepcopy(a_state())
    edit(state)
    lines = [*foreign(state, ACCOUNT)]
    assert lines
    assert any(told in line for line in lines), lines


def test_the_endpoint_of_a_local_cloud_is_allowed_where_the_environment_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = a_state()
    config(server("https://127.0.0.1:6443"))(state)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(PortalError, match=r"dev: its state has .*\n.*'https://127.0.0.1:6443': must be an endpoint"):
        refuse_foreign_state("dev", ACCOUNT, state)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:4566")
    refuse_foreign_state("dev", ACCOUNT, state)


def test_what_the_program_gives_its_providers_is_its_own(graph: Recording, stack: str) -> None:
    del graph
    recorded = [one for one in whole_account(stack).resources if one.type.startswith(PROVIDER)]
    account = json.loads(recorded[0].inputs["allowedAccountIds"])[0]
    given = [{**one.inputs, **({"kubeconfig": kubernetes()} if "kubeconfig" in one.inputs else {})} for one in recorded]
    resources = [
        {"urn": one.urn, "type": one.type, "inputs": inputs_} for one, inputs_ in zip(recorded, given, strict=True)
    ]
    lines = [*foreign({"resources": resources}, account)]
    assert not [line for line in lines if "inputs.kubeconfig: must enter" not in line], lines

"""Whether a stack's state has only what the program makes of providers.

The state says which plugins the engine starts, from where it downloads them, and with which inputs: whoever writes a
state would run a program of his on the machine of the next one to bring the stack up.

Rests on the engine's source, version 3.259 (pkg/engine/plugins.go, pkg/resource/deploy/providers/registry.go):
- Before the program starts, a plugin is downloaded for each provider in the state that is not installed, by name,
  version and URL in the provider's inputs (``__internal``, and ``version``).
- A refresh or a deletion starts the provider that the resource names, with the inputs in the state.
- Snippets in the state are programs, which run beside the program.
- Hooks name functions that the program registers; it registers none.
The ``kubernetes`` provider runs what ``exec`` in its kubeconfig names, and its Helm releases run plugins and filters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from typing import Any, Final, cast
from urllib.parse import urlsplit

from . import names, rules

Resource = Mapping[str, Any]

PROVIDER: Final = "pulumi:providers:"
PACKAGES: Final = {"aws": "pulumi-aws", "eks": "pulumi-eks", "kubernetes": "pulumi-kubernetes", "pulumi": "pulumi"}
"""Plugins of the program's providers, with the distribution that each comes with. The engine itself is ``pulumi``."""
INPUTS: Final = {
    "aws": {
        "allowedAccountIds", "assumeRoles", "defaultTags", "region", "skipCredentialsValidation",
        "skipRegionValidation",
    },
    "eks": set[str](),
    "kubernetes": {"clusterIdentifier", "kubeconfig"},
    "pulumi": set[str](),
}  # fmt: skip
"""Inputs that the program, or the SDK by itself, gives to providers."""
EKS_DOMAINS: Final = (".eks.amazonaws.com", ".eks.amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")
"""Of the endpoints that EKS gives to clusters."""
DEPLOYMENT: Final = {"manifest", "metadata", "pending_operations", "resources", "secrets_providers"}
FIELDS: Final = {
    "additionalSecretOutputs", "aliases", "created", "custom", "customTimeouts", "delete", "deletedWith",
    "dependencies", "external", "hideDiff", "id", "ignoreChanges", "importID", "initErrors", "inputs", "modified",
    "outputs", "parent", "pendingReplacement", "propertyDependencies", "protect", "provider", "refreshBeforeUpdate",
    "replaceOnChanges", "replaceWith", "replacementTrigger", "retainOnDelete", "sourcePosition", "stackTrace", "taint",
    "type", "urn",
}  # fmt: skip
"""Of a resource in a state, without those that have other code run: hooks, snippets, extensions, views."""
ON_THIS_MACHINE: Final = ("helm.sh", "kustomize", "yaml")
"""Groups of ``kubernetes`` that are not Kubernetes' own: the provider reads files and runs programs for them."""
EXEC_ENV: Final = "KUBERNETES_EXEC_INFO"
"""pulumi_eks sets this variable of ``aws eks get-token``."""


def foreign(deployment: Mapping[str, Any], account: str, hosts: Iterable[str] = ()) -> Iterator[str]:
    """A line for each thing in a state that the program of ``account`` does not make, and that may have other code run.

    ``hosts``: where the API of a cluster may be beside EKS's own domains.
    """
    for key in sorted(deployment.keys() - DEPLOYMENT):
        if deployment[key]:
            yield f"{key}: is nothing that the program makes"
    operations: list[Mapping[str, Any]] = deployment.get("pending_operations") or []
    resources = [*(deployment.get("resources") or []), *(one["resource"] for one in operations)]
    yield from foreign_resources(resources, account, hosts)


def foreign_resources(resources: Iterable[Resource], account: str, hosts: Iterable[str] = ()) -> Iterator[str]:
    """Such lines for some of a state's resources."""
    allowed = tuple(hosts)
    for resource in resources:
        for rule in _resource(resource, account, allowed):
            yield f"{resource.get('urn')}: {rule}"


def _resource(resource: Resource, account: str, hosts: tuple[str, ...]) -> Iterator[str]:
    type_ = str(resource.get("urn")).split("::")[2:3]
    own = type_[0].rpartition("$")[2] if type_ else ""
    if own != resource.get("type"):
        yield f"type: {resource.get('type')!r}: must be the type that the URN names"
    for field in sorted(resource.keys() - FIELDS):
        if resource[field]:
            yield f"{field}: {resource[field]!r}: the program gives its resources none"
    if own.startswith(PROVIDER):
        yield from _provider(own.removeprefix(PROVIDER), resource.get("inputs") or {}, account, hosts)
        return
    package, _, rest = own.partition(":")
    if package not in {"aws", "eks", "kubernetes", "portal"} and own != "pulumi:pulumi:Stack":
        yield f"type: {own!r}: the program makes resources of aws, eks, kubernetes and portal"
    if package == "kubernetes" and rest.startswith(ON_THIS_MACHINE):
        yield f"type: {own!r}: must be an object of Kubernetes itself"
    yield from _reference(package, str(resource.get("provider") or ""))


def _reference(package: str, provider: str) -> Iterator[str]:
    """The provider that a resource names must be its package's."""
    if provider:
        named = provider.split("::")[2:3]
        if not named or named[0].rpartition("$")[2] != f"{PROVIDER}{package}":
            yield f"provider: {provider!r}: must be a provider of {package}"


def _provider(package: str, inputs: Mapping[str, Any], account: str, hosts: tuple[str, ...]) -> Iterator[str]:
    if package not in PACKAGES:
        yield f"is a provider that the program does not make; it makes those of {', '.join(sorted(PACKAGES))}"
        return
    yield from _plugin(package, inputs)
    for key in sorted(inputs.keys() - INPUTS[package] - {"__internal", "version"}):
        yield f"inputs.{key}: the program gives this provider no such input"
    if package == "aws":
        yield from _aws(inputs, account)
    if package == "kubernetes":
        yield from _kubeconfig(inputs.get("kubeconfig"), account, hosts)


def _plugin(package: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Pulumi's own plugin, of a released version that the SDK in use, or the one before, comes with."""
    pinned = int(metadata.version(PACKAGES[package]).partition(".")[0])
    version = inputs.get("version")
    majors = f"{max(pinned - 1, 0)}|{pinned}"
    if version is not None and not re.fullmatch(rf"({majors})\.\d+\.\d+", str(version)):
        yield f"inputs.version: {version!r}: must be a release of major version {majors.replace('|', ' or ')}"
    internal: Any = inputs.get("__internal") or {}
    for key, value in cast("dict[str, Any]", internal).items() if isinstance(internal, Mapping) else [("", internal)]:
        if key != "envVarMappings" or not _own_variables(value):
            yield f"inputs.__internal.{key}: {value!r}: the program asks for no other plugin or environment"


def _own_variables(mappings: Any) -> bool:
    return (
        isinstance(mappings, Mapping) and cast("dict[str, Any]", mappings).items() <= names.PROVIDER_VARIABLES.items()
    )


def _aws(inputs: Mapping[str, Any], account: str) -> Iterator[str]:
    if _decoded(inputs.get("allowedAccountIds")) != [account]:
        yield f"inputs.allowedAccountIds: {inputs.get('allowedAccountIds')!r}: must be the account {account} alone"
    if rules.region(str(inputs.get("region"))):
        yield f"inputs.region: {inputs.get('region')!r}: must be a region of AWS"
    roles = _decoded(inputs.get("assumeRoles") or "[]")
    for role in cast("list[Any]", roles) if isinstance(roles, list) else [roles]:
        given = cast("dict[str, Any]", role) if isinstance(role, Mapping) else {}
        arn = str(given.get("roleArn"))
        if given.keys() - {"roleArn", "sessionName"} or not arn.startswith(f"arn:aws:iam::{account}:role/"):
            yield f"inputs.assumeRoles: {role!r}: must be a role of the account {account}, and nothing else"


def _kubeconfig(value: Any, account: str, hosts: tuple[str, ...]) -> Iterator[str]:
    from .cluster_access import kubeconfig  # half of a second, which stacks without a cluster do not spend

    config = _decoded(value)
    try:
        [cluster], [user], [context] = config["clusters"], config["users"], config["contexts"]
        server, authority = cluster["cluster"]["server"], cluster["cluster"]["certificate-authority-data"]
        command = dict(user["user"]["exec"])
        *arguments, role = _without_role(command["args"])
        expected = json.loads(kubeconfig(name=names.CLUSTER, endpoint=server, authority=authority, region=arguments[1]))
        wanted = expected["users"][0]["user"]["exec"]
        environment = command.pop("env", None) or []
        command.setdefault("interactiveMode", wanted["interactiveMode"])
        like_ours = {
            **expected,
            "clusters": [{"name": cluster["name"], "cluster": expected["clusters"][0]["cluster"]}],
            "users": [{"name": user["name"], "user": {"exec": wanted}}],
            "contexts": [{"name": context["name"], "context": {"cluster": cluster["name"], "user": user["name"]}}],
            "current-context": context["name"],
        }
        theirs = {**config, "users": [{**user, "user": {**user["user"], "exec": {**command, "args": arguments}}}]}
        alike = theirs == like_ours and {one["name"] for one in environment} <= {EXEC_ENV}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        yield "inputs.kubeconfig: must be the one that the program makes"
        return
    of_account = not role or role.startswith(f"arn:aws:iam::{account}:role/")
    if not (alike and of_account) or rules.region(arguments[1]):
        yield f"inputs.kubeconfig: must enter the cluster {names.CLUSTER} by `aws eks get-token`, and do nothing else"
    host = str(urlsplit(str(server)).hostname)
    if not (str(server).startswith("https://") and (host.endswith(EKS_DOMAINS) or host in hosts)):
        yield f"inputs.kubeconfig: {server!r}: must be an endpoint of EKS: whoever answers there is given a token"


def _without_role(arguments: Iterable[str]) -> tuple[str, ...]:
    """The arguments of `aws`, and at the end the role that they name; empty: none."""
    words = [*arguments]
    if words[-2:-1] and words[-2] in ("--role", "--role-arn"):
        return (*words[:-2], words[-1])
    return (*words, "")


def _decoded(value: Any) -> Any:
    """Nested inputs of a provider are JSON texts. None for what is none, and for one that says something twice."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, object_pairs_hook=_once)
    except ValueError:
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two values of a key counts is each reader's affair."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)

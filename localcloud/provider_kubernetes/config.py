"""The provider's configuration: which keys there are, when a change replaces it, and the kubeconfig.

pulumi-kubernetes facts: an unchanged `clusterIdentifier` keeps the provider whatever its kubeconfig becomes, a changed
one replaces it, adding or removing it does neither; without it, another server or certificate in the kubeconfig
replaces it, and so does a kubeconfig that isn't known yet.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from localcloud.provider.compare import Change
from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.results import Failures

IDENTIFIER: Final = "clusterIdentifier"
_TEXTS: Final = ("kubeconfig", "context", "cluster", "namespace", IDENTIFIER)
_FLAGS: Final = {
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
}
_SILENT: Final = ("suppressDeprecationWarnings", "suppressHelmHookWarnings", "version", "pluginDownloadURL")
"""Of the official provider, without effect here: there are no such warnings."""
_CLUSTER: Final = ("kubeconfig", "context", "cluster")
Json = dict[str, Any]


class KubeconfigError(Exception):
    """Why no cluster can be told from the configuration."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """The command of a kubeconfig that prints credentials."""

    command: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Access:
    """How a kubeconfig reaches its cluster: one of ``token`` and ``command``, or neither."""

    server: str
    authority: str | None
    namespace: str
    token: str = ""
    command: Command | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    mutable: frozenset[str] = frozenset()
    """Of ConfigMap and Secret, those whose data change in place."""


def check(news: Mapping[str, Any]) -> Failures:
    """What is wrong with the configuration; nothing here asks the network."""
    failures: Failures = []
    for key, value in news.items():
        if value is UNKNOWN or key in _SILENT:
            continue
        if key in _TEXTS:
            if not isinstance(value, str):
                failures.append((key, f"must be text, is {value!r}"))
        elif key in _FLAGS:
            if value not in (True, False, "true", "false"):
                failures.append((key, f"must be true or false, is {value!r}"))
        else:
            failures.append((key, "the local cloud's kubernetes provider does not support this setting"))
    if not _flag(news, "enableServerSideApply", default=True):
        reason = "the local cloud's kubernetes provider works by server-side apply alone: false is not supported"
        failures.append(("enableServerSideApply", reason))
    return failures


def settings(args: Mapping[str, Any]) -> Settings:
    """The checked configuration, with what the environment adds."""
    mutable = {"enableConfigMapMutable": "ConfigMap", "enableSecretMutable": "Secret"}
    return Settings(
        kubeconfig=str(args.get("kubeconfig") or os.environ.get("KUBECONFIG") or ""),
        context=str(args.get("context") or ""),
        cluster=str(args.get("cluster") or ""),
        namespace=str(args.get("namespace") or ""),
        delete_unreachable=_flag(args, "deleteUnreachable"),
        skip_update_unreachable=_flag(args, "skipUpdateUnreachable"),
        mutable=frozenset(kind for key, kind in mutable.items() if _flag(args, key)),
    )


def _flag(args: Mapping[str, Any], key: str, *, default: bool = False) -> bool:
    value = args.get(key, os.environ.get(_FLAGS[key], default))
    return value in (True, "true") or value is UNKNOWN


def differences(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[Change]:
    """What an update of the provider would change, and whether it replaces the provider."""
    changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key) and key not in _SILENT)
    replacing: set[str] = set()
    old, new = olds.get(IDENTIFIER), news.get(IDENTIFIER)
    if old and new and old != new:
        replacing.add(IDENTIFIER)
    if not (new and old == new):
        replacing |= _replacing_clusters(olds, news, changed)
    return [Change(key, _change_kind(olds, news, key), key in replacing) for key in changed]


def _change_kind(olds: Mapping[str, Any], news: Mapping[str, Any], key: str) -> Any:
    if key not in olds:
        return "add"
    return "update" if key in news else "delete"


def _replacing_clusters(olds: Mapping[str, Any], news: Mapping[str, Any], changed: list[str]) -> set[str]:
    unknown = {key for key in _CLUSTER if news.get(key) is UNKNOWN}
    if unknown:
        return unknown
    try:
        same = _named_cluster(olds) == _named_cluster(news)
    except KubeconfigError:
        return set()
    return set() if same else {key for key in _CLUSTER if key in changed}


def _named_cluster(config: Mapping[str, Any]) -> Json:
    chosen = settings(config)
    return _chosen_cluster(_document(chosen.kubeconfig), chosen)[0]


def access(chosen: Settings) -> Access:
    """How to reach the cluster that the settings name. Raises KubeconfigError."""
    document = _document(chosen.kubeconfig)
    cluster, context = _chosen_cluster(document, chosen)
    user = _entry(document, "users", str(context.get("user", ""))).get("user") or {}
    unsupported = set(user) - {"exec", "token"}
    if unsupported:
        raise KubeconfigError(
            f"users of the kubeconfig may have exec or token here, not {', '.join(sorted(unsupported))}"
        )
    authority = cluster.get("certificate-authority-data")
    return Access(
        server=str(cluster.get("server", "")),
        authority=base64.b64decode(str(authority)).decode() if authority else None,
        namespace=chosen.namespace or str(context.get("namespace", "")),
        token=str(user.get("token", "")),
        command=_command(user["exec"]) if "exec" in user else None,
    )


def _document(text: str) -> Json:
    """The kubeconfig, given as text or as the path of a file."""
    if not text:
        raise KubeconfigError(
            "unable to load Kubernetes client configuration from kubeconfig file: no configuration has been provided, "
            "set the provider's kubeconfig or KUBECONFIG"
        )
    if "\n" not in text and "{" not in text and Path(text).expanduser().is_file():
        text = Path(text).expanduser().read_text()
    import yaml  # not needed while there is no kubeconfig, as in a cluster's first preview

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise KubeconfigError(f"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- {error}") from None
    if not isinstance(value, dict):
        raise KubeconfigError(
            "failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- it is no kubeconfig, and no file's path"
        )
    return value


def _chosen_cluster(document: Json, chosen: Settings) -> tuple[Json, Json]:
    """The cluster and the context that the settings choose in a kubeconfig."""
    context = _entry(document, "contexts", chosen.context or str(document.get("current-context", ""))).get("context")
    name = chosen.cluster or str((context or {}).get("cluster", ""))
    return _entry(document, "clusters", name).get("cluster") or {}, context or {}


def _entry(document: Json, field_name: str, name: str) -> Json:
    for each in document.get(field_name) or ():
        if each.get("name") == name:
            return each
    raise KubeconfigError(f"the kubeconfig has no {field_name.removesuffix('s')} {name!r}")


def _command(given: Json) -> Command:
    return Command(
        command=str(given.get("command", "")),
        arguments=tuple(str(each) for each in given.get("args") or ()),
        environment={str(each["name"]): str(each["value"]) for each in given.get("env") or ()},
    )

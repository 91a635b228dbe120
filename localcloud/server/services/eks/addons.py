"""Add-ons: software of AWS's in a cluster, in a version that is published for the cluster's Kubernetes.

AWS facts: an add-on whose replicas have no node to run on is DEGRADED; one that is there already is refused whatever
its state. Auto Mode's nodes have CoreDNS, kube-proxy, the VPC CNI, EBS CSI and the Pod Identity agent built in.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Final

import yaml

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import refusals, versions
from .model import Cluster, active, cluster_of, page
from .parts import DELETING_SECONDS, Addon, Update, later, now

_HANDLED: Final = frozenset(
    {
        "addonName", "addonVersion", "clientRequestToken", "clusterName", "configurationValues", "resolveConflicts",
        "tags",
    }
)  # fmt: skip


def status(cluster: Cluster, addon: Addon) -> str:
    if addon.gone_at is not None:
        return "DELETING"
    if any(update.status == "InProgress" for update in addon.updates.values()):
        return "UPDATING"
    if time.monotonic() < addon.ready_at:
        return "CREATING"
    return "DEGRADED" if _lacks_nodes(cluster, addon) else "ACTIVE"


def _lacks_nodes(cluster: Cluster, addon: Addon) -> bool:
    pools = cluster.settings["computeConfig"]["nodePools"]
    return versions.ADDONS[addon.name].replicas and not pools and not cluster.running.has_node_pools()


def described(cluster: Cluster, addon: Addon) -> dict[str, Any]:
    published, now_status = versions.ADDONS[addon.name], status(cluster, addon)
    issue = {
        "code": "InsufficientNumberOfReplicas",
        "message": "The add-on is unhealthy because it doesn't have the desired number of replicas.",
        "resourceIds": [addon.name],
    }
    return {
        "addonName": addon.name,
        "clusterName": cluster.name,
        "status": now_status,
        "addonVersion": addon.version,
        "health": {"issues": [issue] if now_status == "DEGRADED" else []},
        "addonArn": addon.arn,
        "createdAt": addon.created,
        "modifiedAt": addon.modified,
        "tags": addon.tags,
        "owner": published.owner,
        "publisher": published.publisher,
        "namespaceConfig": {"namespace": published.namespace},
        **({"configurationValues": addon.configuration} if addon.configuration else {}),
    }


def _version(name: str, version: str | None, kubernetes: str) -> str:
    if version is None:
        return versions.default_addon_version(name, kubernetes)
    if version not in versions.addon_versions(name, kubernetes):
        raise refusals.invalid(f"Addon version specified is not supported: {name} {version}, Kubernetes {kubernetes}")
    return version


def _check_configuration(name: str, text: str | None) -> None:
    if not text:
        return
    try:
        values = yaml.safe_load(text)  # JSON too
    except yaml.YAMLError as error:
        raise refusals.invalid(f"ConfigurationValue provided in request is not valid JSON or YAML: {error}") from error
    if not isinstance(values, dict):
        raise refusals.invalid("ConfigurationValue provided in request is not an object.")
    keys: list[Any] = list(values)
    if unknown := sorted(str(key) for key in keys if key not in versions.ADDONS[name].keys):
        rule = "is not defined in the schema and the schema does not allow additional properties"
        text = ", ".join(f"$.{key}: {rule}" for key in unknown)
        what = "ConfigurationValue provided in request is not supported: Json schema validation failed with error:"
        raise refusals.invalid(f"{what} [{text}]")


@HOOKS.instead("eks", "CreateAddon")
def create(call: Call) -> Params:
    params, cluster = call.params, active(cluster_of(call))
    refusals.only(call, _HANDLED)
    name = params["addonName"]
    versions.addon(name)
    if name in cluster.addons:
        raise refusals.in_use("Addon already exists.")
    version = _version(name, params.get("addonVersion"), cluster.version)
    _check_configuration(name, params.get("configurationValues"))
    addon = Addon(
        cluster=cluster.name,
        name=name,
        arn=cluster.sub_arn("addon", name, str(uuid.uuid4())),
        version=version,
        configuration=params.get("configurationValues"),
        tags=dict(params.get("tags") or {}),
    )
    cluster.addons[name] = addon
    return {"addon": described(cluster, addon)}


@HOOKS.instead("eks", "DescribeAddon")
def describe(call: Call) -> Params:
    cluster = cluster_of(call)
    return {"addon": described(cluster, cluster.addon(call.params["addonName"]))}


@HOOKS.instead("eks", "ListAddons")
def listed(call: Call) -> Params:
    return page(call, sorted(cluster_of(call).addons), "addons")


@HOOKS.instead("eks", "UpdateAddon")
def update(call: Call) -> Params:
    params, cluster = call.params, active(cluster_of(call))
    refusals.only(call, _HANDLED)
    addon = cluster.addon(params["addonName"])
    if (state := status(cluster, addon)) not in ("ACTIVE", "DEGRADED"):
        raise refusals.in_use(f"Addon {addon.name} is {state} and can't be updated.")
    version = (
        _version(addon.name, params["addonVersion"], cluster.version) if "addonVersion" in params else addon.version
    )
    _check_configuration(addon.name, params.get("configurationValues"))
    configuration = params.get("configurationValues", addon.configuration)

    def apply() -> None:
        addon.version, addon.configuration, addon.modified = version, configuration or None, now()

    given = {
        "AddonVersion": version,
        "ConfigurationValues": configuration,
        "ResolveConflicts": params.get("resolveConflicts"),
    }
    shown = [{"type": name, "value": value} for name, value in given.items() if value]
    change = Update(type="AddonUpdate", params=shown, apply=apply)
    addon.updates[change.id] = change
    return {"update": change.described()}


@HOOKS.instead("eks", "DeleteAddon")
def delete(call: Call) -> Params:
    cluster = cluster_of(call)
    addon = cluster.addon(call.params["addonName"])
    if addon.gone_at is None:
        addon.gone_at = later(DELETING_SECONDS)
    return {"addon": described(cluster, addon)}


@HOOKS.instead("eks", "DescribeAddonVersions")
def addon_versions(call: Call) -> Params:
    params = call.params
    named, kubernetes = params.get("addonName"), params.get("kubernetesVersion")
    if named is not None and named not in versions.ADDONS:
        raise refusals.invalid(f"Addon {named} specified is not supported")
    if kubernetes is not None and kubernetes not in versions.MINORS:
        raise refusals.invalid(f"unsupported Kubernetes version: {kubernetes}")
    minors = [kubernetes] if kubernetes else list(versions.MINORS)
    infos = [_published(name, minors) for name in sorted([named] if named else versions.ADDONS)]
    asked = {"types": "type", "publishers": "publisher", "owners": "owner"}
    for parameter, member in asked.items():
        if params.get(parameter):
            infos = [info for info in infos if info[member] in params[parameter]]
    return page(call, infos, "addons")


def _published(name: str, minors: list[str]) -> dict[str, Any]:
    published = versions.ADDONS[name]
    of_minors = {minor: versions.addon_versions(name, minor) for minor in minors}
    builds = dict.fromkeys(version for minor in reversed(minors) for version in of_minors[minor])
    return {
        "addonName": name,
        "type": published.type,
        "publisher": published.publisher,
        "owner": published.owner,
        "defaultNamespace": published.namespace,
        "addonVersions": [
            {
                "addonVersion": build,
                "architecture": ["amd64", "arm64"],
                "computeTypes": ["ec2", "auto", "hybrid"],
                "compatibilities": [
                    {
                        "clusterVersion": minor,
                        "platformVersions": ["*"],
                        "defaultVersion": versions.default_addon_version(name, minor) == build,
                    }
                    for minor in minors
                    if build in of_minors[minor]
                ],
                "requiresConfiguration": False,
                "requiresIamPermissions": False,
            }
            for build in builds
        ],
    }


@HOOKS.instead("eks", "DescribeAddonConfiguration")
def configuration(call: Call) -> Params:
    name, version = call.params["addonName"], call.params["addonVersion"]
    published = versions.addon(name)
    if not any(version in versions.addon_versions(name, minor) for minor in versions.MINORS):
        raise Refusal("ResourceNotFoundException", f"No version {version} of the addon {name} found.", 404)
    schema = {"type": "object", "properties": {key: {} for key in published.keys}, "additionalProperties": False}
    return {"addonName": name, "addonVersion": version, "configurationSchema": json.dumps(schema)}

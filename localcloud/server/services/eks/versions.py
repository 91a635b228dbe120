"""Kubernetes' minor versions on EKS with the ends of their support, and the add-ons that are published for them.

Sources: EKS user guide, "Understand the Kubernetes version lifecycle" and the add-ons' pages, as of September 2026. The
builds of add-ons follow a rule of this table's own: AWS publishes a new one every few weeks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.server.call import Refusal


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Minor:
    released: str
    standard_ends: str
    extended_ends: str
    platform: int
    patch: int


MINORS: Final = {
    "1.31": Minor(released="2024-09-26", standard_ends="2025-11-26", extended_ends="2026-11-26", platform=58, patch=14),
    "1.32": Minor(released="2025-01-23", standard_ends="2026-03-23", extended_ends="2027-03-23", platform=45, patch=12),
    "1.33": Minor(released="2025-05-29", standard_ends="2026-07-29", extended_ends="2027-07-29", platform=38, patch=9),
    "1.34": Minor(released="2025-10-02", standard_ends="2026-12-02", extended_ends="2027-12-02", platform=24, patch=7),
    "1.35": Minor(released="2026-01-28", standard_ends="2027-03-27", extended_ends="2028-03-27", platform=15, patch=4),
    "1.36": Minor(released="2026-06-02", standard_ends="2027-08-02", extended_ends="2028-08-02", platform=6, patch=1),
}
DEFAULT: Final = "1.35"
EXTENDED, STANDARD = "EXTENDED_SUPPORT", "STANDARD_SUPPORT"


def support(version: str, moment: datetime) -> str:
    """The kind of support that the version has at that moment."""
    minor = MINORS[version]
    if moment < _day(minor.standard_ends):
        return STANDARD
    return EXTENDED if moment < _day(minor.extended_ends) else "UNSUPPORTED"


def check(version: str, moment: datetime) -> str:
    """The version, if clusters are still made of it. Raises Refusal."""
    if version not in MINORS or support(version, moment) == "UNSUPPORTED":
        raise Refusal("InvalidParameterException", f"unsupported Kubernetes version: {version}")
    return version


def check_update(before: str, after: str, moment: datetime) -> None:
    """Raises Refusal unless the one is the minor version after the other."""
    order = list(MINORS)
    if after not in MINORS:
        raise Refusal("InvalidParameterException", f"unsupported Kubernetes version: {after}")
    if order.index(after) != order.index(before) + 1:
        text = f"Unsupported Kubernetes minor version update from {before} to {after}"
        raise Refusal("InvalidParameterException", text)
    check(after, moment)


def described(version: str, moment: datetime) -> dict[str, Any]:
    minor, kind = MINORS[version], support(version, moment)
    return {
        "clusterVersion": version,
        "clusterType": "eks",
        "defaultPlatformVersion": f"eks.{minor.platform}",
        "defaultVersion": version == DEFAULT,
        "releaseDate": _day(minor.released),
        "endOfStandardSupportDate": _day(minor.standard_ends),
        "endOfExtendedSupportDate": _day(minor.extended_ends),
        "status": kind,
        "versionStatus": kind,
        "kubernetesPatchVersion": f"{version}.{minor.patch}",
    }


@dataclass(frozen=True, kw_only=True)
class Published:
    """An add-on. ``version``: of Kubernetes 1.31 if ``follows`` (one more for each minor after it), else of all.

    ``replicas``: it is a Deployment, which needs nodes to run on."""

    type: str
    version: tuple[int, int, int]
    builds: int
    owner: str = "aws"
    publisher: str = "eks"
    namespace: str = "kube-system"
    follows: bool = False
    replicas: bool = False
    newer: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """By minor of Kubernetes, what is published for it beside, the newest first."""
    keys: tuple[str, ...] = ()
    """Of its configuration, at the top."""


_POD = ("affinity", "nodeSelector", "podAnnotations", "podLabels", "resources", "tolerations")
_METRICS = ("v0.9.0-eksbuild.5",)
ADDONS: Final = {
    "amazon-cloudwatch-observability": Published(
        type="observability", version=(4, 9, 0), builds=2, namespace="amazon-cloudwatch", replicas=True,
        keys=("agent", "agents", "containerLogs", "dcgmExporter", "manager", "neuronMonitor", "nodeExporter",
              "tolerations", "affinity", "region", "priorityClassName"),
    ),
    "aws-ebs-csi-driver": Published(
        type="storage", version=(1, 54, 0), builds=2, replicas=True,
        keys=("controller", "defaultStorageClass", "node", "sidecars", "nodeComponentOnly"),
    ),
    "aws-efs-csi-driver": Published(
        type="storage", version=(2, 3, 0), builds=2, replicas=True, keys=("controller", "node", "sidecars"),
    ),
    "aws-mountpoint-s3-csi-driver": Published(
        type="storage", version=(2, 4, 0), builds=2, namespace="mount-s3",
        keys=("controller", "node", "sidecars", "mountpointPod"),
    ),
    "aws-secrets-store-csi-driver-provider": Published(
        type="security", version=(3, 1, 3), builds=1, namespace="aws-secrets-manager",
        newer={"1.36": ("v3.1.4-eksbuild.1",)},
        keys=("awsRegion", "secrets-store-csi-driver", *_POD, "updateStrategy", "k8sThrottlingParams", "image"),
    ),
    "coredns": Published(
        type="networking", version=(1, 11, 4), builds=3, follows=True, replicas=True,
        keys=("autoScaling", "computeType", "corefile", "podDisruptionBudget", "replicaCount",
              "topologySpreadConstraints", *_POD),
    ),
    "eks-node-monitoring-agent": Published(type="observability", version=(1, 6, 1), builds=1,
                                           keys=("monitoringAgent", "nodeAgent", "dcgmAgent")),
    "eks-pod-identity-agent": Published(
        type="security", version=(1, 3, 10), builds=2,
        keys=("agent", "priorityClassName", "updateStrategy", "daemonsets", *_POD),
    ),
    "external-dns": Published(
        type="networking", version=(0, 20, 0), builds=3, owner="community", namespace="external-dns", replicas=True,
        keys=("domainFilters", "policy", "provider", "registry", "sources", "txtOwnerId", "interval", *_POD),
    ),
    "kube-proxy": Published(
        type="networking", version=(1, 31, 14), builds=5, follows=True,
        keys=("ipvs", "mode", *_POD),
    ),
    "kube-state-metrics": Published(
        type="observability", version=(2, 18, 0), builds=2, owner="community", namespace="kube-state-metrics",
        replicas=True, keys=("collectors", "replicas", *_POD),
    ),
    "metrics-server": Published(
        type="observability", version=(0, 8, 1), builds=3, owner="community", replicas=True,
        newer={"1.34": _METRICS, "1.35": _METRICS, "1.36": ("v0.9.0-eksbuild.11", *_METRICS)},
        keys=("addonResizer", "args", "defaultArgs", "metrics", "podDisruptionBudget", "replicas",
              "revisionHistoryLimit", "updateStrategy", "topologySpreadConstraints", *_POD),
    ),
    "prometheus-node-exporter": Published(
        type="observability", version=(1, 10, 2), builds=2, owner="community", namespace="prometheus-node-exporter",
        keys=("extraArgs", "service", *_POD),
    ),
    "vpc-cni": Published(
        type="networking", version=(1, 21, 1), builds=3,
        keys=("enableNetworkPolicy", "env", "eniConfig", "init", "nodeAgent", "livenessProbe", "readinessProbe",
              "originalMatchLabels", *_POD),
    ),
}  # fmt: skip


def addon(name: str) -> Published:
    """Raises Refusal for a name that is no add-on's."""
    published = ADDONS.get(name)
    if published is None:
        raise Refusal("InvalidParameterException", f"Addon {name} specified is not supported")
    return published


def addon_versions(name: str, version: str) -> list[str]:
    """Of an add-on for a minor version of Kubernetes, the newest first."""
    published = ADDONS[name]
    major, minor, patch = published.version
    if published.follows:
        minor += list(MINORS).index(version)
    builds = (f"v{major}.{minor}.{patch}-eksbuild.{build}" for build in range(published.builds, 0, -1))
    return [*published.newer.get(version, ()), *builds]


def default_addon_version(name: str, version: str) -> str:
    """What AWS installs when no version is asked for: not the newest, where there are several."""
    published = addon_versions(name, version)
    return published[min(1, len(published) - 1)]

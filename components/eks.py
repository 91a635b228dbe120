"""Kubernetes versions of EKS, as AWS supported them on :data:`READ_ON`, and their add-ons; nothing is asked of AWS.

Rests on: EKS user guide "Kubernetes versions". A minor version is supported for 14 months. Past its end AWS upgrades
a cluster whose upgrade policy is STANDARD by itself; with EXTENDED it bills six times the price of the control plane.
An upgrade goes to the next minor version and never back. "Updating an Amazon EKS add-on": EKS updates no add-on by
itself, neither when a new version of it is released nor after the cluster's upgrade.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

READ_ON: Final = dt.date(2026, 11, 28)
"""The date of the table. A version that EKS offered later is added to it before it can be used."""
SUPPORT_ENDS: Final = {
    "1.34": dt.date(2026, 12, 2),
    "1.35": dt.date(2027, 3, 27),
    "1.36": dt.date(2027, 8, 2),
}
"""The last day of standard support. Versions in extended support are left out: a cluster isn't made with one."""

METRICS: Final = "metrics-server"
SECRETS: Final = "aws-secrets-store-csi-driver-provider"
ADD_ONS: Final = {
    "1.34": {METRICS: "v0.9.0-eksbuild.5", SECRETS: "v3.1.3-eksbuild.1"},
    "1.35": {METRICS: "v0.9.0-eksbuild.5", SECRETS: "v3.1.3-eksbuild.1"},
    "1.36": {METRICS: "v0.9.0-eksbuild.11", SECRETS: "v3.1.4-eksbuild.1"},
}
"""By Kubernetes version, the add-ons for autoscaling and for secrets as files, in a version published for it."""


def add_on_fault(name: str) -> str | None:
    return None if name in (METRICS, SECRETS) else f"no add-on of the cluster; they are {METRICS} and {SECRETS}"


def add_on_version_fault(version: str) -> str | None:
    right = re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version)
    return None if right else "a version of an add-on is like v0.9.0-eksbuild.11"


def fault(version: str) -> str | None:
    """What is wrong with a version."""
    if version in SUPPORT_ENDS:
        return None
    known = ", ".join(sorted(SUPPORT_ENDS, key=minor, reverse=True))
    return f"no version in EKS's standard support on {READ_ON}; one of {known}"


def minor(version: str) -> int:
    match = re.fullmatch(r"1\.(\d{1,3})", version)
    if match is None:
        raise ValueError(f"version {version!r}: must be like 1.36")
    return int(match[1])


def upgrade_fault(old: str, new: str) -> str | None:
    """Why EKS would not bring a cluster from the old version to the new one."""
    step = minor(new) - minor(old)
    if step < 0:
        return f"the cluster has {old}: a version can't be taken back"
    if step > 1:
        return f"the cluster has {old}: one minor version at a time; 1.{minor(old) + 1} first"
    return None

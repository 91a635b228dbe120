"""Where the programs of real mode are, and Pulumi's own plugin: a folder that the environment names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VARIABLE: Final = "LOCALCLOUD_KUBERNETES"
"""Names the folder with the programs, as ``python -m tools.kubernetes`` prints it. Unset or empty: light mode."""
_VERSION_FILE: Final = "kubernetes-version"
_PLUGIN: Final = "pulumi-resource-kubernetes"


@dataclass(frozen=True)
class Programs:
    """A folder with Kubernetes' programs and Pulumi's plugin for it."""

    folder: Path

    @property
    def version(self) -> str:
        """Of Kubernetes, e.g. ``1.36.3``."""
        return (self.folder / _VERSION_FILE).read_text().strip()

    @property
    def minor(self) -> str:
        """E.g. ``1.36``."""
        return ".".join(self.version.split(".")[:2])

    @property
    def plugin(self) -> Path:
        """The executable of Pulumi's own `kubernetes` plugin."""
        return self.folder / _PLUGIN


def installed() -> Programs | None:
    """The programs of real mode; None in light mode. Raises ValueError for a folder that lacks them."""
    folder = os.environ.get(VARIABLE, "")
    if not folder:
        return None
    programs = Programs(Path(folder))
    needed = (_VERSION_FILE, _PLUGIN, "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
    if missing := [name for name in needed if not (programs.folder / name).exists()]:
        raise ValueError(
            f"{VARIABLE}={folder}: it lacks {', '.join(missing)}; `python -m tools.kubernetes` builds them"
        )
    return programs

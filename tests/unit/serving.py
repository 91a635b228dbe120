"""Stack files with a cluster and services, for tests."""

from __future__ import annotations

import copy
from typing import Any

from tests.unit.stackfiles import Files

API: dict[str, Any] = {"image": {"key": "api", "tag": "v1"}}
FRONTEND: dict[str, Any] = {"image": {"key": "frontend", "tag": "v1"}, "replicas": 1}
HOSTS: dict[str, Any] = {"hosts": ["portal.example.org"], "zone_id": "Z0123456789ABCDEFGHIJ"}


def without_services(settings: Any) -> None:
    """Takes away a stack's cluster, and what runs in it."""
    settings.pop("cluster", None)
    for environment in settings.get("environments", {}).values():
        for part in ("api", "frontend", "site"):
            environment.pop(part, None)


def serving(files: Files) -> None:
    """Gives the environments of dev, and prod's, all that serves."""
    for stack, environments in {"dev": ("dev", "staging"), "prod": ("prod",)}.items():
        files[stack]["cluster"] = {"version": "1.36", "public_access": ["8.8.8.0/24"]}
        there = {} if stack == "dev" else {"stack": "dev"}
        for name in environments:
            environment = files[stack]["environments"][name]
            environment |= copy.deepcopy({"api": API, "frontend": FRONTEND})
            environment["api"]["image"] |= there
            environment["frontend"]["image"] |= there
            environment["site"] = {}
    files["dev"]["images"] |= {
        "api": {"repository": "core-platform/apiv2"},
        "frontend": {"repository": "core-platform/frontend"},
    }

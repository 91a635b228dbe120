"""From a call to the permissions it needs: one closed table per service, and an error for what is in none."""

from __future__ import annotations

from collections.abc import Callable

from localcloud.server.access import (
    iam_permissions,
    kms_permissions,
    s3_permissions,
    service_permissions,
)
from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.call import Call

__all__ = ["Permission", "Unmapped", "Values", "permissions"]


def _s3(call: Call) -> list[Permission]:
    return s3_permissions.permissions(call) + kms_permissions.of_objects(call)


_BY_SERVICE: dict[str, Callable[[Call], list[Permission]]] = {
    "s3": _s3,
    "s3control": s3_permissions.control_permissions,
    "iam": iam_permissions.iam_permissions,
    "sts": iam_permissions.sts_permissions,
    "kms": kms_permissions.permissions,
}


def permissions(call: Call) -> list[Permission]:
    """Every permission that the call needs; raises :class:`Unmapped` if that is not known."""
    find = _BY_SERVICE.get(call.service, service_permissions.permissions)
    return find(call)

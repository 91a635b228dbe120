"""KMS: moto's keys, with what AWS refuses and moto takes."""

from __future__ import annotations

from localcloud.server.service import Service

from . import store
from .authorization import permissions

SERVICE = Service(
    name="kms",
    permissions=permissions,
    resource=store.resource,
    inventory=store.inventory,
    modules=("operations",),
)

"""KMS: moto's keys, with what AWS refuses and moto takes."""

from __future__ import annotations

from localcloud.server.service import Service

from . import store
from .authorization import permissions

SERVICE = Service(
    name="kms",
    permissions=permissions,
    sets=(
        "kms:CallerAccount", "kms:EncryptionContext:", "kms:GrantIsForAWSResource", "kms:GranteePrincipal",
        "kms:GrantOperations", "kms:KeyOrigin", "kms:KeySpec", "kms:KeyUsage", "kms:RequestAlias",
        "kms:ResourceAliases", "kms:ScheduleKeyDeletionPendingWindowInDays", "kms:ViaService",
    ),  # GrantIsForAWSResource: services make no grants here
    resource=store.resource,
    inventory=store.inventory,
    modules=("operations",),
)  # fmt: skip

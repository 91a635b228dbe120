"""Amazon S3 as it answers today, around moto's object store; with S3 Control, for a whole account's settings."""

from __future__ import annotations

from localcloud.server.service import Service, imported_late

from . import store
from .authorization import control_permissions, permissions
from .validation import invalid_parameter

SERVICE = Service(
    name="s3",
    permissions=permissions,
    unsigned="*",
    principals=("logging.s3.amazonaws.com",),
    resource=store.resource,
    inventory=store.inventory,
    flush=imported_late("localcloud.server.services.s3.server_logs", "flush_access_logs"),
    invalid=invalid_parameter,
    modules=("operations",),
    also=(
        Service(
            name="s3control", signing_name="s3", prefix="s3", permissions=control_permissions, invalid="InvalidRequest"
        ),
    ),
)

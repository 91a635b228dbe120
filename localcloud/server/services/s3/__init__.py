"""Amazon S3 as it answers today, around moto's object store; with S3 Control, for a whole account's settings."""

from __future__ import annotations

from localcloud.server.service import Service, imported_late

from . import store
from .authorization import control_permissions, permissions
from .permission_tables import HEADER_KEYS
from .validation import invalid_parameter

TAGS_AND_COPIES = (
    "s3:ExistingObjectTag/", "s3:LocationConstraint", "s3:RequestObjectTag/", "s3:RequestObjectTagKeys",
    "s3:ResourceAccount", "s3:x-amz-copy-source",
)  # fmt: skip
NEVER_SET = (
    "aws:ResourceTag/", "s3:AccessGrantScope", "s3:AccessGrantsInstanceArn", "s3:AccessGrantsLocationScope",
    "s3:AccessPointNetworkOrigin", "s3:AccessPointTag/", "s3:BucketTag/", "s3:DataAccessPointAccount",
    "s3:DataAccessPointArn", "s3:x-amz-server-side-encryption-customer-algorithm",
)  # fmt: skip
"""No bucket has access points, grants, or access by its tags: the calls that ask for them are refused."""

SERVICE = Service(
    name="s3",
    permissions=permissions,
    sets=(*HEADER_KEYS.values(), *TAGS_AND_COPIES, *NEVER_SET),
    unsigned="*",
    principals=("logging.s3.amazonaws.com",),
    resource=store.resource,
    inventory=store.inventory,
    details=store.details,
    flush=imported_late("localcloud.server.services.s3.server_logs", "flush_access_logs"),
    invalid=invalid_parameter,
    modules=("operations",),
    also=(
        Service(
            name="s3control", signing_name="s3", prefix="s3", permissions=control_permissions, invalid="InvalidRequest"
        ),
    ),
)

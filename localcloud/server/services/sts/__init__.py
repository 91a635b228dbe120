"""STS: sessions of roles, and who one is."""

from __future__ import annotations

from localcloud.server.service import Service

from .authorization import permissions

SERVICE = Service(
    name="sts",
    permissions=permissions,
    sets=(
        "aws:ResourceTag/", "iam:ResourceTag/", "sts:DurationSeconds", "sts:ExternalId", "sts:RoleSessionName",
        "sts:SourceIdentity", "sts:TransitiveTagKeys",
    ),
    unsigned="AssumeRoleWithWebIdentity AssumeRoleWithSAML",
    modules=("operations",),
)  # fmt: skip

"""IAM: moto's users, roles and policies, with what AWS refuses and moto takes, and what moto gets wrong."""

from __future__ import annotations

from localcloud.server.service import Service

from . import store
from .authorization import permissions
from .validation import invalid_parameter

SERVICE = Service(
    name="iam",
    permissions=permissions,
    sets=("iam:AWSServiceName", "iam:PassedToService", "iam:PermissionsBoundary", "iam:PolicyARN"),
    resource=store.resource,
    inventory=store.inventory,
    details=store.details,
    invalid=invalid_parameter,
    modules=("aws_policies", "operations", "service_linked_roles"),
)

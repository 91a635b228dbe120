"""Everything that exists in the accounts, for whoever compares it with what was asked for.

Every service lists the ARNs of what it holds; defaults that AWS makes by itself (a default VPC) are listed like the
rest. Of IAM and S3 there is more.
"""

from __future__ import annotations

import sys
from typing import Any

from moto.iam.models import iam_backends

from . import registry
from .organization import ORGANIZATION, PARTITION


def inventory() -> dict[str, dict[str, Any]]:
    """By account: ``users``, ``roles``, ``policies``, ``oidc_providers``, ``buckets`` (each with its objects' keys, all
    versions), ``resources`` (by service, ARNs)."""
    return {account: _account(account) for account in ORGANIZATION.accounts}


def _account(account: str) -> dict[str, Any]:
    iam = iam_backends[account][PARTITION]
    own = [policy for policy in iam.managed_policies.values() if not policy.arn.startswith("arn:aws:iam::aws:")]
    return {
        "users": sorted(iam.users),
        "roles": {
            role.name: {
                "arn": role.arn,
                "inline_policies": sorted(role.policies),
                "managed_policies": sorted(role.managed_policies),
                "permissions_boundary": role.permissions_boundary_arn,
            }
            for role in iam.roles.values()
        },
        "groups": sorted(iam.groups),
        "instance_profiles": sorted(iam.instance_profiles),
        "policies": sorted(policy.arn for policy in own),
        "oidc_providers": sorted(iam.open_id_providers),
        "buckets": _buckets(account),
        "resources": registry.inventory(account),
    }


def _buckets(account: str) -> dict[str, Any]:
    if "moto.s3.models" not in sys.modules:
        return {}
    from moto.s3.models import FakeDeleteMarker, s3_backends

    found: dict[str, Any] = {}
    for bucket in s3_backends[account][PARTITION].buckets.values():
        versions = [version for key in bucket.keys for version in bucket.keys.getlist(key)]
        found[bucket.name] = {
            "region": bucket.region_name,
            "objects": sorted(str(key) for key in bucket.keys),
            "versions": len(versions),
            "delete_markers": sum(isinstance(key, FakeDeleteMarker) for key in versions),
            "uploads": len(bucket.multiparts),
        }
    return found

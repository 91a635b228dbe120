"""Everything that exists in the accounts, for whoever compares it with what was asked for.

A service that is a folder lists the ARNs of what it holds. IAM and S3 are listed in their own words. Of every other
service that was used, whatever its moto backend holds in dictionaries and lists is counted; defaults that AWS makes by
itself (a default VPC) are listed like the rest.
"""

from __future__ import annotations

import sys
from typing import Any

from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends

from . import registry
from .organization import ORGANIZATION, PARTITION

LISTED = ("iam", "s3", "sts")
NOT_RESOURCES = ("url_bases", "tagger")


def inventory() -> dict[str, dict[str, Any]]:
    """By account: ``users``, ``roles``, ``policies``, ``oidc_providers``, ``buckets`` (each with its objects' keys, all
    versions), ``resources`` (by service, ARNs), ``others`` (by service and region, how many of what)."""
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
        "others": _others(account),
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


def _others(account: str) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    in_use: list[Any] = vars(BackendDict)["_instances"]
    for backends in list(in_use):
        service = backends.service_name
        if service in LISTED or service in registry.services() or account not in backends:
            continue
        for region, backend in backends[account].items():
            for name, value in vars(backend).items():
                if isinstance(value, dict | list) and value and not name.startswith("_") and name not in NOT_RESOURCES:
                    counted.setdefault(f"{service} {region}", {})[name] = len(value)
    return counted

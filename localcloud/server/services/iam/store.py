"""What an account's IAM in moto holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from localcloud.server.access import resources
from localcloud.server.access.resources import IAMBackend, ManagedPolicy
from localcloud.server.service import Resource


def _plain(tags: Iterable[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _own_policies(iam: IAMBackend) -> list[ManagedPolicy]:
    """The account's managed policies without AWS's 1,600, whose ARNs moto would put together one by one."""
    return [policy for arn, policy in iam.managed_policies.items() if not arn.startswith("arn:aws:iam::aws:")]


def _tagged(iam: IAMBackend) -> Iterator[tuple[str, dict[str, str]]]:
    """ARN and tags of everything but AWS's own policies."""
    for entity in (*iam.roles.values(), *iam.users.values()):
        yield entity.arn, resources.tags_of(entity)
    for policy in _own_policies(iam):
        yield policy.arn, _plain(policy.tags.values())
    for profile in iam.instance_profiles.values():
        yield profile.arn, _plain(profile.tags)
    for provider in iam.open_id_providers.values():
        yield provider.arn, _plain(provider.tags.values())
    for group in iam.groups.values():
        yield group.arn, {}


def resource(arn: str) -> Resource | None:
    account = arn.split(":")[4]
    iam = resources.iam(account)
    tags = next((tags for name, tags in _tagged(iam) if name == arn), None) if iam else None
    return None if tags is None else Resource(owner=account, tags=tags)


def inventory(account: str) -> list[str]:
    iam = resources.iam(account)
    return [arn for arn, _ in _tagged(iam)] if iam else []


def details(account: str) -> dict[str, Any]:
    """``users``, ``roles``, ``groups``, ``instance_profiles``, ``policies`` (the account's own), ``oidc_providers``."""
    iam = resources.iam_backend(account)
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
        "policies": sorted(policy.arn for policy in _own_policies(iam)),
        "oidc_providers": sorted(iam.open_id_providers),
    }

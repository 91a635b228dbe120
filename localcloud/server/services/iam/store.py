"""What an account's IAM in moto holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from moto.iam.models import IAMBackend

from localcloud.server.access import resources
from localcloud.server.service import Resource


def _plain(tags: Iterable[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _tagged(iam: IAMBackend) -> Iterator[tuple[str, dict[str, str]]]:
    """ARN and tags of everything but AWS's own policies."""
    for entity in (*iam.roles.values(), *iam.users.values()):
        yield entity.arn, resources.tags_of(entity)
    for policy in iam.managed_policies.values():
        if not policy.arn.startswith("arn:aws:iam::aws:"):
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
    tags = dict(_tagged(iam)).get(arn) if iam else None
    return None if tags is None else Resource(owner=account, tags=tags)


def inventory(account: str) -> list[str]:
    iam = resources.iam(account)
    return [arn for arn, _ in _tagged(iam)] if iam else []

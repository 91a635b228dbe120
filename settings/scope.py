"""What is the current stack's own, from the settings: what boundaries and the roles of CI are limited to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.access import roles
from components.access.scope import Scope
from components.access.statements import Statement
from settings.databases import identifier

if TYPE_CHECKING:
    from settings.portal import Portal


def scope_of(portal: Portal) -> Scope:
    settings = portal.current
    served = (*settings.data_cdn.values(), *settings.sites.values())
    environments = settings.environments.values()
    return Scope(
        account=settings.account.id,
        region=settings.account.region,
        stack=portal.stack,
        data_buckets=tuple(bucket.name for bucket in settings.buckets.values()),
        readable_buckets=tuple(_public_elsewhere(portal)),
        wdl_buckets=tuple(one.wdl_bucket for one in environments),
        comms_buckets=tuple(one.comms_bucket for one in environments),
        log_buckets=tuple(bucket.name for bucket in settings.buckets.values() if bucket.kind == "log"),
        imported_buckets=tuple(bucket.name for bucket in settings.buckets.values() if bucket.import_id),
        repositories=tuple(one.repository for one in settings.images.values()),
        imported_repositories=tuple(one.repository for one in settings.images.values() if one.import_id),
        environments=tuple(settings.environments),
        networked=settings.networked,
        cdn_zones=tuple(sorted({one.zone_id for one in served if one.zone_id})) if served else None,
        databases={name: identifier(name, one) for name, one in settings.databases.items()},
        imported_databases=tuple(identifier(name, one) for name, one in settings.databases.items() if one.import_id),
        cluster=settings.cluster is not None,
    )


def operator(portal: Portal) -> tuple[Statement, ...]:
    """Operators see what the clients list: this account's source and staging data, and every public bucket."""
    settings = portal.current
    own = [bucket.name for bucket in settings.buckets.values() if bucket.kind in ("source", "staging")]
    stacks = portal.stacks.values()
    public = [bucket.name for stack in stacks for bucket in stack.buckets.values() if bucket.kind == "public"]
    return roles.operator(
        account=settings.account.id,
        region=settings.account.region,
        readable=(*own, *public),
        environments=tuple(settings.environments),
        orchestrated=tuple(settings.orchestrators),
        workflows=tuple(settings.environments[name].wdl_bucket for name in settings.orchestrators),
        retired=tuple(name for name, one in settings.environments.items() if one.retire),
    )


def _public_elsewhere(portal: Portal) -> tuple[str, ...]:
    """Other accounts' buckets that this one's roles read, or release into: of other stacks only public ones."""
    others = portal.siblings.values()
    return tuple(bucket.name for one in others for bucket in one.buckets.values() if bucket.kind == "public")

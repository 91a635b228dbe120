"""What is the current stack's own, from the settings: what boundaries and the roles of CI are limited to."""

from __future__ import annotations

from components.access.scope import Scope
from settings.databases import identifier
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


def _public_elsewhere(portal: Portal) -> tuple[str, ...]:
    """Other accounts' buckets that this one's roles read, or release into: of other stacks only public ones."""
    others = portal.siblings.values()
    return tuple(bucket.name for one in others for bucket in one.buckets.values() if bucket.kind == "public")

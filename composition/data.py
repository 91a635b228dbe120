"""Buckets and workflows of an account, from its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pulumi

from components import names
from components.access import buckets as bucket_permissions
from components.access.statements import Statement
from components.lifecycle import LifecycleArgs
from components.storage import DataBucket, DataBucketArgs, Part
from components.workflows import WorkflowsArgs
from settings import Bucket, Environment, Lifecycle, Portal
from settings.workflows import content, workflow_files

Adopted = Mapping[str, frozenset[Part]]
"""The parts that buckets with ``import_id`` have, by the buckets' keys (``composition.adoption``)."""


def buckets(
    portal: Portal,
    opts: pulumi.ResourceOptions,
    adopted: Adopted,
    distributions: Mapping[str, pulumi.Output[str]],
) -> dict[str, DataBucket]:
    """The log bucket first: the others' access logs go there. ``distributions``: ARNs of the CDNs, by bucket key."""
    by_key: dict[str, DataBucket] = {}
    logs: DataBucket | None = None
    for key, bucket in sorted(portal.current.buckets.items(), key=lambda item: item[1].kind != "log"):
        args = replace(
            _bucket(portal, key, bucket, logs),
            adopt=adopted[key] if bucket.import_id else None,
            distribution=distributions.get(key),
        )
        by_key[key] = DataBucket(key, args, opts)
        logs = logs or by_key[key]
    return by_key


def _bucket(portal: Portal, key: str, bucket: Bucket, logs: DataBucket | None) -> DataBucketArgs:
    return DataBucketArgs(
        kind=bucket.kind,
        bucket=bucket.name,
        lifecycle=_lifecycle(bucket.lifecycle),
        statements=tuple(_bucket_statements(portal, key, bucket)),
        cors_origins=bucket.cors.origins if bucket.cors else (),
        logs=logs,
        retire=bucket.retire,
    )


def _bucket_statements(portal: Portal, key: str, bucket: Bucket) -> Iterator[Statement]:
    settings = portal.current
    if bucket.kind == "log":
        logged = [one.name for one in settings.buckets.values() if one.kind != "log"]
        for environment in settings.environments.values():
            logged += (environment.wdl_bucket, environment.comms_bucket)
        if logged:
            yield bucket_permissions.log_delivery(bucket.name, settings.account.id, tuple(logged))
        deliveries = [*map(names.cdn_log_delivery, settings.data_cdn), *map(names.site_log_delivery, settings.sites)]
        if deliveries:
            yield bucket_permissions.cdn_log_delivery(bucket.name, settings.account.id, tuple(deliveries))
    if bucket.kind == "public":
        others = {one.account.id for one in portal.siblings.values()} - {settings.account.id}
        if others:
            yield bucket_permissions.copy_tagged(bucket.name, tuple(sorted(others)))
    for release in portal.releases():
        if (release.key, release.destination) == (key, bucket):
            yield bucket_permissions.receive(bucket.name, release.source_account, names.sync_role(key))


def _lifecycle(lifecycle: Lifecycle) -> LifecycleArgs:
    return LifecycleArgs(
        abort_multipart_days=lifecycle.abort_multipart_days,
        noncurrent_days=lifecycle.noncurrent_days,
        expire_days=lifecycle.expire_days,
        tier_days=lifecycle.tier_days,
    )


def workflows(portal: Portal, name: str, environment: Environment, logs: DataBucket) -> WorkflowsArgs:
    folder = portal.directory / environment.workflows
    return WorkflowsArgs(
        environment=name,
        wdl_bucket=environment.wdl_bucket,
        comms_bucket=environment.comms_bucket,
        workflows={file.name: content(file) for file in workflow_files(folder)},
        results_days=environment.results_days,
        lifecycle=_lifecycle(Lifecycle()),
        logs=logs,
        retire=environment.retire,
    )

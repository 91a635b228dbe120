"""What one account holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from components.accounts import AccountPublicAccess
from components.identity import Boundary, GitHubIssuer, Role
from components.workflows import Workflows
from composition import data, roles
from composition.account import cdn_zones, cluster_in, databases_in, orchestrators_in
from settings import Portal, audience

_Deferred = tuple[pulumi.Output[str], Callable[[pulumi.Output[str]], None]]
"""An output, and what gives it its value later: a bucket's policy names the CDN that is made over the bucket."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What a stack puts out, for people and for the portal's command line; no stack reads another's."""

    account: str
    region: str
    buckets: Mapping[str, pulumi.Output[str]]
    """Bucket names by key; an environment's by ``{environment}-wdl`` and ``{environment}-comms``."""
    roles: Mapping[str, pulumi.Output[str]]
    """Role ARNs by name."""
    protected: Mapping[str, str]
    """Names of the protected buckets by key: what the stack file may not drop without ``retire``."""
    access: Mapping[str, Mapping[str, Any]]
    """By bucket name, its kind and those that it is shared with by name: what opens more needs ``open_contents_to``."""
    environments: Mapping[str, Mapping[str, str]]
    """By environment and key, names of what the stack file may not let go of without ``retire``."""
    orchestrators: Mapping[str, Mapping[str, Any]]
    """By environment: ARNs of state machine, queues and alarm topic, id of the machines' security group, the
    generations of machines and those that are kept for their jobs."""
    images: Mapping[str, pulumi.Output[str]]
    """URLs of image repositories by key."""
    data_cdn: Mapping[str, Mapping[str, Any]]
    """By bucket key: ``url``, ``domain`` (CloudFront's own name), ``distribution`` (its id), ``keys`` (ids by name)."""
    databases: Mapping[str, Mapping[str, Any]]
    """By environment: hosts, the name of the secret with the URI, id of the security group, and what of the database
    can't be changed once it is there."""
    cluster: Mapping[str, Any]
    """Name, version and endpoint of the Kubernetes cluster, id of its security group, and whether it is protected;
    empty: the account has none."""
    sites: Mapping[str, Mapping[str, Any]]
    """By environment: ``url``, ``domain`` (CloudFront's own name), ``distribution`` (its id)."""


def compose(
    portal: Portal,
    provider: pulumi.ProviderResource,
    last: Mapping[str, Any],
    adopted: data.Adopted,
    role: str | None = None,
) -> Outputs:
    """Everything in the account of the current stack. ``last``: the outputs when it was last brought up; ``adopted``:
    the parts that buckets with ``import_id`` have, by key; ``role`` takes the place of the stack file's."""
    settings, opts = portal.current, pulumi.ResourceOptions(provider=provider)
    public_access = AccountPublicAccess("account", opts, blocked=settings.account.block_public_access)
    deferred = {key: cast("_Deferred", pulumi.deferred_output()) for key in settings.data_cdn}
    buckets = data.buckets(portal, opts, public_access, adopted, {key: arn for key, (arn, _) in deferred.items()})
    cdns: Mapping[str, Mapping[str, Any]] = {}
    if deferred:
        from composition import cdn  # not every stack has one

        cdns = cdn.data_cdns(portal, buckets, {key: admit for key, (_, admit) in deferred.items()}, opts)
    logs = next(bucket for bucket in buckets.values() if bucket.kind == "log")
    for name, environment in settings.environments.items():
        made = Workflows(name, data.workflows(portal, name, environment, logs), opts)
        buckets |= {f"{name}-wdl": made.wdl, f"{name}-comms": made.comms}
    boundary = Boundary(
        "boundary",
        settings.account.id,
        opts,
        orchestrators_in=orchestrators_in(portal),
        cdn_zones=cdn_zones(portal),
        databases_here=databases_in(portal) is not None,
        cluster_here=cluster_in(portal) is not None,
    )
    issuer = (GitHubIssuer("github", opts),) if settings.access.github else ()
    made_roles = {args.role: Role(args.role, args, opts) for args in roles.every(portal, boundary.arn, issuer)}
    role_arns = {name: role.arn for name, role in made_roles.items()}
    outputs: Mapping[str, Mapping[str, Any]] = {}
    if settings.networked:
        from composition.networked import Context, networked  # not every stack has one, and it loads half of the SDK

        context = Context(
            provider=provider,
            role=role,
            role_arns=role_arns,
            boundary=boundary.arn,
            logs=logs,
            data_urls={key: one["url"] for key, one in cdns.items()},
            last=last,
        )
        outputs = networked(portal, context)
    images: Mapping[str, pulumi.Output[str]] = {}
    if settings.images:
        from composition import orchestrators as batch

        images = batch.images(portal, opts)
    return Outputs(
        account=settings.account.id,
        region=settings.account.region,
        buckets={key: bucket.bucket for key, bucket in buckets.items()},
        roles=role_arns,
        protected={key: bucket.name for key, bucket in settings.buckets.items() if bucket.protected},
        access=audience.outputs(settings),
        environments={name: one.deployed_names(name) for name, one in settings.environments.items() if not one.retire},
        orchestrators=outputs.get("orchestrators", {}),
        images=images,
        data_cdn=cdns,
        databases=outputs.get("databases", {}),
        cluster=outputs.get("cluster", {}),
        sites=outputs.get("sites", {}),
    )

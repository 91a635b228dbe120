"""What one account holds beside what its bootstrap made (``composition.bootstrap``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pulumi

from components.identity import Role
from components.storage import DataBucket
from components.workflows import Workflows
from composition import data, roles
from composition.last_update import State
from settings import Portal, audience

if TYPE_CHECKING:
    from components.orchestration.images import RepositoryPart
    from composition.adoption import Existing

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
    """ARNs by name of the roles that the stack makes."""
    protected: Mapping[str, str]
    """Names of the protected buckets by key: what the stack file may not drop without ``retire``."""
    access: Mapping[str, Mapping[str, Any]]
    """By bucket name, its kind, those that it is shared with by name and those whom its CDN serves: what opens more
    needs ``open_contents_to``."""
    environments: Mapping[str, Mapping[str, str]]
    """By environment and key, names of what the stack file may not let go of without ``retire``."""
    orchestrators: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    """By environment: ARNs of state machine, queues and alarm topic, id of the machines' security group, the
    generations of machines and those that are kept for their jobs."""
    images: Mapping[str, pulumi.Output[str]]
    """URLs of image repositories by key."""
    data_cdn: Mapping[str, Mapping[str, Any]]
    """By bucket key: ``url``, ``domain`` (CloudFront's own name), ``distribution`` (its id), ``keys`` (ids by name),
    ``external_records`` (by host, where the records that others make lead)."""
    databases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    """By environment: hosts, the name of the secret with the URI, id of the security group, and what of the database
    can't be changed once it is there."""
    cluster: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Name, version and endpoint of the Kubernetes cluster, id of its security group, and whether it is protected;
    empty: the account has none."""
    sites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    """By environment: ``url``, ``domain`` (CloudFront's own name), ``distribution`` (its id), ``readers`` (whom it
    serves), ``external_records`` (by host, where the records that others make lead) and ``ports`` of its services."""


def compose(
    portal: Portal,
    provider: pulumi.ProviderResource,
    state: State,
    adopted: Existing,
) -> Outputs:
    """Everything in the account of the current stack. ``state``: the stack's, before this update; ``adopted``:
    what is taken in."""
    settings, opts = portal.current, pulumi.ResourceOptions(provider=provider)
    buckets, cdns = _data(portal, adopted.buckets, opts)
    logs = next(bucket for bucket in buckets.values() if bucket.kind == "log")
    buckets |= _workspaces(portal, logs, opts)
    role_arns = {args.role: Role(args.role, args, opts).arn for args in roles.roles_with_data(portal)}
    in_network: Mapping[str, Mapping[str, Any]] = {}
    if settings.networked:
        from composition.networked import Context, networked  # not every stack has one, and it loads half of the SDK

        context = Context(
            provider=provider,
            role_arns={**role_arns, **roles.arns_of_ci(portal)},
            logs=logs,
            data_urls={key: one["url"] for key, one in cdns.items()},
            state=state,
        )
        in_network = networked(portal, context)
    return Outputs(
        account=settings.account.id,
        region=settings.account.region,
        buckets={key: bucket.bucket for key, bucket in buckets.items()},
        roles=role_arns,
        protected={key: bucket.name for key, bucket in settings.buckets.items() if bucket.protected},
        access=audience.outputs(settings),
        environments={name: one.deployed_names(name) for name, one in settings.environments.items() if not one.retire},
        images=_images(portal, adopted.images, opts),
        data_cdn=cdns,
        **in_network,
    )


def _data(
    portal: Portal, adopted: data.Adopted, opts: pulumi.ResourceOptions
) -> tuple[dict[str, DataBucket], Mapping[str, Mapping[str, Any]]]:
    """The buckets by key, and what is put out of the CDNs over them."""
    deferred = {key: cast("_Deferred", pulumi.deferred_output()) for key in portal.current.data_cdn}
    buckets = data.buckets(portal, opts, adopted, {key: arn for key, (arn, _) in deferred.items()})
    if not deferred:
        return buckets, {}
    from composition import cdn  # not every stack has one

    return buckets, cdn.data_cdns(portal, buckets, {key: admit for key, (_, admit) in deferred.items()}, opts)


def _workspaces(portal: Portal, logs: DataBucket, opts: pulumi.ResourceOptions) -> dict[str, DataBucket]:
    """The environments' buckets, by the key under which they are put out."""
    workspaces: dict[str, DataBucket] = {}
    for name, environment in portal.current.environments.items():
        workflows = Workflows(name, data.workflows(portal, name, environment, logs), opts)
        workspaces |= {f"{name}-wdl": workflows.wdl, f"{name}-comms": workflows.comms}
    return workspaces


def _images(
    portal: Portal, adopted: Mapping[str, frozenset[RepositoryPart]], opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Output[str]]:
    if not portal.current.images:
        return {}
    from composition import orchestrators

    return orchestrators.images(portal, adopted, opts)

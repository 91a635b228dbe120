"""Batch orchestrators and image repositories of an account, from its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components import names
from components.network import Network
from components.orchestration.compute import HostNetwork
from components.orchestration.images import ImageRepository, ImageRepositoryArgs, RepositoryPart
from components.orchestration.jobs import JobArgs
from components.orchestration.notifications import StatusQueues
from components.orchestration.orchestrator import Orchestrator, OrchestratorArgs
from composition.account import tags
from settings import Environment, Portal
from settings import Orchestrator as OrchestratorSettings


def orchestrators(
    portal: Portal,
    network: Network,
    role_arns: Mapping[str, pulumi.Input[str]],
    boundary: pulumi.Input[str],
    retiring: Mapping[str, Sequence[str]],
    opts: pulumi.ResourceOptions,
) -> dict[str, Orchestrator]:
    """The account's orchestrators, by environment. ``retiring``: by environment, the earlier generations of machines
    that stay."""
    return {
        name: Orchestrator(
            name, _orchestrator(portal, name, settings, network, role_arns, boundary, retiring[name]), opts
        )
        for name, settings in portal.current.orchestrators.items()
    }


def images(
    portal: Portal, adopted: Mapping[str, frozenset[RepositoryPart]], opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Output[str]]:
    """The account's image repositories, which jobs and pods of every account that has such pull from; URLs by key.
    ``adopted``: the parts of those with ``import_id``, by key."""
    others = portal.siblings.values()
    readers = tuple(stack.account.id for stack in others if stack.orchestrators)
    clusters = tuple(stack.account.id for stack in others if stack.cluster)
    of_clients = (portal.project.registry.ingest, portal.project.registry.import_)
    return {
        key: ImageRepository(
            key,
            ImageRepositoryArgs(
                repository=one.repository,
                readers=readers,
                clusters=clusters,
                moving_tags=one.repository in of_clients if one.moving_tags is None else one.moving_tags,
                untagged_days=one.untagged_days,
                adopt=adopted[key] if one.import_id else None,
                retire=one.retire,
            ),
            opts,
        ).url
        for key, one in portal.current.images.items()
    }


def _orchestrator(
    portal: Portal,
    name: str,
    settings: OrchestratorSettings,
    network: Network,
    role_arns: Mapping[str, pulumi.Input[str]],
    boundary: pulumi.Input[str],
    retiring: Sequence[str],
) -> OrchestratorArgs:
    account, environment = portal.current.account, portal.current.environments[name]
    default, by_workflow = _job_roles(name, environment, settings)
    return OrchestratorArgs(
        environment=name,
        account=account.id,
        region=account.region,
        boundary=boundary,
        stages=tuple(stage.args for stage in settings.stages),
        workspaces=(environment.comms_bucket,),
        workflows=(environment.wdl_bucket,),
        hosts=settings.hosts(portal.current.network.key),
        network=HostNetwork(vpc_id=network.vpc_id, subnet_ids=network.private_subnet_ids, ways_out=(network,)),
        capacity_wait_seconds=settings.capacity_wait_seconds,
        retiring=tuple(retiring),
        job=JobArgs(
            image=settings.image,
            role_arn=role_arns[default],
            roles={workflow: role_arns[role] for workflow, role in by_workflow.items()},
            timeout_seconds=settings.timeout_seconds,
            log_days=settings.log_days,
            call_cache=settings.call_cache,
            status_files=settings.status_files,
            variables=settings.variables,
        ),
        notifications=StatusQueues(**settings.notifications.model_dump()),
        log_days=settings.log_days,
        tags={**tags(portal), "environment": name},
        retire=environment.retire,
    )


def _job_roles(name: str, environment: Environment, settings: OrchestratorSettings) -> tuple[str, dict[str, str]]:
    """The role of jobs, and those of some workflows' jobs by how the names of the workflows' files begin."""
    if not environment.ingest:
        return names.import_role(name), {}
    others: dict[str, str] = {}
    if environment.import_from:
        others[names.IMPORT_WORKFLOWS] = names.import_role(name)
    if settings.sync_into:
        others[names.SYNC_WORKFLOWS] = names.sync_role(settings.sync_into.bucket)
    return names.ingest_role(name), others


def output(orchestrator: Orchestrator) -> dict[str, Any]:
    """An orchestrator's outputs in the stack's."""
    spot, on_demand = orchestrator.job_queue_arns
    return {
        "state_machine": orchestrator.state_machine_arn,
        "spot_queue": spot,
        "on_demand_queue": on_demand,
        "security_group": orchestrator.security_group_id,
        "alarm_topic": orchestrator.alarm_topic_arn,
        "notification_queues": dict(orchestrator.notification_queue_arns),
        "generations": list(orchestrator.generations),
        "retiring": list(orchestrator.retiring),
    }

"""Batch orchestrators and image repositories of an account, from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi

from components import names
from components.network import Network
from components.orchestration import hosts
from components.orchestration.compute import ComputeArgs
from components.orchestration.contract import Resources, StageArgs
from components.orchestration.images import ImageRepository, ImageRepositoryArgs
from components.orchestration.jobs import JobArgs
from components.orchestration.notifications import NotificationsArgs
from components.orchestration.orchestrator import Orchestrator, OrchestratorArgs
from composition import generations
from composition.account import tags
from settings import Environment, Portal
from settings import Orchestrator as OrchestratorSettings


def orchestrators(
    portal: Portal,
    network: Network,
    role_arns: Mapping[str, pulumi.Output[str]],
    boundary: pulumi.Input[str],
    provider: pulumi.ProviderResource,
    last: Mapping[str, Mapping[str, Any]],
) -> dict[str, Orchestrator]:
    """The account's orchestrators, by environment. ``last`` is what they put out when the stack was last brought up."""
    made, opts = dict[str, Orchestrator](), pulumi.ResourceOptions(provider=provider)
    for name, settings in portal.current.orchestrators.items():
        args = _orchestrator(portal, name, settings, network, role_arns, boundary)
        kept = generations.kept(name, args.compute.generations(), last.get(name, {}), provider)
        args = replace(args, compute=replace(args.compute, retiring=kept))
        made[name] = Orchestrator(name, args, opts)
    return made


def images(portal: Portal, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Output[str]]:
    """The account's image repositories, which jobs and pods of every account that has such pull from; URLs by key."""
    others = portal.siblings.values()
    readers = tuple(stack.account.id for stack in others if stack.orchestrators)
    clusters = tuple(stack.account.id for stack in others if stack.cluster)
    return {
        key: ImageRepository(
            key,
            ImageRepositoryArgs(
                repository=one.repository,
                readers=readers,
                clusters=clusters,
                untagged_days=one.untagged_days,
                adopt=one.import_id is not None,
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
    role_arns: Mapping[str, pulumi.Output[str]],
    boundary: pulumi.Input[str],
) -> OrchestratorArgs:
    account, environment = portal.current.account, portal.current.environments[name]
    default, by_workflow = _job_roles(name, environment, settings)
    return OrchestratorArgs(
        environment=name,
        account=account.id,
        region=account.region,
        boundary=boundary,
        stages=tuple(
            StageArgs(
                name=stage.name,
                spot=Resources(memory_mib=stage.spot.memory_mib, vcpus=stage.spot.vcpus),
                on_demand=Resources(memory_mib=stage.on_demand.memory_mib, vcpus=stage.on_demand.vcpus),
            )
            for stage in settings.stages
        ),
        workspaces=(environment.comms_bucket,),
        workflows=(environment.wdl_bucket,),
        compute=_compute(portal, settings, network),
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
        notifications=NotificationsArgs(**settings.notifications.model_dump()),
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


def _compute(portal: Portal, settings: OrchestratorSettings, network: Network) -> ComputeArgs:
    plan = portal.current.network
    return ComputeArgs(
        instance_types=settings.instance_types,
        spot_max_vcpus=settings.spot_max_vcpus,
        overflow_max_vcpus=settings.overflow_max_vcpus,
        on_demand_max_vcpus=settings.on_demand_max_vcpus,
        spot_min_vcpus=settings.spot_min_vcpus,
        scratch=hosts.NVME if settings.scratch_gib is None else settings.scratch_gib,
        image_id=settings.machine_image,
        capacity_wait_seconds=settings.capacity_wait_seconds,
        vpc_id=network.vpc_id,
        subnet_ids=network.private_subnet_ids,
        network=(network,),
        network_key=" ".join((plan.cidr, *plan.zones)),
    )


def output(made: Orchestrator) -> dict[str, Any]:
    """What is put out of one."""
    spot, on_demand = made.job_queue_arns
    return {
        "state_machine": made.state_machine_arn,
        "spot_queue": spot,
        "on_demand_queue": on_demand,
        "security_group": made.security_group_id,
        "alarm_topic": made.alarm_topic_arn,
        "notification_queues": dict(made.notification_queue_arns),
        "generations": list(made.generations),
        "retiring": list(made.retiring),
    }

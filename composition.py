"""From settings to components: what one account holds. The only code that knows both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws

from components import names
from components.access import buckets as on_buckets
from components.access import deployment, roles, trust
from components.access.statements import Statement
from components.accounts import AccountArgs, ClosedAccount, account_provider
from components.identity import Boundary, GitHubIssuer, Role, RoleArgs
from components.network import Network, NetworkArgs
from components.orchestration import hosts
from components.orchestration.compute import ComputeArgs
from components.orchestration.contract import Resources, StageArgs
from components.orchestration.images import ImageRepository, ImageRepositoryArgs
from components.orchestration.jobs import JobArgs
from components.orchestration.notifications import NotificationsArgs
from components.orchestration.orchestrator import Orchestrator, OrchestratorArgs
from components.storage import DataBucket, DataBucketArgs, LifecycleArgs
from components.workflows import Workflows, WorkflowsArgs
from settings import Bucket, Environment, Lifecycle, Portal, Release
from settings import Orchestrator as OrchestratorSettings


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
    orchestrators: Mapping[str, Mapping[str, Any]]
    """By environment: ARNs of state machine, queues and alarm topic, id of the machines' security group, and the
    generations of machines."""
    images: Mapping[str, pulumi.Output[str]]
    """URLs of image repositories by key."""


def compose(portal: Portal, provider: pulumi.ProviderResource) -> Outputs:
    """Everything in the account of the current stack."""
    settings, opts = portal.current, pulumi.ResourceOptions(provider=provider)
    buckets = _buckets(portal, opts)
    if all(bucket.kind != "public" for bucket in settings.buckets.values()):
        ClosedAccount("account", opts)
    logs = next(bucket for bucket in buckets.values() if bucket.kind == "log")
    for name, environment in settings.environments.items():
        made = Workflows(name, _workflows(portal, name, environment, logs), opts)
        buckets |= {f"{name}-wdl": made.wdl, f"{name}-comms": made.comms}
    boundary = Boundary("boundary", settings.account.id, opts, orchestrators_in=_orchestrators_in(portal))
    issuer = (GitHubIssuer("github", opts),) if settings.access.github else ()
    made_roles = {args.role: Role(args.role, args, opts) for args in _roles(portal, boundary.arn, issuer)}
    role_arns = {name: role.arn for name, role in made_roles.items()}
    network = Network("network", _network(portal, boundary.arn), opts) if settings.orchestrators else None
    orchestrators = {
        name: Orchestrator(name, _orchestrator(portal, name, one, network, role_arns, boundary.arn), opts)
        for name, one in settings.orchestrators.items()
        if network
    }
    return Outputs(
        account=settings.account.id,
        region=settings.account.region,
        buckets={key: bucket.bucket for key, bucket in buckets.items()},
        roles=role_arns,
        protected={key: bucket.name for key, bucket in settings.buckets.items() if bucket.protected},
        orchestrators={name: _output(made) for name, made in orchestrators.items()},
        images={key: ImageRepository(key, args, opts).url for key, args in _images(portal)},
    )


def enter(portal: Portal, role: str | None) -> pulumi.ProviderResource:
    """The account's provider, once it has answered from that account; ``role`` takes the place of the stack file's.

    Without this call the engine would name the first resource where the stack file's account is at fault. Raises
    SettingsError.
    """
    provider = provider_of(portal, role)
    try:
        reached = pulumi_aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one for a provider's refusal
        raise portal.account_fault(str(error).rpartition("returned an error: ")[2]) from None
    if reached != portal.current.account.id:
        raise portal.account_fault(f"they lead into {reached}")
    return provider


def provider_of(portal: Portal, role: str | None) -> pulumi.ProviderResource:
    """The provider of the current stack's account; ``role`` takes the place of the stack file's."""
    account = portal.current.account
    args = AccountArgs(id=account.id, region=account.region, role=role or account.role, tags=_tags(portal))
    return account_provider("account", args)


def _tags(portal: Portal) -> dict[str, str]:
    return {**portal.current.tags, "project": "portal", "stack": portal.stack, "managed-by": "pulumi"}


def _buckets(portal: Portal, opts: pulumi.ResourceOptions) -> dict[str, DataBucket]:
    """The log bucket first: the others' access logs go there."""
    made: dict[str, DataBucket] = {}
    logs: DataBucket | None = None
    for key, bucket in sorted(portal.current.buckets.items(), key=lambda item: item[1].kind != "log"):
        made[key] = DataBucket(key, _bucket(portal, key, bucket, logs), opts)
        logs = logs or made[key]
    return made


def _bucket(portal: Portal, key: str, bucket: Bucket, logs: DataBucket | None) -> DataBucketArgs:
    return DataBucketArgs(
        kind=bucket.kind,
        bucket=bucket.name,
        lifecycle=_lifecycle(bucket.lifecycle),
        statements=tuple(_bucket_statements(portal, key, bucket)),
        cors_origins=bucket.cors.origins if bucket.cors else (),
        logs=logs,
        adopt=bucket.import_id is not None,
        retire=bucket.retire,
    )


def _bucket_statements(portal: Portal, key: str, bucket: Bucket) -> Iterator[Statement]:
    settings = portal.current
    if bucket.kind == "log":
        logged = [one.name for one in settings.buckets.values() if one.kind != "log"]
        for environment in settings.environments.values():
            logged += (environment.wdl_bucket, environment.comms_bucket)
        if logged:
            yield on_buckets.log_delivery(bucket.name, settings.account.id, tuple(logged))
    for release in portal.releases():
        if (release.key, release.destination) == (key, bucket):
            yield on_buckets.receive(bucket.name, release.source_account, names.sync_role(key))


def _lifecycle(lifecycle: Lifecycle) -> LifecycleArgs:
    return LifecycleArgs(
        abort_multipart_days=lifecycle.abort_multipart_days,
        noncurrent_days=lifecycle.noncurrent_days,
        expire_days=lifecycle.expire_days,
        tier_days=lifecycle.tier_days,
    )


def _workflows(portal: Portal, name: str, environment: Environment, logs: DataBucket) -> WorkflowsArgs:
    folder = portal.directory / environment.workflows
    return WorkflowsArgs(
        environment=name,
        wdl_bucket=environment.wdl_bucket,
        comms_bucket=environment.comms_bucket,
        workflows={file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.wdl"))},
        results_days=environment.results_days,
        lifecycle=_lifecycle(Lifecycle()),
        logs=logs,
    )


def _roles(portal: Portal, boundary: pulumi.Input[str], issuer: tuple[GitHubIssuer, ...]) -> Iterator[RoleArgs]:
    """Every role of the account."""
    account, access = portal.current.account.id, portal.current.access
    operators = (trust.identities("Operators", access.operators),) if access.operators else ()

    def role(
        name: str, description: str, who: tuple[Statement, ...], may: tuple[Statement, ...], *after: pulumi.Resource
    ) -> RoleArgs:
        return RoleArgs(role=name, description=description, trust=who, permissions=may, boundary=boundary, after=after)

    jobs = trust.batch_jobs(account)
    for name, environment in portal.current.environments.items():
        for job, may in _jobs(portal, name, environment):
            yield role(job, f"Jobs of the environment {name}", (jobs,), may)
    for release in portal.releases():
        if release.source_account == account:
            may = (*_sync_jobs(portal, release), *on_buckets.release(release.source.name, release.destination.name))
            description = f"Releases {release.source.name} into {release.destination.name}"
            yield role(names.sync_role(release.key), description, (jobs, *operators), may)
    if operators:
        yield role(names.OPERATOR, "What people who submit and follow jobs may do", operators, _operator(portal))
    for name, reader in access.readers.items():
        shared = [bucket.name for bucket in portal.current.buckets.values() if name in bucket.readers]
        who = (trust.identities("Reader", reader.principals),)
        yield role(names.reader_role(name), f"Reads what is shared with {name}", who, on_buckets.read("Data", *shared))
    if access.github:
        from_github = trust.github(account, access.github.preview_subjects)
        who = (from_github, trust.itself(account, names.GITHUB_PREVIEW))
        yield role(
            names.GITHUB_PREVIEW,
            "Previews pull requests",
            who,
            deployment.preview(account, _orchestrators_in(portal)),
            *issuer,
        )
        from_github = trust.github(account, access.github.deploy_subjects)
        who = (from_github, trust.itself(account, names.GITHUB_DEPLOY))
        yield role(
            names.GITHUB_DEPLOY,
            "Deploys what was reviewed",
            who,
            deployment.deploy(account, _orchestrators_in(portal)),
            *issuer,
        )


def _jobs(portal: Portal, name: str, environment: Environment) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    """The job roles of an environment: name and permissions."""
    account, every = portal.current.account, _every_job(portal, environment)
    if environment.ingest:
        may = roles.ingest(
            reads=tuple(portal.bucket(ref).name for ref in environment.ingest.reads),
            writes=tuple(portal.bucket(ref).name for ref in environment.ingest.writes),
        )
        yield names.ingest_role(name), (*every, *may)
    if environment.import_from:
        may = roles.database_import(
            bucket=portal.bucket(environment.import_from).name,
            account=account.id,
            region=account.region,
            environment=name,
        )
        yield names.import_role(name), (*every, *may)


def _operator(portal: Portal) -> tuple[Statement, ...]:
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
    )


def _every_job(portal: Portal, environment: Environment) -> tuple[Statement, ...]:
    """What each job of an environment may do, whatever it runs."""
    return roles.job(
        registry_account=names.REGISTRY_ACCOUNT,
        region=portal.current.account.region,
        wdl_bucket=environment.wdl_bucket,
        comms_bucket=environment.comms_bucket,
    )


def _sync_jobs(portal: Portal, release: Release) -> tuple[Statement, ...]:
    """What jobs need around a release, if one of this account's environments releases into the bucket."""
    for environment in portal.current.environments.values():
        ref = environment.orchestrator and environment.orchestrator.sync_into
        if ref and portal.bucket(ref) == release.destination:
            return _every_job(portal, environment)
    return ()


def _orchestrators_in(portal: Portal) -> str | None:
    """The region, if the account has orchestrators or the images that they run."""
    settings = portal.current
    return settings.account.region if settings.orchestrators or settings.images else None


def _images(portal: Portal) -> Iterator[tuple[str, ImageRepositoryArgs]]:
    """The account's image repositories; jobs of every other account that has orchestrators pull from them."""
    readers = tuple(stack.account.id for stack in portal.siblings.values() if stack.orchestrators)
    for key, images in portal.current.images.items():
        yield (
            key,
            ImageRepositoryArgs(
                repository=images.repository,
                readers=readers,
                untagged_days=images.untagged_days,
                retire=images.retire,
            ),
        )


def _network(portal: Portal, boundary: pulumi.Input[str]) -> NetworkArgs:
    network, account = portal.current.network, portal.current.account
    return NetworkArgs(
        cidr=network.cidr,
        account=account.id,
        region=account.region,
        zones=network.zones,
        nat_gateways=network.nat_gateways,
        flow_log_days=network.flow_log_days,
        boundary=boundary,
    )


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
        ),
        notifications=NotificationsArgs(**settings.notifications.model_dump()),
        log_days=settings.log_days,
        tags={**_tags(portal), "environment": name},
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
        network_key=" ".join((plan.cidr, *plan.zones)),
        retiring=settings.retiring,
    )


def _output(made: Orchestrator) -> dict[str, Any]:
    spot, on_demand = made.job_queue_arns
    return {
        "state_machine": made.state_machine_arn,
        "spot_queue": spot,
        "on_demand_queue": on_demand,
        "security_group": made.security_group_id,
        "alarm_topic": made.alarm_topic_arn,
        "notification_queues": dict(made.notification_queue_arns),
        "generations": list(made.generations),
    }

"""Rules for orchestrators, the network that they need and the images that they run, beyond one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components import rules, zones
from components.orchestration import instances, orchestrator_rules
from settings import generations
from settings.faults import Fault, fault_at, file_of
from settings.orchestration import Orchestrator
from settings.project import FILE, Registry
from settings.schema import Environment, Settings

Key = tuple[str | int, ...]


def check(stack: str, settings: Settings, stacks: Mapping[str, Settings], registry: Registry) -> Iterator[Fault]:
    """Every rule for one stack; ``stacks``: all that could be read."""
    yield from _network(stack, settings)
    yield from _images(stack, settings, registry)
    yield from generations.faults(stack, settings)
    taken: dict[tuple[str | None, str], str] = {}
    for name, environment in settings.environments.items():
        at = ("environments", name, "orchestrator")
        if environment.orchestrator:
            yield from _orchestrator(stack, at, name, environment.orchestrator)
            yield from _roles(stack, at, environment, environment.orchestrator)
            yield from _release(stack, at, environment.orchestrator, stacks, taken)


def _network(stack: str, settings: Settings) -> Iterator[Fault]:
    network, at = settings.network, ("network",)
    if not settings.networked:
        for key in sorted(network.model_fields_set - {"cidr"}):
            rule = "there is no cluster and no environment has an orchestrator, so that no network is made"
            yield fault_at(stack, (*at, key), getattr(network, key), rule)
        return
    region, gateways = settings.account.region, network.nat_gateways
    for key, value, rule in zones.faults(region, network.zones, gateways, least_gateways=1):
        yield fault_at(stack, (*at, key), value, rule)


def _images(stack: str, settings: Settings, registry: Registry) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for key, images in settings.images.items():
        if rules.account_id(settings.account.id) is None and settings.account.id != registry.account:
            rule = f"clients look for images in the account {registry.account} alone (registry.account of {FILE})"
            yield fault_at(stack, ("images", key), key, rule)
        if images.repository in taken:
            rule = f"is the repository of images.{taken[images.repository]} already"
            yield fault_at(stack, ("images", key, "repository"), images.repository, rule)
        taken.setdefault(images.repository, key)


def _orchestrator(stack: str, at: Key, name: str, one: Orchestrator) -> Iterator[Fault]:
    yield from _machines(stack, at, one)
    stages = [stage.name for stage in one.stages]
    for index, rule in orchestrator_rules.stage_faults(stages):
        yield fault_at(stack, (*at, "stages", index, "name"), stages[index], rule)
    queues = one.notifications.queues
    for index, rule in orchestrator_rules.queue_faults(name, queues):
        yield fault_at(stack, (*at, "notifications", "queues", index), queues[index], rule)


def _machines(stack: str, at: Key, one: Orchestrator) -> Iterator[Fault]:
    """Whether there is a disk to work on, and a machine for the largest job of each stage."""
    known = [kind for kind in one.instance_types if not instances.fault(kind)]
    for key, value, rule in one.hosts(network_key="").conflicts():
        yield fault_at(stack, (*at, key), value, rule)
    if len(known) < len(one.instance_types):
        return
    for key, value, rule in one.hosts(network_key="").too_small([stage.args for stage in one.stages]):
        yield fault_at(stack, (*at, key), value, rule)
    largest = one.largest_job()
    for index, stage in enumerate(one.stages):
        for market, size in (("spot", stage.spot), ("on_demand", stage.on_demand)):
            for key, value, rule in size.resources.faults(largest):
                yield fault_at(stack, (*at, "stages", index, market, key), value, rule)


def _roles(stack: str, at: Key, environment: Environment, one: Orchestrator) -> Iterator[Fault]:
    if not environment.ingest and not environment.import_from:
        yield fault_at(stack, at, None, "the environment has neither ingest nor import: its jobs would have no role")
    if one.sync_into and not environment.ingest:
        rule = "the environment has no ingest: it holds no data to release"
        yield fault_at(stack, (*at, "sync_into"), one.sync_into.bucket, rule)


def _release(
    stack: str,
    at: Key,
    one: Orchestrator,
    stacks: Mapping[str, Settings],
    taken: dict[tuple[str | None, str], str],
) -> Iterator[Fault]:
    """The public bucket receives from this stack, and one environment alone releases into it."""
    ref = one.sync_into
    if not ref:
        return
    holder = stacks.get(ref.stack or stack)
    bucket = holder.buckets.get(ref.bucket) if holder else None
    here = (*at, "sync_into")
    if bucket and (not bucket.receives_from or bucket.receives_from.stack != stack):
        rule = f"must receive from a bucket of this stack (receives_from in {file_of(ref.stack or stack)})"
        yield fault_at(stack, (*here, "bucket"), ref.bucket, rule)
    if (ref.stack, ref.bucket) in taken:
        rule = f"the environment {taken[ref.stack, ref.bucket]!r} releases into it already: the role can serve one"
        yield fault_at(stack, (*here, "bucket"), ref.bucket, rule)
    taken.setdefault((ref.stack, ref.bucket), at[1] if isinstance(at[1], str) else "")

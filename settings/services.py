"""Rules for clusters, services and sites beyond one value, and for what of a deployed cluster can't be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from components import containers, eks
from settings import cdns
from settings.cluster import Cluster
from settings.faults import Fault, fault_at, file_of
from settings.schema import Environment, Settings
from settings.service import Api, Resources, Service, ServiceImage

Key = tuple[str | int, ...]
RESERVED_NAMESPACES: Final = frozenset({"default", "general-purpose", "shared", "system"})
"""Names of Kubernetes, of EKS's node pools and of the cluster's own."""
OWN_VARIABLES: Final = {"api": frozenset({"AWS_REGION", "PORT"}), "frontend": frozenset({"API_URL_V2", "PORT"})}
DATABASE_VARIABLES: Final = "PLATFORMICS_DATABASE_"
"""Of the variables that a service has of its database."""


def check(stack: str, settings: Settings, stacks: Mapping[str, Settings], unread: frozenset[str]) -> Iterator[Fault]:
    """Every rule for one stack."""
    for name, environment in settings.environments.items():
        at = ("environments", name)
        if environment.services or environment.site:
            yield from _needs(stack, at, settings, environment)
            yield from _namespace(stack, at, name)
        for key, service in environment.services.items():
            yield from _service(stack, (*at, key), key, service)
            yield from _image(stack, (*at, key, "image"), service.image, stacks, unread)
        if environment.api:
            yield from _api(stack, (*at, "api"), environment.api)
        if environment.site:
            yield from cdns.host_faults(stack, (*at, "site"), environment.site, settings)
            yield from cdns.balancer_faults(stack, (*at, "site"), environment.site, settings)
        if settings.cluster:
            yield from _room(stack, at, environment, settings.cluster)


def _needs(stack: str, at: Key, settings: Settings, environment: Environment) -> Iterator[Fault]:
    """What each entry can't be without."""
    first = next(iter(environment.services), "site")
    if not settings.cluster:
        yield fault_at(stack, (*at, first), None, "the account has no cluster (cluster) that it could run in")
    if environment.api and not environment.database:
        yield fault_at(stack, (*at, "api"), None, "the environment has no database that it could read")
    if environment.services and not environment.site:
        yield fault_at(stack, (*at, first), None, "the environment has no site: nobody could reach it")
    if not environment.api and (environment.frontend or environment.site):
        key = "frontend" if environment.frontend else "site"
        yield fault_at(stack, (*at, key), None, "the environment has no api that it could ask")


def _namespace(stack: str, at: Key, name: str) -> Iterator[Fault]:
    if name in RESERVED_NAMESPACES or name.startswith("kube-"):
        yield fault_at(
            stack, at, name, "the cluster has this name for its own: an environment with services needs another"
        )


def _service(stack: str, at: Key, key: str, service: Service) -> Iterator[Fault]:
    if rule := containers.max_replicas(service.replicas, service.max_replicas):
        yield fault_at(stack, (*at, "max_replicas"), service.max_replicas, rule)
    for variable in service.variables:
        if variable in OWN_VARIABLES[key] or variable.startswith(DATABASE_VARIABLES):
            yield fault_at(stack, (*at, "variables", variable), variable, "the program sets this variable itself")
    for where, size in _sizes(service):
        for limit, value, rule in size.args.conflicts():
            yield fault_at(stack, (*at, *where, limit), value, rule)


def _sizes(service: Service) -> Iterator[tuple[Key, Resources]]:
    """The resources of each container, and where they stand."""
    yield ("resources",), getattr(service, "resources", Resources())
    if isinstance(service, Api):
        for key, beside in (("init", service.init), ("sidecars", service.sidecars)):
            for index, one in enumerate(beside):
                yield (key, index, "resources"), one.resources
        if service.migration:
            yield ("migration", "resources"), service.migration.resources


def _api(stack: str, at: Key, api: Api) -> Iterator[Fault]:
    beside = [("init", index, one.name) for index, one in enumerate(api.init)]
    beside += [("sidecars", index, one.name) for index, one in enumerate(api.sidecars)]
    for number, rule in containers.name_faults(["api", *(name for _, _, name in beside)]):
        key, index, name = beside[number - 1]
        yield fault_at(stack, (*at, key, index, "name"), name, rule)
    ports = [*((one.name, one.port) for one in api.sidecars), ("api", api.port)]
    for index, rule in containers.port_faults(ports):
        where = ("sidecars", index, "port") if index < len(api.sidecars) else ("port",)
        yield fault_at(stack, (*at, *where), ports[index][1], rule)
    paths = dict[str, str]()
    for name, folder in api.scratch.items():
        if folder.path in paths:
            yield fault_at(
                stack, (*at, "scratch", name, "path"), folder.path, f"is that of {paths[folder.path]} already"
            )
        paths.setdefault(folder.path, name)
    if "secrets" in api.scratch:
        yield fault_at(stack, (*at, "scratch", "secrets"), "secrets", "is the name of the folder of secrets already")


def _image(
    stack: str, at: Key, image: ServiceImage, stacks: Mapping[str, Settings], unread: frozenset[str]
) -> Iterator[Fault]:
    if bool(image.tag) == bool(image.digest):
        yield fault_at(stack, at, image.key, "must have either a tag or a digest")
    holder = image.stack or stack
    if holder in unread:
        return
    if holder not in stacks:
        yield fault_at(stack, (*at, "stack"), holder, f"no such stack: there is no {file_of(holder)}")
        return
    repository = stacks[holder].images.get(image.key)
    if repository is None:
        yield fault_at(stack, (*at, "key"), image.key, f"no such repository under images in {file_of(holder)}")
    elif repository.retire:
        yield fault_at(stack, (*at, "key"), image.key, f"{file_of(holder)} retires this repository: take another first")


def _room(stack: str, at: Key, environment: Environment, cluster: Cluster) -> Iterator[Fault]:
    """Whether all pods fit on the machines that there may be, with one more of each service while it is replaced."""
    sizes = [
        (service.max_replicas + 1, [size for where, size in _sizes(service) if where[0] not in ("init", "migration")])
        for service in environment.services.values()
    ]
    needed = list(chain.from_iterable(one * count for count, one in sizes))
    cpu, memory = sum(one.cpu_millis for one in needed) / 1_000, sum(one.memory_mib for one in needed) / 1_024
    for key, amount, unit in (("max_vcpus", cpu, "vCPUs"), ("max_memory_gib", memory, "GiB")):
        if amount > getattr(cluster, key):
            where = (*at, next(iter(environment.services)), "max_replicas")
            rule = (
                f"the environment's pods need {amount:g} {unit} at most; cluster.{key} allows {getattr(cluster, key)}"
            )
            yield fault_at(stack, where, max(one.max_replicas for one in environment.services.values()), rule)


def changed(stack: str, settings: Settings, deployed: Mapping[str, Any]) -> Iterator[Fault]:
    """A cluster that was protected when this stack was last brought up, and that its file drops, or that EKS would not
    bring to the file's version. ``deployed``: what the stack put out of it; empty: there was none."""
    if not deployed or not deployed["protected"]:
        return
    cluster = settings.cluster
    if cluster is None:
        rule = (
            f"the cluster {deployed['name']} is deployed and protected; set retire: true on it and bring the stack up "
        )
        yield fault_at(stack, ("cluster",), None, f"{rule}once, then remove the entry")
        return
    if rule := eks.upgrade_fault(str(deployed["version"]), cluster.version):
        yield fault_at(stack, ("cluster", "version"), cluster.version, rule)

"""What a :class:`.service.WebService` is made with, and the rules for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi

from . import containers, pods, rules
from .balancer import Balancer
from .checks import Args, Check, Fault, broken, refused, within
from .cluster import Cluster
from .namespace import Namespace


@dataclass(frozen=True, kw_only=True)
class SecretArgs:
    """A secret of Secrets Manager whose value is a JSON object."""

    name: str
    variables: Mapping[str, str]
    """By environment variable, the key in the object. A variable's name has an underscore."""
    version: int = 1
    """Another number has the pods replaced, which read a secret when they start."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """What pods may connect to, beside DNS."""

    port: int
    networks: tuple[str, ...]
    outside: tuple[str, ...] = ()
    """Networks within ``networks`` that are left out."""


@dataclass(frozen=True, kw_only=True)
class WebServiceArgs(Args):
    service: str
    """Its name in the namespace."""
    account: str
    region: str
    boundary: pulumi.Input[str]
    """ARN of the permissions boundary of the pods' role."""
    cluster: Cluster
    namespace: Namespace
    balancer: Balancer
    vpc_id: pulumi.Input[str]
    networks: tuple[str, ...]
    """Address ranges of the load balancer's subnets."""
    paths: tuple[str, ...]
    """It answers requests with these paths, like ``/graphql*``."""
    methods: tuple[str, ...] = ()
    """It answers requests with these methods. Empty: with every method."""
    priority: int
    """Of two services with a path the one with the lower number answers. Numbers differ by two at least."""
    port: int
    """That the container listens on."""
    port_before: int | None = None
    """The port that pods listened on after the last update. If it is another, the load balancer still reaches it: pods
    of the release before serve during the rollout, and some 30 s longer."""
    main: pods.ContainerArgs
    migration: pods.ContainerArgs | None = None
    """Runs once for each release, and to its end before the release's first pod starts; pods of the release before
    serve meanwhile. One that fails keeps them serving."""
    migration_minutes: int = 10
    """How long all tries of the migration may take; it is ended then."""
    before: tuple[pods.ContainerArgs, ...] = ()
    """Run one after another, each to its end, before the others start; one that fails keeps the old pods serving."""
    sidecars: tuple[pods.SidecarArgs, ...] = ()
    scratch: tuple[pods.ScratchArgs, ...] = ()
    probe: str
    """A path that answers 200 as long as the process itself works, whatever its database does."""
    secret: SecretArgs | None = None
    ways_out: tuple[Way, ...] = ()
    replicas: int = 2
    """Pods at least; with one, its replacement is a new one beside it first."""
    max_replicas: int = 2
    """Pods at most, by CPU."""
    stop_seconds: int = 30
    """How long the program takes to finish once it is told to stop."""
    user_id: int = 1000
    """The user that the containers run as; not 0."""

    def faults(self) -> Iterator[Fault]:
        word, in_pod = rules.word(self.service), (self.main, *self.before, *self.sidecars)
        alone = (self.migration,) if self.migration else ()
        variables = {key for key in (self.secret.variables if self.secret else {}) if "_" not in key}
        started = [one.name for one in (*in_pod, *alone) if one.secrets and not one.command]
        secretive = [one.name for one in (*in_pod, *alone) if one.secrets and not self.secret]
        names = [one.name for one in in_pod]
        checks: tuple[Check, ...] = (
            (word is None, "service", self.service, str(word)),
            (bool(self.paths), "paths", self.paths, "one at least"),
            (1 <= self.priority <= 49_999, "priority", self.priority, "1 to 49999"),
            (self.probe.startswith("/"), "probe", self.probe, "a path begins with a slash"),
            (0 <= self.stop_seconds <= 600, "stop_seconds", self.stop_seconds, "0 to 600"),
            (self.user_id > 0, "user_id", self.user_id, "not root"),
            (not variables, "secret", sorted(variables), "a variable's name has an underscore"),
            (not started, "command", started, "a container with secrets needs a command"),
            (not secretive, "secrets", secretive, "the service has no secret"),
        )
        yield from broken(checks)
        yield from refused("replicas", self.replicas, containers.PODS.fault(self.replicas))
        most = containers.PODS.fault(self.max_replicas) or containers.max_replicas(self.replicas, self.max_replicas)
        yield from refused("max_replicas", self.max_replicas, most)
        yield from refused("port", self.port, containers.PORT.fault(self.port))
        yield from refused(
            "migration_minutes", self.migration_minutes, containers.MIGRATION_MINUTES.fault(self.migration_minutes)
        )
        for one in self.sidecars:
            yield from refused(f"{one.name}.port", one.port, containers.PORT.fault(one.port))
        for one in (*in_pod, *alone):
            yield from within(f"{one.name}.resources", one.resources.faults())
        ports = [*((one.name, one.port) for one in self.sidecars), (self.main.name, self.port)]
        for index, rule in containers.port_faults(ports):
            yield f"{ports[index][0]}.port", ports[index][1], rule
        for index, rule in containers.name_faults(names):
            yield "containers", names[index], rule

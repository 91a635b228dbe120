"""Rules for databases beyond one value, and for what of a deployed one can't be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from components import aurora, names, rules
from settings.database import Database
from settings.faults import Fault, fault_at
from settings.schema import Settings

FIXED: Final = ("name", "user", "kms_key")
"""What another value would make another cluster for, empty."""
CAPACITY: Final = {"min": "min_capacity", "max": "max_capacity"}


def identifier(environment: str, database: Database) -> str:
    """The cluster's name."""
    return database.identifier or names.database_cluster(environment)


def check(stack: str, settings: Settings) -> Iterator[Fault]:
    """Every rule for one stack."""
    taken: dict[str, str] = {}
    for name, environment in settings.environments.items():
        one, at = environment.database, ("environments", name, "database")
        if one is None:
            continue
        if not environment.orchestrator and not environment.api:
            yield fault_at(stack, at, None, "the environment has neither orchestrator nor api: nobody could connect")
        if environment.retire and not one.retire:
            rule = "the environment is retired: set retire: true here too, and its database stays in AWS"
            yield fault_at(stack, (*at, "retire"), one.retire, rule)
        for key, value, rule in one.capacity.faults():
            yield fault_at(stack, (*at, CAPACITY.get(key, key)), value, rule.replace("max", "max_capacity", 1))
        cluster = identifier(name, one)
        if cluster in taken:
            rule = f"is the cluster of the environment {taken[cluster]!r} already"
            yield fault_at(stack, (*at, "identifier"), cluster, rule)
        taken.setdefault(cluster, name)
        if one.import_id not in (None, cluster):
            yield fault_at(stack, (*at, "import_id"), one.import_id, f"must be the cluster's name, {cluster}")
        elif rule := rules.taken_in(adopt=bool(one.import_id), retire=one.retire):
            yield fault_at(stack, (*at, "import_id"), one.import_id, rule)


def changed(stack: str, settings: Settings, deployed: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Databases that were protected when this stack was last brought up, and that its file drops or would replace.

    ``deployed``: by environment, what :func:`facts` says of each, as far as it is known.
    """
    for name, before in sorted(deployed.items()):
        environment = settings.environments.get(name)
        one, at = environment.database if environment else None, ("environments", name, "database")
        if one is None:
            rule = f"the database {before['identifier']} is deployed and protected; set retire: true on it and bring "
            yield fault_at(stack, at, None, f"{rule}the stack up once, then remove the entry")
        elif not one.retire:
            yield from _replaced(stack, at, name, one, before)
            yield from _zones(stack, settings, name, before)


def _replaced(stack: str, at: tuple[str, ...], name: str, one: Database, before: Mapping[str, Any]) -> Iterator[Fault]:
    cluster = identifier(name, one)
    if cluster != before["identifier"]:
        rule = f"the cluster is {before['identifier']}, and its name can't be changed: {_ANOTHER}"
        yield fault_at(stack, (*at, "identifier"), cluster, rule)
    for key in FIXED:
        old = before.get(key, getattr(one, key))
        if old != getattr(one, key):
            rule = f"the cluster has {old!r}, which can't be changed: {_ANOTHER}"
            yield fault_at(stack, (*at, key), getattr(one, key), rule)
    old, new = str(before.get("engine_version", one.engine_version)), one.engine_version
    rule = aurora.upgrade_fault(old, new)
    if not rule and old in aurora.MINORS and aurora.major(old) != aurora.major(new) and not one.allow_major_upgrade:
        rule = f"the cluster has {old}: another major version needs allow_major_upgrade: true beside it"
    if rule:
        yield fault_at(stack, (*at, "engine_version"), new, rule)


_ANOTHER: Final = (
    "restore a snapshot as another cluster, then retire this one and take that in (docs/components/database.md)"
)


def _zones(stack: str, settings: Settings, name: str, before: Mapping[str, Any]) -> Iterator[Fault]:
    gone = sorted({*before.get("zones", ())} - {*settings.network.zones})
    if gone:
        rule = f"the database of {name} has instances in {', '.join(gone)}: a zone can be added, not taken away"
        yield fault_at(stack, ("network", "zones"), settings.network.zones, rule)


def protected(deployed: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Those of a stack's output that are protected."""
    return {name: one for name, one in deployed.items() if one["protected"]}


def facts(environment: str, database: Database, zones: tuple[str, ...]) -> dict[str, Any]:
    """What of a database can't be changed once it is there, for the next ``up`` to compare."""
    fixed = {key: value for key in FIXED if (value := getattr(database, key)) is not None}
    return {
        "identifier": identifier(environment, database),
        "engine_version": database.engine_version,
        "zones": list(zones),
        **fixed,
    }

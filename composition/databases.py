"""Databases of an account's environments, from their settings."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from components import aurora, names
from components.database import Database
from components.database_args import DatabaseArgs
from components.network import Network
from settings import Database as DatabaseSettings
from settings import Portal
from settings.databases import facts, identifier

NOTICE: Final = dt.timedelta(days=180)
"""How long before the end of a version's support previews begin to say so."""


def database(
    portal: Portal,
    environment: str,
    network: Network,
    clients: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> Database:
    """The environment's database. ``clients``: the security groups that may connect to it, by a word for each."""
    settings = portal.current.databases[environment]
    warn_of_support(environment, settings.engine_version, dt.datetime.now(tz=dt.UTC).date())
    made = Database(f"{environment}-database", _args(environment, settings, network, clients), opts)
    if settings.import_id:
        made.lifecycle_support.apply(lambda support: warn_of_extended_support(environment, support))
    return made


def output(portal: Portal, environment: str, database: Database) -> dict[str, Any]:
    """What is put out of it."""
    settings = portal.current.databases[environment]
    return {
        **facts(environment, settings, portal.current.network.zones),
        "protected": not settings.retire,
        "host": database.host,
        "reader_host": database.reader_host,
        "secret": database.secret,
        "security_group": database.security_group_id,
    }


def warn_of_support(environment: str, version: str, today: dt.date) -> None:
    """Tells whoever previews or brings up, without changing anything."""
    end = aurora.support_end(version)
    if end - today > NOTICE:
        return
    left = f"ends on {end}" if end >= today else f"ended on {end}: AWS upgrades it by itself, or refuses to make it"
    pulumi.log.warn(f"{environment}: standard support of Aurora PostgreSQL {version} {left}")


def warn_of_extended_support(environment: str, support: str | None) -> None:
    """Tells whoever takes a cluster in what no later update changes of it."""
    if support != aurora.NO_EXTENDED_SUPPORT:
        pulumi.log.warn(
            f"{environment}: the cluster keeps its engineLifecycleSupport ({support}), which can be said only when a "
            "cluster is made or restored: past its version's standard support AWS bills Extended Support. A snapshot "
            f"restored with {aurora.NO_EXTENDED_SUPPORT} is without it"
        )


def _args(
    environment: str, settings: DatabaseSettings, network: Network, clients: Mapping[str, pulumi.Input[str]]
) -> DatabaseArgs:
    return DatabaseArgs(
        environment=environment,
        identifier=identifier(environment, settings),
        database=settings.name,
        user=settings.user,
        vpc_id=network.vpc_id,
        subnet_ids=network.private_subnet_ids,
        clients=clients,
        engine_version=settings.engine_version,
        capacity=settings.capacity,
        readers=settings.readers,
        backup_days=settings.backup_days,
        insights_days=settings.insights_days,
        log_days=settings.log_days,
        iam_authentication=settings.iam_authentication,
        kms_key=settings.kms_key,
        password_version=settings.password_version,
        allow_major_upgrade=settings.allow_major_upgrade,
        adopt=settings.import_id is not None,
        passwords=not os.environ.get(names.ROLE_VARIABLE),  # CI's roles read none, and change no database
        retire=settings.retire,
    )

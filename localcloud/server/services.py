"""The modules that answer calls in moto's place or around it. Importing one registers its hooks."""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "localcloud.server.batch.operations",
    "localcloud.server.events.operations",
    "localcloud.server.states.operations",
    "localcloud.server.kms",
    "localcloud.server.service_linked_roles",
    "localcloud.server.iam",
    "localcloud.server.sts",
    "localcloud.server.s3.operations",
)


def load() -> None:
    """Imports every module of services, once."""
    for name in MODULES:
        import_module(name)

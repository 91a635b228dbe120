"""The modules that answer calls in moto's place or around it. Importing one registers its hooks."""

from __future__ import annotations

import threading
from importlib import import_module

MODULES = (
    "localcloud.server.batch.operations",
    "localcloud.server.batch.clusters",
    "localcloud.server.events.operations",
    "localcloud.server.states.operations",
    "localcloud.server.kms",
    "localcloud.server.secretsmanager.operations",
    "localcloud.server.alarms",
    "localcloud.server.ecr",
    "localcloud.server.loggroups",
    "localcloud.server.service_linked_roles",
    "localcloud.server.aws_policies",
    "localcloud.server.iam",
    "localcloud.server.sts",
    "localcloud.server.s3.operations",
)


ON_FIRST_CALL = {"ec2": ("localcloud.server.ec2.operations",)}
"""Modules of services that take long to import and hook into no other service, by service: moto's EC2 reads 0.9 s of
data. They wait for the first call of theirs, so that the server starts at once."""
_LOCK = threading.Lock()
_loaded: set[str] = set()


def load() -> None:
    """Imports every module of services that is needed from the start, once."""
    for name in MODULES:
        import_module(name)


def load_for(service: str) -> None:
    """Imports what a call of that service needs, once."""
    if service not in ON_FIRST_CALL or service in _loaded:
        return
    with _LOCK:  # a module that is half imported by another thread has not registered all of its hooks
        for name in ON_FIRST_CALL[service]:
            import_module(name)
        _loaded.add(service)

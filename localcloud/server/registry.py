"""The services that the server has: every folder of :mod:`localcloud.server.services`, looked up by what is known."""

from __future__ import annotations

import pkgutil
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from .access import resources
from .connections import Connection
from .service import Resource, Service
from .wire import HttpRequest, HttpResponse

PACKAGE = "localcloud.server.services"
_LOCK = threading.RLock()
_loaded: set[str] = set()


@cache
def services() -> Mapping[str, Service]:
    """By botocore's name. Raises ValueError for a folder whose SERVICE has another name."""
    return {service.name: service for folder in _folders() for service in (folder, *folder.also)}


@cache
def _folders() -> tuple[Service, ...]:
    package = import_module(PACKAGE)
    names = [module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg]
    services: dict[str, Service] = {name: import_module(f"{PACKAGE}.{name}").SERVICE for name in names}
    for name, service in services.items():
        if service.name.replace("-", "_") != name:
            raise ValueError(f"localcloud/server/services/{name}: its SERVICE is named {service.name!r}")
    return tuple(services.values())


def load() -> None:
    """Imports every module of services that is needed from the start, once."""
    for service in _folders():
        if not service.loads_late:
            _import(service)


def _import(service: Service) -> None:
    for module in service.modules:
        import_module(f"{PACKAGE}.{service.name.replace('-', '_')}.{module}")
    _loaded.update(each.name for each in (service, *service.also))


def load_for(name: str) -> None:
    """Imports what a call of that service needs, once."""
    if name in _loaded:
        return
    with _LOCK:  # a module that is half imported by another thread has not registered all of its hooks
        for service in _folders():
            if name in (service.name, *(each.name for each in service.also)):
                _import(service)
        _loaded.add(name)


@cache
def signed_as(signing_name: str) -> tuple[str, ...]:
    """Botocore's names of the services whose requests are signed so; a further API of a service comes before it."""
    named = [service.name for service in services().values() if (service.signing_name or service.name) == signing_name]
    return tuple(reversed(named))


def may_be_unsigned(name: str, operation: str) -> bool:
    service = services().get(name)
    return service is not None and (operation in service.unsigned.split() or service.unsigned == "*")


def principals() -> frozenset[str]:
    """The service principals that services have beside ``NAME.amazonaws.com``."""
    return frozenset(name for service in services().values() for name in service.principals)


def service_linked_roles() -> Mapping[str, str]:
    """Principal -> what the name of its service-linked role ends in."""
    return {key: name for service in services().values() for key, name in service.service_linked_roles.items()}


def inventory(account: str) -> dict[str, list[str]]:
    """The ARNs of everything that an account holds, by service."""
    listed = {service.name: sorted(service.inventory(account)) for service in in_use()}
    return {name: arns for name, arns in listed.items() if arns}


def details(account: str) -> dict[str, Any]:
    """What services tell of an account's resources beside their ARNs."""
    told = (service.details(account) for service in in_use() if service.details is not None)
    return {name: value for one in told for name, value in one.items()}


def resource(arn: str) -> Resource | None:
    """What an ARN names; None if it isn't there, or is of a service that doesn't say."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or not (parts[4] == "" or resources.account_exists(parts[4])):
        return None
    for service in services().values():
        if service.action_prefix == parts[2] and service.resource is not None:
            return service.resource(arn)
    return None


def users(arn: str) -> list[str]:
    """The ARNs of what names the ARN, in services that hold such things."""
    return [user for service in in_use() for user in service.users(arn)]


def in_use() -> Iterator[Service]:
    """The services that may hold something: one that loads late holds nothing before its first call."""
    return (service for service in services().values() if not service.loads_late or service.name in _loaded)


def served(request: HttpRequest) -> HttpResponse | None:
    """The answer of the service whose data plane has the request's host; None if none has."""
    answers = (service.serves(request) for service in in_use() if service.serves is not None)
    return next((answer for answer in answers if answer is not None), None)


def forwarded(connection: Connection, request: HttpRequest) -> HttpResponse | None:
    """The answer of what has the host name in a VPC; None if nothing has it. Raises ConnectionFailed."""
    answers = (service.forwards(connection, request) for service in in_use() if service.forwards is not None)
    return next((answer for answer in answers if answer is not None), None)


def flush() -> None:
    """Lets every service deliver what it holds back."""
    for service in in_use():
        if service.flush is not None:
            service.flush()


def reset() -> None:
    """Lets every service forget what it holds."""
    for service in in_use():
        if service.reset is not None:
            service.reset()


def stop() -> None:
    """Lets every service end what it started."""
    for service in in_use():
        if service.stop is not None:
            service.stop()

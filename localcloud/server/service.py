"""What a service of the local cloud is: one description, from which the rest of the server is assembled.

A service is a folder of :mod:`localcloud.server.services`, named as botocore names the service (``-`` as ``_``), whose
package has one :data:`SERVICE`. Services know nothing of each other: one calls another through :mod:`.service_calls`,
and asks what an ARN names of :func:`.registry.resource`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from moto.core.model import OperationModel

from .access.permission import Permission, Values
from .call import Call, Refusal
from .connections import Connection
from .wire import HttpRequest, HttpResponse

Fault = tuple[str, object, str]
"""A parameter that is not what its model allows: its path, its value and the rule that it breaks."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What an ARN names: the account that owns it, the policy on it, its tags."""

    owner: str
    policy: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What other services must know of it, by name: a certificate's status."""
    context: Values = field(default_factory=dict[str, list[str]])
    """Condition keys that describe it."""
    public_access_blocks: Mapping[str, Sequence[str]] | None = None
    """Of a bucket: the settings that are on, of the ``bucket`` itself and of its ``account``."""


def _nothing(_name: str) -> Iterable[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service's facts. Functions of a module that takes long to import are named by :func:`imported_late`."""

    name: str
    """Botocore's."""
    signing_name: str = ""
    """In the scope of signatures; by default the name."""
    prefix: str = ""
    """Of its actions and ARNs; by default the name."""

    # What a call needs to be allowed
    operations: Mapping[tuple[str, ...], str] = field(default_factory=dict[tuple[str, ...], str])
    """Templates of ARNs -> the operations that are decided on them, all of them, separated by white space.

    A template is ``*`` or a whole ARN with ``{region}``, ``{account}`` and parameters: ``{QueueName}``,
    ``{Config.Id}``, ``{logGroupName|logGroupIdentifier}`` (the one that was given). Each item of a list is meant; what
    wasn't given is ``*``. A last parameter that is an ARN already stands for the whole."""
    free: str = ""
    """Operations that need no permission."""
    unsigned: str = ""
    """Operations that may be asked for without a signature; ``*``: all."""
    actions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Operation -> its action, where they differ."""
    stands_for: Mapping[str, Callable[[Call, str], str]] = field(default_factory=dict[str, Callable[[Call, str], str]])
    """Parameter -> what its value stands for in a template and as a condition key."""
    condition_keys: Mapping[str, str] = field(default_factory=dict[str, str])
    """Condition key -> the parameter that sets it."""
    context: Callable[[Call], Values] | None = None
    """Further condition keys of a call."""
    sets: tuple[str, ...] = ()
    """Condition keys that ``context``, ``permissions`` and ``resource`` set, or that are absent here with reason; all
    that begin so, if it ends in ``/`` or ``:``. A policy that names another key which AWS sets is an error."""
    account: Callable[[Call], str] | None = None
    """The account whose resources a call works on; by default the caller's."""
    tags_on_create: Mapping[str, str] = field(default_factory=dict[str, str])
    """Operation -> the further action that its tags need."""
    passed_roles: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Operation -> parameter (``Targets.RoleArn``) that names a role -> the principal that the role is passed to."""
    permissions: Callable[[Call], list[Permission]] | None = None
    """Works out everything of this part itself, where templates can't say it."""

    # What it holds
    resource: Callable[[str], Resource | None] | None = None
    """What one of its ARNs names; None if it isn't there. The account in the ARN exists."""
    inventory: Callable[[str], Iterable[str]] = _nothing
    """The ARNs of everything that an account holds, for whoever compares it with what was asked for."""
    details: Callable[[str], Mapping[str, Any]] | None = None
    """More than ARNs of what an account holds, by names that no other service's details have."""
    users: Callable[[str], Iterable[str]] = _nothing
    """The ARNs of what it holds that names the ARN of another service's resource, which is not deleted then."""
    flush: Callable[[], None] | None = None
    """Delivers what it holds back for a while: logs. The server calls it without the pipeline's lock."""
    reset: Callable[[], None] | None = None
    """Forgets what it holds beside moto, which is emptied for it. Runs under the pipeline's lock."""
    stop: Callable[[], None] | None = None
    """Ends what it started: threads, ports. The server calls it as it ends."""

    # What it says
    invalid: str | Callable[[OperationModel, Sequence[Fault]], Refusal] = ""
    """The code of a parameter that is not what its model allows, or the refusal; by default the protocol's."""
    principals: tuple[str, ...] = ()
    """Service principals that act for it, beside ``NAME.amazonaws.com``."""
    service_linked_roles: Mapping[str, str] = field(default_factory=dict[str, str])
    """Principal -> what the name of its service-linked role ends in."""

    # What it does
    modules: tuple[str, ...] = ()
    """Modules of its folder whose import registers hooks and control routes."""
    loads_late: bool = False
    """The modules are imported at the first call: they take long, and hook into no other service."""
    serves: Callable[[HttpRequest], HttpResponse | None] | None = None
    """Its data plane on the API's two ports, by host name. None: the host is none of its own."""
    forwards: Callable[[Connection, HttpRequest], HttpResponse | None] | None = None
    """Its data plane within VPCs, by host name. None: the host is none of its own. Raises ConnectionFailed."""
    also: tuple[Service, ...] = ()
    """Further APIs of the same service, each with a name of its own in botocore."""

    @property
    def action_prefix(self) -> str:
        return self.prefix or self.name


def imported_late(module: str, name: str) -> Callable[..., Any]:
    """The function ``name`` of a module that is imported when the function is first called."""

    def call(*args: Any) -> Any:
        return getattr(import_module(module), name)(*args)

    return call

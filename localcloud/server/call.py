"""One AWS API call as the server sees it, and the places where a service adds what moto lacks.

A request becomes a :class:`Call` (service, operation and parameters in botocore's own words) once, in the gateway.
Everything behind it, the checks, the access decision, the log, the services, speaks of calls and never of HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Params = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who signed a request.

    ``arn`` is what STS GetCallerIdentity answers (for a session: ``arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION``);
    ``principal_arn`` is the identity whose policies apply (for a session: the role's own ARN).
    """

    kind: Literal["anonymous", "root", "user", "assumed-role", "service"]
    account_id: str = ""
    arn: str = ""
    principal_arn: str = ""
    user_id: str = ""
    access_key_id: str = ""
    session_policy: str | None = None
    session_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """All of them transitive: EKS Pod Identity alone sets some."""


ANONYMOUS = Caller(kind="anonymous")


@dataclass(kw_only=True)
class Call:
    """A parsed request. ``params`` has the keys and types that boto3's client method takes."""

    id: str
    service: str
    operation: str
    params: Params
    caller: Caller
    region: str
    secure: bool
    account: str = ""
    """The account whose resources the call works on: the caller's, unless a parameter names another. Set with the
    permissions."""
    source_ip: str = "127.0.0.1"
    context: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Condition keys that the caller brings beside those of every request."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Request headers by lower-case name."""
    method: str = ""
    target: str = ""
    """Path and query as they came, still percent-encoded."""
    response_headers: dict[str, str] = field(default_factory=dict[str, str])
    """Set by hooks: headers sent besides those of the output, with a refusal too."""
    response_status: int | None = None
    """Set by hooks: the HTTP status of an answer where it isn't the model's (S3: 206 for a range)."""
    arrived: float = field(default_factory=time.monotonic)
    """When the call came, before it waited for others; by :func:`time.monotonic`."""
    done_at: float = 0.0
    """Set by hooks: the call takes until then at least. Waited for without the lock, once it is done."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a call was answered. ``code`` is the error's code, empty for success; ``sent`` counts the body's bytes."""

    status: int
    code: str = ""
    sent: int = 0
    milliseconds: int = 0


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of the program
    """An answer that AWS gives instead of doing what was asked.

    ``status`` is the HTTP status; ``fields`` are further members of the error (S3: BucketName, Key, ...). A refusal of
    a HEAD request and one with status 304 are sent without a body.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.fields = code, message, status, fields


Before = Callable[[Call], None]
"""Refuses (raises :class:`Refusal`), or changes ``call.params`` in place before moto sees them."""
Instead = Callable[[Call], Params]
"""Answers in moto's place: returns the output members as boto3 would give them (a streamed member is bytes)."""
After = Callable[[Call, Params], None]
"""Sees moto's parsed answer and may change it in place."""
Poll = Callable[[Call], float]
"""How many real seconds a call waits for an answer that isn't empty. Takes the wait out of ``call.params``: it is done
again and again meanwhile, and others between."""
Finish = Callable[[Call, Outcome], None]
"""Sees every answer of a service, refused calls too, just before it is sent: may set ``call.response_headers``."""


class Hooks:
    """What a service adds around moto, by (service, operation). Modules of services register into :data:`HOOKS`."""

    def __init__(self) -> None:
        self.before_calls: dict[tuple[str, str], list[Before]] = {}
        self.instead_calls: dict[tuple[str, str], Instead] = {}
        self.after_calls: dict[tuple[str, str], list[After]] = {}
        self.poll_calls: dict[tuple[str, str], Poll] = {}
        self.finish_calls: dict[str, list[Finish]] = {}

    def before(self, service: str, *operations: str) -> Callable[[Before], Before]:
        def register(function: Before) -> Before:
            for operation in operations:
                self.before_calls.setdefault((service, operation), []).append(function)
            return function

        return register

    def instead(self, service: str, *operations: str) -> Callable[[Instead], Instead]:
        def register(function: Instead) -> Instead:
            for operation in operations:
                if (service, operation) in self.instead_calls:
                    raise ValueError(f"{service}.{operation} has an answer already")
                self.instead_calls[service, operation] = function
            return function

        return register

    def after(self, service: str, *operations: str) -> Callable[[After], After]:
        def register(function: After) -> After:
            for operation in operations:
                self.after_calls.setdefault((service, operation), []).append(function)
            return function

        return register

    def poll(self, service: str, operation: str) -> Callable[[Poll], Poll]:
        def register(function: Poll) -> Poll:
            self.poll_calls[service, operation] = function
            return function

        return register

    def finish(self, service: str) -> Callable[[Finish], Finish]:
        def register(function: Finish) -> Finish:
            self.finish_calls.setdefault(service, []).append(function)
            return function

        return register


HOOKS = Hooks()

"""Calls that the services here make themselves, decided upon and logged like any client's.

A state machine's task calls as its role, a job's logs are written as its instance role, EventBridge delivers as the
service principal ``events.amazonaws.com`` with the rule as ``aws:SourceArn``. They take the way that requests take
behind the parsing of HTTP: model checks, permissions, hooks or moto, log line.

Never call from under a lock of a service's own: calls are made one at a time, and hooks take those locks.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from botocore.parsers import create_parser
from moto.core.model import OperationModel, ServiceModel
from moto.core.utils import get_service_model
from moto.iam.models import Role

from .access import resources
from .access.authorization import Unmapped, permissions
from .access.decide import decide
from .access.permission import Permission
from .access.policy import PolicyError
from .call import HOOKS, Call, Caller, Outcome, Params, Refusal
from .calllog import CallLog
from .moto_backend import invoke
from .organization import DEFAULT_REGION
from .serialization import parse_output, protocol_of, to_request
from .services import load_for
from .validation import validate
from .wire import HttpResponse

LOG = logging.getLogger(__name__)
SESSION_SECONDS = 3600


@dataclass(kw_only=True)
class Server:
    """What the calls need of the running server; set by :func:`connect`."""

    lock: threading.RLock
    log: CallLog | None = None
    plain_url: str = ""
    url: str = ""
    ca_bundle: str = ""


SERVER = Server(lock=threading.RLock())


def connect(log: CallLog | None, *, plain_url: str = "", url: str = "", ca_bundle: str = "") -> None:
    """Tells where calls are logged and where the server listens: plain HTTP, HTTPS, and the file of the authority that
    vouches for it. The lock is :data:`SERVER`'s, shared with requests."""
    SERVER.log, SERVER.plain_url, SERVER.url, SERVER.ca_bundle = log, plain_url, url, ca_bundle


def service(principal: str, account: str) -> Caller:
    """An AWS service, e.g. ``events.amazonaws.com``, that acts on what an account holds."""
    return Caller(kind="service", account_id=account, arn=principal, principal_arn=principal)


def as_role(role_arn: str, principal: str, session_name: str, *, source_arn: str = "", region: str = "") -> Caller:
    """The caller that a service becomes by assuming the role. Raises Refusal AccessDenied if its trust says no."""
    from .sts import open_session

    account = role_arn.split(":")[4]
    params = {"RoleArn": role_arn, "RoleSessionName": session_name}
    with SERVER.lock:
        call = _call(service(principal, account), "sts", "AssumeRole", params, region or DEFAULT_REGION)
        exchange = _Exchange(call, _source(source_arn))
        try:
            exchange.permit()
            _, session = open_session(_role(role_arn, principal), session_name, seconds=SESSION_SECONDS)
        except Refusal as refusal:
            exchange.finish(refusal.status, refusal.code)
            raise
        exchange.finish(200)
        return session.caller


def _role(arn: str, principal: str) -> Role:
    role = resources.by_arn(arn)
    if not isinstance(role, Role):
        raise Refusal("AccessDenied", f"{principal} is not authorized to perform: sts:AssumeRole", 403)
    return role


def perform(
    caller: Caller,
    service_name: str,
    operation: str,
    params: Params,
    region: str,
    *,
    source_arn: str = "",
    context: Mapping[str, list[str]] | None = None,
) -> Params:
    """The operation's output members (a streamed one as bytes). Raises Refusal, also for what moto refuses."""
    load_for(service_name)
    with SERVER.lock:
        call = _call(caller, service_name, operation, params, region)
        model = operation_model(service_name, operation)
        exchange = _Exchange(call, _source(source_arn) | dict(context or {}))
        try:
            validate(model, call.params)
            exchange.permit()
            output = _perform(call, model)
        except Refusal as refusal:
            exchange.finish(refusal.status, refusal.code)
            raise
        except Exception:
            exchange.finish(500, "InternalFailure")
            raise
        exchange.finish(200)
        return output


@cache
def operation_model(service_name: str, operation: str) -> OperationModel:
    model: ServiceModel = get_service_model(service_name)
    return model.operation_model(operation)


def _source(source_arn: str) -> dict[str, list[str]]:
    return {"aws:SourceArn": [source_arn], "aws:SourceAccount": [source_arn.split(":")[4]]} if source_arn else {}


def _call(caller: Caller, service_name: str, operation: str, params: Params, region: str) -> Call:
    return Call(
        id=str(uuid.uuid4()),
        service=service_name,
        operation=operation,
        params=params,
        caller=caller,
        region=region,
        secure=True,
    )


class _Exchange:
    def __init__(self, call: Call, context: Mapping[str, list[str]]) -> None:
        self.call, self.context, self.started = call, context, time.perf_counter()
        self.asked: list[dict[str, Any]] = []

    def permit(self) -> None:
        try:
            needed = permissions(self.call)
        except Unmapped as error:
            text = f"{self.call.service} {self.call.operation}: its permissions are not known here ({error})."
            raise Refusal("NotImplemented", text, 501) from error
        for item in needed:
            self.decide(replace(item, context={**item.context, **self.context}))

    def decide(self, permission: Permission) -> None:
        try:
            decision = decide(self.call, permission)
        except PolicyError as error:
            raise Refusal("AccessDenied", f"A policy can not be evaluated: {error}", 403) from error
        if SERVER.log is not None:
            self.asked.append(SERVER.log.permission(permission, decision))
        if not decision.allowed:
            raise denied(self.call.service, decision.message)

    def finish(self, status: int, code: str = "") -> None:
        took = round((time.perf_counter() - self.started) * 1000)
        outcome = Outcome(status=status, code=code, milliseconds=took)
        for finish in HOOKS.finish_calls.get(self.call.service, ()):
            try:
                finish(self.call, outcome)
            except Exception:
                LOG.exception("after %s %s", self.call.service, self.call.operation)
        if SERVER.log is not None:
            SERVER.log.call(self.call, self.asked, outcome)


def denied(service_name: str, message: str) -> Refusal:
    protocol = str(get_service_model(service_name).protocol)
    if protocol == "json":
        return Refusal("AccessDeniedException", message, 400)
    if protocol == "rest-json":
        return Refusal("AccessDeniedException", message, 403)
    return Refusal("AccessDenied", message, 403)


def _perform(call: Call, model: OperationModel) -> Params:
    key = (call.service, call.operation)
    for before in HOOKS.before_calls.get(key, ()):
        before(call)
    instead = HOOKS.instead_calls.get(key)
    if instead is not None:
        return instead(call)
    response = invoke(call, model, to_request(model, call.params))
    if response.status >= 300:
        raise _refusal(model, response)
    output = parse_output(model, response)
    for after in HOOKS.after_calls.get(key, ()):
        after(call, output)
    return output


def _refusal(model: OperationModel, response: HttpResponse) -> Refusal:
    """What moto refused, in its own words."""
    headers = {name.lower(): str(value) for name, value in response.headers.items()}
    wire = {"body": response.body, "headers": headers, "status_code": response.status}
    parser: Any = create_parser(protocol_of(model.service_model))
    parsed: Any = parser.parse(wire, model.output_shape)
    error = parsed.get("Error", {})
    code = str(error.get("Code") or response.status)
    return Refusal(code, str(error.get("Message") or ""), response.status)


def require(
    caller: Caller,
    action: str,
    resource: str,
    region: str,
    *,
    owner: str = "",
    policy: str | None = None,
    source_arn: str = "",
    context: Mapping[str, list[str]] | None = None,
) -> None:
    """Decides and logs one permission that is needed though no operation of ours asks for it.

    ``policy`` is that of the resource, which belongs to the account ``owner``. Raises Refusal.
    """
    service_name, _, operation = action.partition(":")
    with SERVER.lock:
        call = _call(caller, service_name, operation, {}, region)
        exchange = _Exchange(call, {})
        permission = Permission(
            action=action,
            resource=resource,
            context=_source(source_arn) | dict(context or {}),
            owner_account=owner or caller.account_id,
            resource_policy=policy,
        )
        try:
            exchange.decide(permission)
        except Refusal as refusal:
            exchange.finish(refusal.status, refusal.code)
            raise
        exchange.finish(200)


def make_log_group(account: str, region: str, name: str) -> None:
    """A log group that AWS makes by itself, if it isn't there."""
    from moto.logs.models import logs_backends

    with SERVER.lock:
        backend = logs_backends[account][region]
        if name not in backend.groups:
            backend.create_log_group(name, {})

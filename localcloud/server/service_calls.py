"""Calls that the services here make themselves, decided upon and logged like any client's.

A state machine's task calls as its role, a job's logs are written as its instance role, EventBridge delivers as the
service principal ``events.amazonaws.com`` with the rule as ``aws:SourceArn``. They go through the same
:mod:`.pipeline` as requests do.

Never call from under a lock of a service's own: calls are made one at a time, and hooks take those locks.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from botocore.parsers import create_parser
from moto.core.model import OperationModel, ServiceModel
from moto.core.utils import get_service_model

from localcloud.server.access.resources import Role

from .access import resources
from .call import Call, Caller, Params, Refusal
from .organization import ORGANIZATION
from .permissions import on
from .pipeline import SERVER, Exchange
from .registry import load_for
from .serialization import parse_output, protocol_of
from .sessions import DEFAULT_SECONDS, open_session
from .wire import HttpResponse


def service(principal: str, account: str) -> Caller:
    """An AWS service, e.g. ``events.amazonaws.com``, that acts on what an account holds."""
    return Caller(kind="service", account_id=account, arn=principal, principal_arn=principal)


def as_role(role_arn: str, principal: str, session_name: str, *, source_arn: str = "", region: str = "") -> Caller:
    """The caller that a service becomes by assuming the role. Raises Refusal AccessDenied if its trust says no."""
    account = role_arn.split(":")[4]
    params = {"RoleArn": role_arn, "RoleSessionName": session_name}
    call = _call(service(principal, account), "sts", "AssumeRole", params, region or ORGANIZATION.region)
    exchange = Exchange(call, _source(source_arn))
    with SERVER.lock, exchange.finished():
        exchange.permit()
        _, session = open_session(_role(role_arn, principal), session_name, seconds=DEFAULT_SECONDS)
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
    by_itself: bool = False,
) -> Params:
    """The operation's output members (a streamed one as bytes). Raises Refusal, also for what moto refuses.

    ``by_itself``: what AWS does of its own accord, for which nobody needs a permission.
    """
    load_for(service_name)
    model = operation_model(service_name, operation)
    call = _call(caller, service_name, operation, params, region)
    exchange = Exchange(call, _source(source_arn) | dict(context or {}), by_itself=by_itself)
    with exchange.finished():
        answer = exchange.run(model)
        if not isinstance(answer, HttpResponse):
            return answer
        if answer.status >= 300:
            raise _refusal(model, answer)
        return parse_output(model, answer)


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
        account=caller.account_id,
    )


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
    """Decides and logs one permission that is needed though no operation of ours asks for it. Raises Refusal.

    ``policy`` is that of the resource, which belongs to the account ``owner``: for services that don't say it.
    """
    service_name, _, operation = action.partition(":")
    call = _call(caller, service_name, operation, {}, region)
    exchange = Exchange(call)
    permission = on(call, action, resource, _source(source_arn) | dict(context or {}))
    if owner or policy:
        permission = replace(permission, owner_account=owner or caller.account_id, resource_policy=policy)
    with SERVER.lock, exchange.finished():
        exchange.require(permission)

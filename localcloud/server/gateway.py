"""The way of one request: read, caller, model, permissions, hooks or moto, answer, log.

Everything fails closed: a request that cannot be read, routed, checked or decided upon is refused with a typed error
that names what was wrong, and a fault of the server itself is InternalFailure (500) with its traceback in the log.
State is changed by one request at a time: moto is not made for several threads, and so decision and act are one.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.core.model import OperationModel, ServiceModel

from .access.authorization import Unmapped, permissions
from .access.decide import decide
from .access.policy import PolicyError
from .call import ANONYMOUS, HOOKS, Call, Outcome, Refusal
from .callers import identify
from .calllog import CallLog
from .checksums import verify_checksums
from .errors import error_response, response_protocol
from .moto_backend import invoke
from .organization import DEFAULT_REGION
from .routing import PREFLIGHT, Routed, model_for, route
from .serialization import parse_output, to_request, to_response
from .services import load_for
from .signing import OldSignatureError, Signature, read_signature
from .validation import validate
from .wire import HttpRequest, HttpResponse, with_plain_body

LOG = logging.getLogger(__name__)
WEB_IDENTITY = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")


@dataclass(kw_only=True)
class _Exchange:
    """What is known of a request so far; ``asked`` are the log's entries of its permissions."""

    request: HttpRequest
    call: Call
    model: ServiceModel
    started: float
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    code: str = ""


class Gateway:
    """Answers requests for any service, in any account of the organization."""

    def __init__(self, log: CallLog, lock: threading.RLock) -> None:
        """``lock`` is held while a call is decided upon and done."""
        self._log = log
        self._lock = lock

    def handle(self, request: HttpRequest) -> HttpResponse:
        exchange = self._start(request)
        try:
            response = self._answer(exchange)
        except Refusal as refusal:
            response = self._refused(exchange, refusal)
        except Exception:
            LOG.exception("%s %s", exchange.call.service, exchange.call.operation)
            text = "An internal error occurred; the server's log has its traceback."
            response = self._refused(exchange, Refusal(_internal(exchange.model), text, 500))
        return self._finish(exchange, response)

    def _start(self, request: HttpRequest) -> _Exchange:
        call = Call(
            id=str(uuid.uuid4()),
            service="",
            operation="",
            params={},
            caller=ANONYMOUS,
            region=DEFAULT_REGION,
            secure=request.secure,
            source_ip=request.source_ip,
            headers=request.headers,
            method=request.method,
            target=request.target,
        )
        return _Exchange(request=request, call=call, model=model_for(None, request), started=time.perf_counter())

    def _answer(self, exchange: _Exchange) -> HttpResponse:
        call = exchange.call
        call.service = str(exchange.model.service_name)
        signature = _signature(exchange)
        if signature is not None:
            call.region = signature.region
            exchange.model = model_for(signature.service, exchange.request)
        call.service = str(exchange.model.service_name)
        call.caller = identify(exchange.request, signature, response_protocol(exchange.model, exchange.request))
        exchange.request = with_plain_body(exchange.request)
        call.headers = exchange.request.headers
        routed = route(exchange.request, signature.service if signature else None)
        call.service, call.operation, call.params = routed.service, routed.operation, routed.params
        exchange.model = routed.model
        load_for(call.service)
        if call.operation == PREFLIGHT:
            return self._preflight(exchange)
        if call.service == "s3":
            verify_checksums(exchange.request, call.operation)
        operation = routed.model.operation_model(routed.operation)
        validate(operation, call.params)
        with self._lock:
            self._permit(exchange, routed)
            return _perform(exchange, operation)

    def _preflight(self, exchange: _Exchange) -> HttpResponse:
        instead = HOOKS.instead_calls.get(("s3", PREFLIGHT))
        if instead is None:
            raise Refusal("NotImplemented", "s3 CORS preflight is not implemented here.", 501)
        with self._lock:
            instead(exchange.call)
        return HttpResponse(status=exchange.call.response_status or 200, headers=exchange.call.response_headers)

    def _permit(self, exchange: _Exchange, routed: Routed) -> None:
        call = exchange.call
        try:
            needed = permissions(call)
        except Unmapped as error:
            text = f"{routed.service} {routed.operation}: its permissions are not known here ({error})."
            raise Refusal("NotImplemented", text, 501) from error
        for permission in needed:
            try:
                decision = decide(call, permission)
            except PolicyError as error:
                raise Refusal("AccessDenied", f"A policy can not be evaluated: {error}", 403) from error
            exchange.asked.append(self._log.permission(permission, decision))
            if not decision.allowed:
                raise _denied(exchange, decision.message)

    def _refused(self, exchange: _Exchange, refusal: Refusal) -> HttpResponse:
        exchange.code = refusal.code
        call = exchange.call
        return error_response(refusal, exchange.model, exchange.request, call.id, call.response_headers)

    def _finish(self, exchange: _Exchange, response: HttpResponse) -> HttpResponse:
        call = exchange.call
        outcome = Outcome(
            status=response.status,
            code=exchange.code,
            sent=len(response.body),
            milliseconds=round((time.perf_counter() - exchange.started) * 1000),
        )
        for finish in HOOKS.finish_calls.get(call.service, ()):
            try:
                finish(call, outcome)
            except Exception:
                LOG.exception("after %s %s", call.service, call.operation)
        self._log.call(call, exchange.asked, outcome)
        headers = {**response.headers, **call.response_headers}
        return HttpResponse(status=response.status, headers=headers, body=response.body)


def _signature(exchange: _Exchange) -> Signature | None:
    try:
        return read_signature(exchange.request)
    except OldSignatureError as error:
        raise Refusal("InvalidRequest", str(error)) from error
    except ValueError as error:
        raise Refusal("IncompleteSignature", f"The signature can not be read: {error}", 400) from error


def _perform(exchange: _Exchange, operation: OperationModel) -> HttpResponse:
    """Before hooks, then a hook's answer or moto's, then after hooks on what moto answered."""
    call = exchange.call
    key = (call.service, call.operation)
    for before in HOOKS.before_calls.get(key, ()):
        before(call)
    instead = HOOKS.instead_calls.get(key)
    if instead is not None:
        response = to_response(operation, instead(call), exchange.request)
    else:
        response = invoke(call, operation, to_request(operation, call.params))
        exchange.code = _error_code(response)
        after = HOOKS.after_calls.get(key, ())
        if after and response.status < 300:
            output = parse_output(operation, response)
            for change in after:
                change(call, output)
            response = to_response(operation, output, exchange.request)
    return HttpResponse(
        status=call.response_status or response.status,
        headers={"x-amzn-RequestId": call.id, **response.headers, **call.response_headers},
        body=b"" if exchange.request.method == "HEAD" else response.body,
    )


def _error_code(response: HttpResponse) -> str:
    """The code of an error that moto answered, for the log."""
    if response.status < 400:
        return ""
    text = response.body.decode("utf-8", "replace")
    for opening, closing in (("<Code>", "</Code>"), ('"__type": "', '"'), ('"__type":"', '"')):
        if opening in text:
            return text.partition(opening)[2].partition(closing)[0]
    return response.headers.get("x-amzn-errortype", f"{response.status}")


def _denied(exchange: _Exchange, message: str) -> Refusal:
    if exchange.call.operation in WEB_IDENTITY:
        return Refusal("AccessDenied", f"Not authorized to perform sts:{exchange.call.operation}", 403)
    protocol = str(exchange.model.protocol)
    if protocol == "ec2":
        return Refusal("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)
    if protocol == "json":
        return Refusal("AccessDeniedException", message, 400)
    if protocol == "rest-json":
        return Refusal("AccessDeniedException", message, 403)
    return Refusal("AccessDenied", message, 403)


def _internal(model: ServiceModel) -> str:
    return "InternalError" if model.service_name in ("s3", "ec2") else "InternalFailure"

"""From an HTTP request to its answer: read, caller, operation; then the :mod:`.pipeline`; then the answer's shape.

A request that cannot be read or routed is refused with a typed error that names what was wrong, and a fault of the
server itself is InternalFailure (500) with its traceback in the log.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from moto.core.model import OperationModel, ServiceModel

from . import registry
from .call import ANONYMOUS, HOOKS, Call, Caller, Params, Refusal
from .callers import identify
from .checksums import verify_checksums
from .errors import error_code, error_response, internal, response_protocol, unsigned
from .organization import ORGANIZATION
from .pipeline import SERVER, Exchange
from .routing import PREFLIGHT, model_for, route
from .serialization import to_response
from .signing import OldSignatureError, Signature, read_signature
from .wire import HttpRequest, HttpResponse, with_plain_body

LOG = logging.getLogger(__name__)


@dataclass(kw_only=True)
class _Reading:
    """A request as far as it has been understood."""

    request: HttpRequest
    exchange: Exchange
    code: str = ""
    trusted: bool = False
    """Whether the caller is known already."""

    @cached_property
    def model(self) -> ServiceModel:
        """Until it is set: by what a request without a signature says. That takes the models of all services."""
        return model_for(None, self.request)

    @property
    def call(self) -> Call:
        return self.exchange.call


def handle(
    request: HttpRequest, caller: Caller | None = None, context: Mapping[str, list[str]] | None = None
) -> HttpResponse:
    """Answers a request for any service, in any account of the organization.

    ``caller``: who sends a request of a service here itself, which has no signature then, with ``context``: condition
    keys that it brings.
    """
    reading = _start(request, caller, context or {})
    try:
        response = _answer(reading)
    except Refusal as refusal:
        response = _refused(reading, refusal)
    except Exception:
        LOG.exception("%s %s", reading.call.service, reading.call.operation)
        response = _refused(reading, internal(reading.model))
    reading.exchange.finish(response.status, reading.code, len(response.body))
    headers = {**response.headers, **reading.call.response_headers}
    return HttpResponse(status=response.status, headers=headers, body=response.body)


def _start(request: HttpRequest, caller: Caller | None, context: Mapping[str, list[str]]) -> _Reading:
    call = Call(
        id=str(uuid.uuid4()),
        service="",
        operation="",
        params={},
        caller=caller or ANONYMOUS,
        context=context,
        region=ORGANIZATION.region,
        secure=request.secure,
        source_ip=request.source_ip,
        headers=request.headers,
        method=request.method,
        target=request.target,
    )
    return _Reading(request=request, exchange=Exchange(call), trusted=caller is not None)


def _answer(reading: _Reading) -> HttpResponse:
    call = reading.call
    signature = None if reading.trusted else _signature(reading.request)
    if signature is not None:
        call.region = signature.region
        reading.model = model_for(signature.service, reading.request)
    call.service = str(reading.model.service_name)
    if not reading.trusted:
        call.caller = identify(reading.request, signature, response_protocol(reading.model, reading.request))
    reading.request = with_plain_body(reading.request)
    call.headers = reading.request.headers
    routed = route(reading.request, signature.service if signature else None)
    call.service, call.operation, call.params = routed.service, routed.operation, routed.params
    reading.model = routed.model
    if signature is None and not registry.may_be_unsigned(call.service, call.operation):
        raise unsigned(reading.model)
    registry.load_for(call.service)
    if call.operation == PREFLIGHT:
        return _preflight(call)
    if call.service == "s3":
        verify_checksums(reading.request, call.operation)
    operation = routed.model.operation_model(routed.operation)
    return _response(reading, operation, reading.exchange.run(operation))


def _preflight(call: Call) -> HttpResponse:
    with SERVER.lock:
        HOOKS.instead_calls["s3", PREFLIGHT](call)
    return HttpResponse(status=call.response_status or 200, headers=call.response_headers)


def _response(reading: _Reading, operation: OperationModel, answer: Params | HttpResponse) -> HttpResponse:
    call = reading.call
    response = answer if isinstance(answer, HttpResponse) else to_response(operation, answer, reading.request)
    reading.code = error_code(response)
    return HttpResponse(
        status=call.response_status or response.status,
        headers={"x-amzn-RequestId": call.id, **response.headers, **call.response_headers},
        body=b"" if reading.request.method == "HEAD" else response.body,
    )


def _refused(reading: _Reading, refusal: Refusal) -> HttpResponse:
    reading.code = refusal.code
    call = reading.call
    call.service = call.service or str(reading.model.service_name)
    return error_response(refusal, reading.model, reading.request, call.id, call.response_headers)


def _signature(request: HttpRequest) -> Signature | None:
    try:
        return read_signature(request)
    except OldSignatureError as error:
        raise Refusal("InvalidRequest", str(error)) from error
    except ValueError as error:
        raise Refusal("IncompleteSignature", f"The signature can not be read: {error}", 400) from error

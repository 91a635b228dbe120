"""Between parameters or output members and the HTTP messages that carry them, by botocore's models.

A call is always written anew for moto from its checked parameters: what was parsed and decided upon is what is done,
and nothing of the client's request that no model knows can reach a service.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast
from urllib.parse import quote, urlencode

from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from moto.core.model import OperationModel, ServiceModel
from moto.core.serialize import get_serializer_class

from .call import Params
from .errors import response_protocol
from .wire import HttpRequest, HttpResponse

SPOKEN_TO_MOTO = ("query", "ec2", "rest-xml", "rest-json", "json")


def protocol_of(model: ServiceModel) -> str:
    """The protocol in which moto is spoken to: the model's own, or the first that moto can parse."""
    protocols = [str(model.protocol), *model.metadata.get("protocols", [])]
    return next(name for name in protocols if name in SPOKEN_TO_MOTO)


@cache
def _serializer(protocol: str) -> Any:
    return create_serializer(protocol, include_validation=False)


@cache
def _parser(protocol: str) -> Any:
    return create_parser(protocol)


def to_request(operation: OperationModel, params: Params) -> HttpRequest:
    """The request that asks for ``operation`` with ``params``; its target and body are as a client would send them."""
    wire = _serializer(protocol_of(operation.service_model)).serialize_to_request(params, operation)
    query = wire.get("query_string") or {}
    pairs = query if isinstance(query, str) else urlencode(query, doseq=True, quote_via=quote)
    path, _, literal = wire["url_path"].partition("?")
    joined = "&".join(part for part in (literal, pairs) if part)
    body = wire["body"]
    headers = {name.lower(): str(value) for name, value in wire["headers"].items()}
    if isinstance(body, dict):
        headers.setdefault("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        body = urlencode(cast("dict[str, str]", body), doseq=True)
    content = body if isinstance(body, bytes) else str(body or "").encode()
    headers["content-length"] = str(len(content))
    return HttpRequest(
        method=wire["method"], target=f"{path}?{joined}" if joined else path, headers=headers, body=content
    )


def parse_output(operation: OperationModel, response: HttpResponse) -> Params:
    """The output members of moto's answer, a streamed one as bytes."""
    wire = {
        "body": response.body,
        "headers": {name.lower(): str(value) for name, value in response.headers.items()},
        "status_code": response.status,
    }
    parsed: Params = _parser(protocol_of(operation.service_model)).parse(wire, operation.output_shape)
    parsed.pop("ResponseMetadata", None)
    return parsed


def to_response(operation: OperationModel, output: Params, request: HttpRequest) -> HttpResponse:
    """The answer that carries ``output`` in the protocol of the client's request."""
    model = operation.service_model
    serializer = get_serializer_class(model.service_name, response_protocol(model, request))(operation)
    wire = serializer.serialize(output)
    body = wire["body"]
    content = body if isinstance(body, bytes) else body.encode()
    headers = {str(name): str(value) for name, value in wire["headers"].items()}
    return HttpResponse(status=int(wire["status_code"]), headers=headers, body=content)

"""From an HTTP request to the operation and parameters that it means, by botocore's service models.

The service is named by the signature's scope. Where several services sign alike (S3 and S3 Control; the two load
balancing APIs), the first whose model knows the request is meant. Matching of paths and the parsing of members is
moto's, which follows botocore's models; what moto passes over in silence (a sub-resource, header, element or member
that no model knows) is refused here.

AWS facts: S3 keeps its operations apart by literal query keys and by headers (CopyObject has ``x-amz-copy-source``);
requests without a signature are for S3, for STS AssumeRoleWithWebIdentity, or for queues and topics open to anybody.
A CORS preflight (OPTIONS) is no operation of S3's model: it is called :data:`PREFLIGHT` here, with its headers as
parameters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import determine_request_protocol
from moto.core.routing import ProtocolRouter, RestRouter, ServiceOperationRouter, get_service_router
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import NotFound

from . import registry
from .call import Params, Refusal
from .strictness import TrackedForm, body_shape, check_json, check_rest_request, check_xml
from .wire import HttpRequest

PREFLIGHT = "CorsPreflight"
FORM_PROTOCOLS = ("query", "ec2")

SIGNED_AS: dict[str, tuple[str, ...]] = {
    "aps": ("amp",),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch", "es"),
    "aoss": ("opensearchserverless",),
    "rds": ("rds",),
    "ses": ("sesv2", "ses"),
    "tagging": ("resourcegroupstaggingapi",),
    "apigateway": ("apigateway", "apigatewayv2"),
}
"""Botocore's names of services that are no folder here by signing name, where they differ; the first that knows the
request is taken."""

SIGNING_QUERY_KEYS = frozenset(
    f"X-Amz-{name}"
    for name in (
        "Algorithm",
        "Credential",
        "Date",
        "Expires",
        "SignedHeaders",
        "Signature",
        "Security-Token",
        "Content-Sha256",
    )
)


@dataclass(frozen=True, kw_only=True)
class Routed:
    """``operation`` is botocore's name; ``params`` are what boto3's client method takes."""

    service: str
    operation: str
    params: Params
    model: ServiceModel


class _Message:
    """A request with the attributes that moto's router and parsers read.

    A presigned URL may carry in its query what else would be a header (``x-amz-checksum-mode``): it is one here.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.method = request.method
        self.host = request.headers.get("host", "localhost")
        self.raw_path = request.path
        self.headers = Headers(list(request.headers.items()))
        self.content_type = request.headers.get("content-type", "")
        self.data = request.body
        unsigned = [(key, value) for key, value in request.query_items if key not in SIGNING_QUERY_KEYS]
        if "X-Amz-Signature" in request.query_values:
            self.headers.extend([(key, value) for key, value in unsigned if key.lower().startswith("x-amz-")])
            unsigned = [(key, value) for key, value in unsigned if not key.lower().startswith("x-amz-")]
        self.args = MultiDict(unsigned)
        self.values = self.args
        if request.is_form:
            form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
            self.values = MultiDict([*unsigned, *form])


def service_candidates(signing_name: str | None, request: HttpRequest) -> tuple[str, ...]:
    """Services that a request with this scope may be for; None is a request without a signature."""
    if signing_name is None:
        return _unsigned(request)
    name = signing_name.lower()
    return registry.signed_as(name) or SIGNED_AS.get(name, (name,))


def _unsigned(request: HttpRequest) -> tuple[str, ...]:
    """Nothing but the API's own marks tells what a request without a signature is for."""
    target = request.headers.get("x-amz-target", "").partition(".")[0]
    if target:
        return (_marked().get(target, "s3"),)
    if not request.is_form or request.path != "/":
        return ("s3",)
    version = dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("Version", "")
    return ("sts",) if version == get_service_model("sts").api_version else (_marked().get(version, "sts"),)


@cache
def _marked() -> dict[str, str]:
    """Service by what its requests say of their API: the target's prefix of JSON protocols, the version of queries."""
    models = [get_service_model(name) for name in registry.services()]
    return {str(model.metadata.get("targetPrefix") or model.api_version): str(model.service_name) for model in models}


def route(request: HttpRequest, signing_name: str | None) -> Routed:
    """Raises Refusal: an unknown service or operation, or a request that its model cannot be read by."""
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        raise Refusal("NotImplemented", "The protocol rpc-v2-cbor is not spoken here.", 501)
    message = _Message(request)
    candidates = service_candidates(signing_name, request)
    if candidates[-1] == "s3" and request.method == "OPTIONS":
        return _preflight(request)
    for service in candidates:
        model = _model(service)
        try:
            operation, labels = _router(service).match(cast("Any", message))
        except (NotFound, NotImplementedError):
            continue
        if _speaks(model, message):
            return Routed(
                service=service, operation=operation.name, params=_parse(operation, labels, message), model=model
            )
    raise _unknown(candidates[-1], message)


def model_for(signing_name: str | None, request: HttpRequest) -> ServiceModel:
    """The model by which to shape an error before the operation is known."""
    try:
        return _model(service_candidates(signing_name, request)[-1])
    except Refusal:
        return get_service_model("sts" if request.is_form else "s3")


def _model(service: str) -> ServiceModel:
    try:
        return get_service_model(service)
    except UnknownServiceError:
        raise Refusal("NotImplemented", f"There is no service {service}.", 501) from None


@cache
def _router(service: str) -> ProtocolRouter | ServiceOperationRouter:
    """S3 is routed by its paths alone: moto would look for a bucket in the host's name."""
    return RestRouter(_model(service)) if service == "s3" else get_service_router(service)


def _speaks(model: ServiceModel, message: _Message) -> bool:
    """Whether a form's Version is this API's (load balancing has two that share action names)."""
    version = message.values.get("Version")
    return "Action" not in message.values or version is None or version == model.api_version


def _unknown(service: str, message: _Message) -> Refusal:
    asked = message.headers.get("x-amz-target") or message.values.get("Action")
    if asked:
        return Refusal("InvalidAction", f"{service} has no operation {asked} for this request.")
    keys = "&".join(message.args)
    return Refusal("NotImplemented", f"{service} has no operation {message.method} {message.raw_path}?{keys}.", 501)


def _parse(operation: OperationModel, labels: dict[str, Any], message: _Message) -> Params:
    protocol = determine_request_protocol(operation.service_model, message.content_type)
    form = TrackedForm(message.values.to_dict())
    try:
        if "rest" in protocol:
            check_rest_request(operation, message)
        _check_body(operation, protocol, message.data)
        parsed = PROTOCOL_PARSERS[protocol](operation).parse(
            {
                "method": message.method,
                "values": cast("Any", form) if protocol in FORM_PROTOCOLS else message.values,
                "headers": message.headers,
                "body": message.data,
                "url_path": message.raw_path,
                "url_params": labels,
            }
        )
    except RequestParserError as error:
        raise Refusal("MalformedXML", f"The XML you provided was not well-formed: {error}") from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        code = "SerializationException" if "json" in protocol else "MalformedInput"
        raise Refusal(code, f"The request of {operation.name} can not be read: {error}") from error
    if protocol in FORM_PROTOCOLS:
        form.refuse_unread(operation)
    return {name: value for name, value in parsed.items() if value is not None}


def _check_body(operation: OperationModel, protocol: str, body: bytes) -> None:
    if not body or protocol in FORM_PROTOCOLS:
        return
    shape = operation.input_shape if protocol == "json" else body_shape(operation)
    if shape is None:
        return
    if protocol == "rest-xml":
        check_xml(shape, body)
    else:
        value = json.loads(body)
        if b"\\ud" in body.lower():  # a half of a pair, which no text in UTF-8 can have
            json.dumps(value, ensure_ascii=False).encode()
        check_json(shape, value)


def _preflight(request: HttpRequest) -> Routed:
    bucket, _, key = request.path.removeprefix("/").partition("/")
    params = {
        "Bucket": unquote(bucket),
        "Key": unquote(key),
        "Origin": request.headers.get("origin", ""),
        "RequestMethod": request.headers.get("access-control-request-method", ""),
        "RequestHeaders": request.headers.get("access-control-request-headers", ""),
    }
    given = {name: value for name, value in params.items() if value}
    return Routed(service="s3", operation=PREFLIGHT, params=given, model=get_service_model("s3"))

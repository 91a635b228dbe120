"""A refusal in the shape that the service's protocol gives its errors.

AWS facts: query services answer ``<ErrorResponse><Error>``, EC2 ``<Response><Errors>``, S3 a bare ``<Error>``, JSON
services ``{"__type": ...}``, REST-JSON the header ``x-amzn-errortype`` (as API Gateway and Coral do, the message under
``message``). A HEAD request and a 304 have no body: clients see the status alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from moto.core.model import ServiceModel
from moto.core.utils import get_service_model

from .call import Call, Refusal
from .wire import HttpRequest, HttpResponse

HOST_ID = "bG9jYWw="
WEB_IDENTITY = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")


def denied(call: Call, message: str) -> Refusal:
    """What a service answers to a caller who lacks a permission."""
    if call.operation in WEB_IDENTITY:
        return Refusal("AccessDenied", f"Not authorized to perform sts:{call.operation}", 403)
    protocol = str(get_service_model(call.service).protocol)
    if protocol == "ec2":
        return Refusal("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)
    if protocol == "json":
        return Refusal("AccessDeniedException", message, 400)
    if protocol == "rest-json":
        return Refusal("AccessDeniedException", message, 403)
    return Refusal("AccessDenied", message, 403)


def unsigned(model: ServiceModel) -> Refusal:
    """What a service answers to a request that it wants to be signed."""
    if model.protocol == "query":
        return Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    return Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")


def internal(model: ServiceModel) -> Refusal:
    """What a service answers to a call on which the server itself failed."""
    code = "InternalError" if model.service_name in ("s3", "ec2") else "InternalFailure"
    return Refusal(code, "An internal error occurred; the server's log has its traceback.", 500)


def error_code(response: HttpResponse) -> str:
    """The code of an error that moto answered, for the log; empty if it is no error."""
    if response.status < 400:
        return ""
    text = response.body.decode("utf-8", "replace")
    for opening, closing in (("<Code>", "</Code>"), ('"__type": "', '"'), ('"__type":"', '"')):
        if opening in text:
            return text.partition(opening)[2].partition(closing)[0]
    return response.headers.get("x-amzn-errortype", f"{response.status}")


def error_response(
    refusal: Refusal, model: ServiceModel, request: HttpRequest, request_id: str, extra: Mapping[str, str]
) -> HttpResponse:
    """``extra`` are headers that hooks added."""
    protocol = response_protocol(model, request)
    headers, body = _SHAPES[protocol](refusal, model, request_id)
    if model.service_name == "s3":
        headers = {"x-amz-request-id": request_id, "x-amz-id-2": HOST_ID, **headers}
    else:
        headers = {"x-amzn-RequestId": request_id, **headers}
    headers.update(extra)
    if request.method == "HEAD" or refusal.status == 304:
        return HttpResponse(status=refusal.status, headers=headers)
    return HttpResponse(status=refusal.status, headers=headers, body=body.encode())


def response_protocol(model: ServiceModel, request: HttpRequest) -> str:
    """The protocol of the answer: that of the request where a service speaks several (SQS, CloudWatch)."""
    protocol = str(model.protocol)
    spoken = model.metadata.get("protocols", [protocol])
    if request.is_form and "query" in spoken:
        return "query"
    if "x-amz-target" in request.headers and "json" in spoken:
        return "json"
    return next((name for name in (protocol, *spoken) if name in _SHAPES), "json")


def _members(fields: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())


def _sender(refusal: Refusal) -> str:
    return "Sender" if refusal.status < 500 else "Receiver"


def _query(refusal: Refusal, model: ServiceModel, request_id: str) -> tuple[dict[str, str], str]:
    namespace = model.metadata.get("xmlNamespace", f"http://{model.endpoint_prefix}.amazonaws.com/doc/")
    error = _members({"Type": _sender(refusal), "Code": refusal.code, "Message": refusal.message} | refusal.fields)
    body = (
        f'<ErrorResponse xmlns="{namespace}"><Error>{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>'
    )
    return {"Content-Type": "text/xml"}, body


def _ec2(refusal: Refusal, model: ServiceModel, request_id: str) -> tuple[dict[str, str], str]:
    del model
    error = _members({"Code": refusal.code, "Message": refusal.message} | refusal.fields)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    )
    return {"Content-Type": "text/xml;charset=UTF-8"}, body


def _rest_xml(refusal: Refusal, model: ServiceModel, request_id: str) -> tuple[dict[str, str], str]:
    if model.service_name != "s3":
        return _query(refusal, model, request_id)
    fields = {"Code": refusal.code, "Message": refusal.message, **refusal.fields}
    error = _members(fields | {"RequestId": request_id, "HostId": HOST_ID})
    return {"Content-Type": "application/xml"}, f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{error}</Error>'


def _json(refusal: Refusal, model: ServiceModel, request_id: str) -> tuple[dict[str, str], str]:
    del request_id
    headers = {"Content-Type": f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}"}
    if "awsQueryCompatible" in model.metadata:
        headers["x-amzn-query-error"] = f"{refusal.code};{_sender(refusal)}"
    return headers, json.dumps({"__type": refusal.code, "message": refusal.message} | refusal.fields)


def _rest_json(refusal: Refusal, model: ServiceModel, request_id: str) -> tuple[dict[str, str], str]:
    del model, request_id
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": refusal.code}
    return headers, json.dumps({"message": refusal.message} | refusal.fields)


_SHAPES = {"query": _query, "ec2": _ec2, "rest-xml": _rest_xml, "json": _json, "rest-json": _rest_json}

"""moto, called in process with a request written from checked parameters.

moto takes the account from the header ``x-moto-account-id``: that whose resources the call works on. Access is
decided before moto is asked.
S3 never comes here: moto's S3 takes a sub-resource that it doesn't know for CreateBucket, so :mod:`.s3` answers all of
it, and what that lacks is refused by name.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from functools import cache
from random import SystemRandom
from secrets import token_hex
from typing import Any, TypeVar

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
# 1,300 machine images of moto's own, loaded for each account and region at its first call, are 2 s that nothing needs.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from botocore.loaders import create_loader
from botocore.regions import EndpointResolver
from moto import backend_index
from moto.backends import get_backend
from moto.core import responses, utils
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.model import OperationModel
from moto.core.request import Request
from moto.core.utils import get_service_model
from moto.moto_api._internal import mock_random
from werkzeug.exceptions import HTTPException

from localcloud import botocore_caches

from .access.resources import account_exists
from .call import Call, Refusal
from .organization import ORGANIZATION
from .serialization import protocol_of
from .wire import HttpRequest, HttpResponse

LOG = logging.getLogger(__name__)
SYSTEM = SystemRandom()
# What moto makes up (access keys, passwords) would be a sequence that a few of its ids tell.
mock_random.random = SYSTEM.random
mock_random.getrandbits = SYSTEM.getrandbits


def _request_id(headers: dict[str, Any]) -> str:
    """At once: moto draws each of its 52 characters from the system."""
    headers["x-amzn-requestid"] = name = token_hex(26)
    return name


# What moto does anew at each call, or for each service's model. Its modules give these names to nobody.
_responses: Any = responses
_utils: Any = utils
_responses.method_names_from_class = cache(_responses.method_names_from_class)
_responses.gen_amzn_requestid_long = _request_id
_utils.create_loader = cache(_utils.create_loader)
botocore_caches.install()  # each of moto's services asks a session of its own which regions there are
NO_ACCOUNT = "000000000000"
Backend = TypeVar("Backend", bound=BaseBackend)
Handler = Callable[[Request, str, Any], tuple[int, dict[str, Any], str | bytes]]


def invoke(call: Call, operation: OperationModel, request: HttpRequest) -> HttpResponse:
    """moto's answer to ``request``, which is the call as :mod:`.serialization` wrote it.

    Raises Refusal NotImplemented for what moto lacks; any other exception is a fault of moto's.
    """
    if call.service == "s3":
        raise _lacking(call)
    host = host_of(call.service, call.region)
    if call.service == "s3control":  # the account is named in the host, and moto reads it there
        host = host.replace(NO_ACCOUNT, str(call.params.get("AccountId", NO_ACCOUNT)), 1)
    handler = _handler(call, host, request.path)
    message = Request.from_primitives(
        request.method, f"https://{host}{request.target}", _headers(call, request, host, operation), request.body
    )
    try:
        status, headers, body = handler(message, message.raw_url, message.headers)
    except HTTPException as error:
        status, headers, body = error.code or 500, dict(error.get_headers()), error.get_body()
    except NotImplementedError as error:
        raise _lacking(call) from error
    content = body if isinstance(body, bytes) else str(body).encode()
    answer = {str(name): str(value) for name, value in dict(headers).items()}
    return HttpResponse(status=int(status), headers=answer, body=content)


def _lacking(call: Call) -> Refusal:
    return Refusal("NotImplemented", f"{call.service} {call.operation} is not implemented here.", 501)


def _headers(call: Call, request: HttpRequest, host: str, operation: OperationModel) -> dict[str, str]:
    headers = dict(request.headers)
    scope = f"{call.caller.access_key_id or 'anonymous'}/20000101/{call.region}/{call.service}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    headers["x-moto-account-id"] = call.account
    headers["host"] = host
    if protocol_of(operation.service_model) == "json":
        headers.setdefault("content-type", "application/x-amz-json-1.1")
    return headers


@cache
def _endpoints() -> EndpointResolver:
    return EndpointResolver(create_loader().load_data("endpoints"))


@cache
def host_of(service: str, region: str) -> str:
    """The host by which moto knows a service: AWS's own, as botocore resolves it."""
    if service == "s3control":
        return f"{NO_ACCOUNT}.s3-control.{region}.amazonaws.com"
    prefix = get_service_model(service).endpoint_prefix
    endpoint = _endpoints().construct_endpoint(prefix, region) or {"hostname": f"{prefix}.{region}.amazonaws.com"}
    return str(endpoint["hostname"])


@cache
def routes(host: str) -> list[tuple[re.Pattern[str], Handler]]:
    """moto's handlers for a host, by the URLs that they answer."""
    handlers: list[tuple[re.Pattern[str], Handler]] = []
    for service, pattern in backend_index.backend_url_patterns:
        if not pattern.match(f"https://{host}/"):
            continue
        backends: Any = get_backend(service)  # pyright: ignore[reportArgumentType, reportCallIssue]  # names are literals there
        regions = backends[ORGANIZATION.management_account] if isinstance(backends, BackendDict) else backends
        backend = regions["us-east-1" if "us-east-1" in regions else "aws"]
        handlers += [(re.compile(url), handler) for url, handler in backend.urls.items()]
    return handlers


def _handler(call: Call, host: str, path: str) -> Handler:
    for pattern, handler in routes(host):
        if pattern.match(f"https://{host}{path}"):
            return handler
    raise _lacking(call)


def backend_of(backends: BackendDict[Backend], account: str, region: str) -> Backend | None:
    """moto's state of a service in an account and region; None if there is no such account or region."""
    return backends[account][region] if account_exists(account) and region in backends[account] else None


def of_account(backends: BackendDict[Backend], account: str) -> list[Backend]:
    """moto's state of a service in every region where the account used it."""
    return list(backends[account].values())

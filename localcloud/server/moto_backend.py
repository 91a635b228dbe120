"""moto, called in process with a request written from checked parameters.

What moto decides on its own and gets wrong is switched off here: its account comes from the header
``x-moto-account-id`` (the caller's; for a bucket that exists, its owner's, since with ACLs disabled whatever is in a
bucket is its owner's), access is decided before moto is asked, and an operation that moto would take for another
(S3 sub-resources fall through to CreateBucket) is refused by name.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from functools import cache
from typing import Any

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "true")

from botocore.session import get_session
from moto import backend_index
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.exceptions import HTTPException
from moto.core.model import OperationModel
from moto.core.request import Request

from .call import Call, Refusal
from .serialization import protocol_of
from .wire import HttpRequest, HttpResponse

LOG = logging.getLogger(__name__)
PARTITION = "aws"
NO_ACCOUNT = "000000000000"
Handler = Callable[[Request, str, Any], tuple[int, dict[str, Any], str | bytes]]

S3_OPERATIONS = frozenset(
    """
    AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket CreateMultipartUpload DeleteBucket
    DeleteBucketCors DeleteBucketEncryption DeleteBucketLifecycle DeleteBucketOwnershipControls DeleteBucketPolicy
    DeleteBucketReplication DeleteBucketTagging DeleteBucketWebsite DeleteObject DeleteObjectTagging DeleteObjects
    DeletePublicAccessBlock GetBucketAccelerateConfiguration GetBucketAcl GetBucketCors GetBucketEncryption
    GetBucketInventoryConfiguration GetBucketLifecycleConfiguration GetBucketLocation GetBucketLogging
    GetBucketNotificationConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
    GetBucketReplication GetBucketTagging GetBucketVersioning GetBucketWebsite GetObject GetObjectAcl
    GetObjectAttributes GetObjectLegalHold GetObjectLockConfiguration GetObjectTagging GetPublicAccessBlock HeadBucket
    HeadObject ListBucketInventoryConfigurations ListBuckets ListMultipartUploads ListObjectVersions ListObjects
    ListObjectsV2 ListParts PutBucketAccelerateConfiguration PutBucketAcl PutBucketCors PutBucketEncryption
    PutBucketInventoryConfiguration PutBucketLifecycleConfiguration PutBucketLogging
    PutBucketNotificationConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketReplication PutBucketTagging
    PutBucketVersioning PutBucketWebsite PutObject PutObjectAcl PutObjectLegalHold PutObjectLockConfiguration
    PutObjectRetention PutObjectTagging PutPublicAccessBlock RestoreObject SelectObjectContent UploadPart UploadPartCopy
    CorsPreflight
    """.split()
)
"""What moto's S3 tells apart. Anything else would be taken for a neighbour, e.g. CreateBucket."""


def invoke(call: Call, operation: OperationModel | None, request: HttpRequest) -> HttpResponse:
    """moto's answer to ``request``, which is the call as :mod:`.serialization` wrote it.

    ``operation`` is None for a CORS preflight. Raises Refusal NotImplemented for what moto lacks; any other exception
    is a fault of moto's.
    """
    if call.service == "s3" and call.operation not in S3_OPERATIONS:
        raise _lacking(call)
    _quieten()
    host = _host(call.service, call.region)
    if call.service == "s3control":  # the account is named in the host, and moto reads it there
        host = host.replace(NO_ACCOUNT, str(call.params.get("AccountId", NO_ACCOUNT)), 1)
    handler = _s3_handler(request) if call.service == "s3" else _handler(call, host, request.path)
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


def bucket_owner(bucket: str) -> str | None:
    """The account that owns the bucket of that name, or None."""
    from moto.s3.models import s3_backends

    located = s3_backends.bucket_accounts.get(bucket)
    return str(located[1]) if located else None


def _lacking(call: Call) -> Refusal:
    return Refusal("NotImplemented", f"{call.service} {call.operation} is not implemented here.", 501)


def _account(call: Call) -> str:
    bucket = call.params.get("Bucket")
    if call.service == "s3" and isinstance(bucket, str) and call.operation != "CreateBucket":
        return bucket_owner(bucket) or call.caller.account_id
    return call.caller.account_id


def _headers(call: Call, request: HttpRequest, host: str, operation: OperationModel | None) -> dict[str, str]:
    headers = {name: value for name, value in request.headers.items() if name != "x-moto-account-id"}
    scope = f"{call.caller.access_key_id or 'anonymous'}/20000101/{call.region}/{call.service}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    headers["x-moto-account-id"] = _account(call)
    headers["host"] = host
    if origin := call.headers.get("origin"):
        headers["origin"] = origin
    if operation is not None and protocol_of(operation.service_model) == "json":
        headers.setdefault("content-type", "application/x-amz-json-1.1")
    return headers


@cache
def _host(service: str, region: str) -> str:
    if service == "s3":
        return "localhost"
    if service == "s3control":
        return f"{NO_ACCOUNT}.s3-control.{region}.amazonaws.com"
    resolver = get_session().get_component("endpoint_resolver")
    endpoint = resolver.construct_endpoint(service, region) or {"hostname": f"{service}.{region}.amazonaws.com"}
    return str(endpoint["hostname"])


@cache
def _patterns(host: str) -> list[tuple[re.Pattern[str], Handler]]:
    found: list[tuple[re.Pattern[str], Handler]] = []
    for service, pattern in backend_index.backend_url_patterns:
        if not pattern.match(f"https://{host}/"):
            continue
        backends: Any = get_backend(service)  # pyright: ignore[reportArgumentType, reportCallIssue]  # names are literals there
        regions = backends["123456789012"] if isinstance(backends, BackendDict) else backends
        backend = regions["us-east-1" if "us-east-1" in regions else "aws"]
        found += [(re.compile(url), handler) for url, handler in backend.urls.items()]
    return found


def _handler(call: Call, host: str, path: str) -> Handler:
    for pattern, handler in _patterns(host):
        if pattern.match(f"https://{host}{path}"):
            return handler
    raise _lacking(call)


def _s3_handler(request: HttpRequest) -> Handler:
    from moto.s3.responses import S3Response

    key = request.path.removeprefix("/").partition("/")[2]
    return S3Response.key_dispatch if key else S3Response.bucket_dispatch


@cache
def _quieten() -> None:
    """moto's own reading of bucket policies (any Deny denies everybody) gives way to the decision made before."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    def undecided(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
        del bucket, action, resource
        return PermissionResult.NEUTRAL

    FakeBucket.get_permission = undecided  # type: ignore[method-assign,assignment]

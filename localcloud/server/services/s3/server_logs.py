"""Server access logging: a bucket's setting, and the log objects themselves.

AWS facts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html; the target bucket must be of the same
account and region; ``logging.s3.amazonaws.com`` writes, and if the target's policy doesn't let it in, or the target
has a default encryption by KMS, the logs are lost without a word; delivery is by batches, some minutes late.

Here: records are kept until there are :data:`BATCH` of a bucket, or :func:`flush_access_logs` is called.
"""

from __future__ import annotations

import secrets
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from localcloud.server.call import HOOKS, Call, Outcome, Params, Refusal
from localcloud.server.pipeline import SERVER
from localcloud.server.services.s3.store import FakeBucket

from . import checksums, versions
from .conflicts import changing
from .owners import canonical_id
from .refusals import malformed_xml
from .services import service_may
from .store import bucket_called, default_encryption, documents, documents_of, find_bucket, known_buckets
from .versions import Attributes, Encryption, Version

LOGGING_SERVICE = "logging.s3.amazonaws.com"
BATCH = 1000


@HOOKS.instead("s3", "PutBucketLogging")
def put_bucket_logging(call: Call) -> Params:
    bucket, enabled = bucket_called(call.params["Bucket"]), call.params["BucketLoggingStatus"].get("LoggingEnabled")
    if enabled is not None:
        _check(bucket, enabled)
    with changing(call) as single:
        single["logging"] = deepcopy(enabled)
    return {}


def _check(bucket: FakeBucket, enabled: dict[str, Any]) -> None:
    target = find_bucket(enabled["TargetBucket"])
    if target is None:
        raise Refusal(
            "InvalidTargetBucketForLogging",
            "The target bucket for logging does not exist",
            TargetBucket=enabled["TargetBucket"],
        )
    if target.account_id != bucket.account_id:
        raise Refusal(
            "InvalidTargetBucketForLogging",
            "The owner for the bucket to be logged and the target bucket must be the same.",
            TargetBucket=target.name,
        )
    if target.region_name != bucket.region_name:
        raise Refusal(
            "CrossLocationLoggingProhibitted",
            "Cross S3 location logging not allowed. ",
            403,
            TargetBucketLocation=target.region_name,
        )
    if enabled.get("TargetGrants"):
        raise Refusal("InvalidArgument", "TargetGrants cannot be used with a target bucket that has ACLs disabled")
    if len([name for name in ("SimplePrefix", "PartitionedPrefix") if name in _key_format(enabled)]) > 1:
        raise malformed_xml()


def _key_format(enabled: dict[str, Any]) -> dict[str, Any]:
    return enabled.get("TargetObjectKeyFormat") or {}


@HOOKS.instead("s3", "GetBucketLogging")
def get_bucket_logging(call: Call) -> Params:
    enabled = documents(call.params["Bucket"]).single.get("logging")
    return {"LoggingEnabled": deepcopy(enabled)} if enabled else {}


@dataclass(frozen=True, kw_only=True)
class Record:
    """One line of a log, and when the request was."""

    at: datetime
    line: str


@HOOKS.finish("s3")
def record(call: Call, outcome: Outcome) -> None:
    """Notes a request on a bucket that has logging enabled, refused or not."""
    bucket = find_bucket(call.params.get("Bucket", ""))
    if bucket is None or not documents_of(bucket).single.get("logging"):
        return
    now, configuration = datetime.now(UTC), documents_of(bucket)
    with configuration.lock:
        configuration.log_records.append(Record(at=now, line=_line(call, outcome, bucket, now)))
        if len(configuration.log_records) >= BATCH:
            _deliver(bucket)


def flush_access_logs() -> None:
    """Delivers what waits to be delivered, for every bucket."""
    with SERVER.lock:
        for bucket in known_buckets():
            with documents_of(bucket).lock:
                _deliver(bucket)


def _deliver(source: FakeBucket) -> None:
    configuration = documents_of(source)
    records, configuration.log_records = configuration.log_records, []
    enabled = configuration.single.get("logging")
    target = find_bucket(enabled["TargetBucket"]) if enabled else None
    if target is None or enabled is None or not records:
        return
    key = _key(source, enabled, records[-1].at)
    if _may_write(source, target, key):
        _write(target, key, "".join(f"{record.line}\n" for record in records).encode())


def _may_write(source: FakeBucket, target: FakeBucket, key: str) -> bool:
    by_kms = default_encryption(target.name)["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] != "AES256"
    return not by_kms and service_may(LOGGING_SERVICE, source, "s3:PutObject", f"arn:aws:s3:::{target.name}/{key}")


def _key(source: FakeBucket, enabled: dict[str, Any], at: datetime) -> str:
    name = f"{at:%Y-%m-%d-%H-%M-%S}-{secrets.token_hex(8).upper()}"
    partitioned = _key_format(enabled).get("PartitionedPrefix")
    if partitioned is None:
        return f"{enabled['TargetPrefix']}{name}"
    by_delivery = partitioned.get("PartitionDateSource") == "DeliveryTime"
    day = f"{at:%Y/%m/%d}"
    if not by_delivery:  # by the time of the events AWS names the log by day alone
        name = f"{at:%Y-%m-%d}-00-00-00-{name[20:]}"
    return f"{enabled['TargetPrefix']}{source.account_id}/{source.region_name}/{source.name}/{day}/{name}"


def _write(target: FakeBucket, key: str, data: bytes) -> None:
    attributes = Attributes(
        headers={"ContentType": "text/plain"},
        encryption=Encryption(algorithm="AES256"),
        etag=checksums.etag(data),
        checksum_algorithm=checksums.DEFAULT_ALGORITHM,
        checksum=checksums.encoded(checksums.DEFAULT_ALGORITHM, data),
        writer_account=target.account_id,
        shared_with_bucket_owner=True,
    )
    with documents_of(target).lock:
        versions.put(target, Version(target, key, data, attributes, versions.new_version_id(target)))


SUBRESOURCES = {
    "Acl": "ACL",
    "Cors": "CORS",
    "Tagging": "TAGGING",
    "OwnershipControls": "OWNERSHIP_CONTROLS",
    "PublicAccessBlock": "PUBLIC_ACCESS_BLOCK",
}


def operation_name(call: Call) -> str:
    """As the log names it: ``REST.GET.OBJECT``, ``REST.PUT.BUCKETPOLICY``, ``BATCH.DELETE.OBJECT``, ..."""
    special = {
        "DeleteObjects": "REST.POST.MULTI_OBJECT_DELETE",
        "CopyObject": "REST.COPY.OBJECT",
        "UploadPart": "REST.PUT.PART",
        "UploadPartCopy": "REST.COPY.PART",
        "CreateMultipartUpload": "REST.POST.UPLOADS",
        "CompleteMultipartUpload": "REST.POST.UPLOAD",
        "AbortMultipartUpload": "REST.DELETE.UPLOAD",
        "ListParts": "REST.GET.UPLOAD",
        "ListMultipartUploads": "REST.GET.UPLOADS",
        "ListObjectVersions": "REST.GET.BUCKETVERSIONS",
        "GetBucketLocation": "REST.GET.LOCATION",
        "GetBucketVersioning": "REST.GET.VERSIONING",
        "PutBucketVersioning": "REST.PUT.VERSIONING",
        "GetBucketLogging": "REST.GET.LOGGING_STATUS",
        "PutBucketLogging": "REST.PUT.LOGGING_STATUS",
        "CorsPreflight": "REST.OPTIONS.PREFLIGHT",
    }
    if call.operation == "DeleteObject" and call.method == "POST":
        return "BATCH.DELETE.OBJECT"
    if call.operation in special:
        return special[call.operation]
    method = call.method or "GET"
    about = call.operation.removeprefix("Get").removeprefix("Put").removeprefix("Delete").removeprefix("Head")
    if about in ("Object", "Bucket") or call.operation in ("ListObjects", "ListObjectsV2", "CreateBucket"):
        return f"REST.{method}.{'OBJECT' if call.params.get('Key') else 'BUCKET'}"
    if about.startswith("Object"):
        return f"REST.{method}.OBJECT_{about.removeprefix('Object').upper()}"
    about = about.removeprefix("Bucket").removesuffix("Configuration")
    return f"REST.{method}.{SUBRESOURCES.get(about, 'BUCKET' + about.upper())}"


def _line(call: Call, outcome: Outcome, bucket: FakeBucket, now: datetime) -> str:
    caller, key = call.caller, call.params.get("Key")
    requester = "-" if caller.kind == "anonymous" else caller.arn or canonical_id(caller.account_id)
    version = call.params.get("VersionId") or "-"
    anonymous = caller.kind == "anonymous"
    fields = [
        canonical_id(bucket.account_id),
        bucket.name,
        f"[{now:%d/%b/%Y:%H:%M:%S +0000}]",
        call.source_ip,
        requester,
        call.id.replace("-", "")[:16].upper(),
        operation_name(call),
        quote(key, safe="/") if key else "-",
        f'"{call.method} {call.target} HTTP/1.1"',
        str(outcome.status),
        outcome.code or "-",
        str(outcome.sent) if outcome.sent else "-",
        _size(bucket, key),
        str(outcome.milliseconds),
        str(outcome.milliseconds),
        _quoted(call.headers.get("referer")),
        _quoted(call.headers.get("user-agent")),
        version,
        secrets.token_urlsafe(56),
        "-" if anonymous else "SigV4",
        "TLS_AES_128_GCM_SHA256" if call.secure else "-",
        "-" if anonymous else "QueryString" if "X-Amz-Signature=" in call.target else "AuthHeader",
        call.headers.get("host", "-"),
        "TLSv1.3" if call.secure else "-",
        "-",
        "-",
    ]
    return " ".join(fields)


def _quoted(value: str | None) -> str:
    return f'"{value}"' if value else '"-"'


def _size(bucket: FakeBucket, key: str | None) -> str:
    entry = versions.find(bucket, key) if key else None
    return str(entry.size) if isinstance(entry, Version) else "-"

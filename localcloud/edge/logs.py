"""Access logs, as their delivery is set up: which fields, into which bucket, under which path.

AWS facts: "Standard logging (v2)": W3C text, one object a delivery of a distribution; the delivery service
``delivery.logs.amazonaws.com`` writes for the delivery source, and what the bucket's policy refuses is lost. Here:
delivered when there are :data:`BATCH` lines, or with the local cloud's other logs.
"""

from __future__ import annotations

import gzip
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from localcloud.edge.viewer import POP, Answer, Viewer
from localcloud.server import service_calls
from localcloud.server.call import Refusal
from localcloud.server.services.cloudfront import store
from localcloud.server.services.logs.store import DeliveryOf, deliveries_of
from localcloud.server.wire import HttpResponse

BATCH: Final = 1_000
REGION: Final = "us-east-1"
_LOCK = threading.Lock()
_waiting: dict[str, list[dict[str, str]]] = {}
"""By the distribution's ARN: each request's fields."""


def reset() -> None:
    with _LOCK:
        _waiting.clear()


def note(viewer: Viewer, answer: Answer, sent: HttpResponse) -> None:
    """Notes a request, whatever became of it."""
    line = _fields(viewer, answer, sent)
    with _LOCK:
        lines = _waiting.setdefault(viewer.distribution.arn, [])
        lines.append(line)
        full = len(lines) >= BATCH
    if full:
        flush()


def _fields(viewer: Viewer, answer: Answer, sent: HttpResponse) -> dict[str, str]:
    request, headers = viewer.request, {name.lower(): value for name, value in sent.headers.items()}
    seconds = f"{(datetime.now(UTC) - viewer.at).total_seconds():.3f}"
    first, _, last = headers.get("content-range", "").removeprefix("bytes ").partition("/")[0].partition("-")
    return {
        "date": viewer.at.strftime("%Y-%m-%d"),
        "time": viewer.at.strftime("%H:%M:%S"),
        "x-edge-location": POP,
        "sc-bytes": str(len(sent.body)),
        "c-ip": request.source_ip,
        "cs-method": request.method,
        "cs(Host)": viewer.distribution.domain_name,
        "cs-uri-stem": quote(request.path, safe="/%"),
        "sc-status": str(sent.status),
        "cs(Referer)": quote(viewer.headers.get("referer", ""), safe=":/?&="),
        "cs(User-Agent)": quote(viewer.headers.get("user-agent", ""), safe="/()"),
        "cs-uri-query": request.query,
        "x-edge-result-type": answer.result,
        "x-edge-request-id": viewer.id,
        "x-host-header": viewer.host,
        "cs-protocol": "https" if viewer.secure else "http",
        "time-taken": seconds,
        "time-to-first-byte": seconds,
        "cs-protocol-version": "HTTP/1.1",
        "sc-content-type": headers.get("content-type", ""),
        "sc-content-len": str(len(sent.body)),
        "sc-range-start": first if first.isdigit() else "",
        "sc-range-end": last if last.isdigit() else "",
        "cache-behavior-path-pattern": viewer.behavior.get("PathPattern", "*"),
    }


def flush() -> None:
    """Delivers what waits, for every distribution."""
    with _LOCK:
        waiting = dict(_waiting)
        _waiting.clear()
    for one in store.distributions():
        if lines := waiting.get(one.arn):
            _deliver(one, lines)


def _deliver(one: store.Distribution, lines: list[dict[str, str]]) -> None:
    for delivery in list(deliveries_of(one.arn)):
        _put(one, delivery, lines)


def _put(one: store.Distribution, delivery: DeliveryOf, lines: list[dict[str, str]]) -> None:
    bucket, _, prefix = delivery.target.removeprefix("arn:aws:s3:::").partition("/")
    rows = ["\t".join(line.get(field) or "-" for field in delivery.fields) for line in lines]
    text = "\n".join(["#Version: 1.0", f"#Fields: {' '.join(delivery.fields)}", *rows, ""])
    key = "/".join(filter(None, [prefix, _path(one, delivery), _name(one)]))
    params = {"Bucket": bucket, "Key": key, "Body": gzip.compress(text.encode())}
    # The service gives the ACL, for which it needs no s3:PutObjectAcl, as the policy of AWS's documentation shows.
    acl = {"s3:x-amz-acl": ["bucket-owner-full-control"]}
    caller = service_calls.service("delivery.logs.amazonaws.com", one.account)
    try:
        service_calls.perform(caller, "s3", "PutObject", params, REGION, source_arn=delivery.source, context=acl)
    except Refusal:
        return  # as on AWS: the call log has it


def _path(one: store.Distribution, delivery: DeliveryOf) -> str:
    now, path = datetime.now(UTC), delivery.path.rstrip("/")
    for word, value in (("yyyy", f"{now:%Y}"), ("MM", f"{now:%m}"), ("dd", f"{now:%d}"), ("HH", f"{now:%H}")):
        named = {"yyyy": "year", "MM": "month", "dd": "day", "HH": "hour"}[word]
        path = path.replace(f"{{{word}}}", f"{named}={value}" if delivery.hive_compatible else value)
    for word, value in (("account-id", one.account), ("accountid", one.account), ("DistributionId", one.id)):
        path = path.replace(f"{{{word}}}", value)
    return path.replace("{distributionid}", one.id)


def _name(one: store.Distribution) -> str:
    return f"{one.id}.{time.strftime('%Y-%m-%d-%H', time.gmtime())}.{secrets.token_hex(4)}.gz"

"""Cross-origin requests: a bucket's CORS rules, the preflight, and the headers of the answers.

AWS facts: the first rule that fits counts; ``*`` as an allowed origin is answered as ``*``, any other rule with the
request's own origin and Access-Control-Allow-Credentials; every answer to a request with an Origin, on a bucket with
CORS rules, varies by it. No rule that fits: a preflight is AccessForbidden (403), any other request goes on without
CORS headers.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from localcloud.server.call import HOOKS, Call, Outcome, Params, Refusal

from .conflicts import changing
from .refusals import malformed_xml, not_configured
from .store import documents, documents_of, find_bucket

METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
MOST_RULES = 100
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
PREFLIGHT = "CorsPreflight"
NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


@HOOKS.instead("s3", "PutBucketCors")
def put_bucket_cors(call: Call) -> Params:
    rules: list[dict[str, Any]] = call.params["CORSConfiguration"].get("CORSRules", [])
    if not 1 <= len(rules) <= MOST_RULES:
        raise malformed_xml()
    for rule in rules:
        _check_rule(rule)
    with changing(call) as single:
        single["cors"] = {"CORSRules": deepcopy(rules)}
    return {}


def _check_rule(rule: dict[str, Any]) -> None:
    if not rule.get("AllowedMethods") or not rule.get("AllowedOrigins"):
        raise malformed_xml()
    for method in rule["AllowedMethods"]:
        if method not in METHODS:
            raise Refusal(
                "InvalidRequest", f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            )
    for member, what in (("AllowedOrigins", "AllowedOrigin"), ("AllowedHeaders", "AllowedHeader")):
        for value in rule.get(member, []):
            if value.count("*") > 1:
                raise Refusal("InvalidRequest", f'{what} "{value}" can not have more than one wildcard.')
    for value in rule.get("ExposeHeaders", []):
        if "*" in value:
            raise Refusal(
                "InvalidRequest",
                f'ExposeHeader "{value}" contains wildcard. We currently do not support wildcard for ExposeHeader.',
            )
    if len(rule.get("ID", "")) > 255:
        raise Refusal("InvalidRequest", "The ID of a CORS rule has at most 255 characters.")


@HOOKS.instead("s3", "GetBucketCors")
def get_bucket_cors(call: Call) -> Params:
    stored = documents(call.params["Bucket"]).single.get("cors")
    if stored is None:
        raise not_configured("NoSuchCORSConfiguration", "The CORS configuration does not exist", call.params["Bucket"])
    return deepcopy(stored)


@HOOKS.instead("s3", "DeleteBucketCors")
def delete_bucket_cors(call: Call) -> Params:
    with changing(call) as single:
        single.pop("cors", None)
    return {}


def rules_of(bucket: str) -> list[dict[str, Any]]:
    existing = find_bucket(bucket)
    return documents_of(existing).single.get("cors", {}).get("CORSRules", []) if existing else []


def _fits(pattern: str, value: str) -> bool:
    before, wildcard, after = pattern.partition("*")
    return bool(re.fullmatch(re.escape(before) + (".*" if wildcard else "") + re.escape(after), value))


def _matching(bucket: str, origin: str, method: str, headers: list[str]) -> dict[str, Any] | None:
    """The first rule for that origin, method and request headers."""
    for rule in rules_of(bucket):
        allowed: list[str] = [header.lower() for header in rule.get("AllowedHeaders", [])]
        if (
            any(_fits(pattern, origin) for pattern in rule["AllowedOrigins"])
            and method in rule["AllowedMethods"]
            and all(any(_fits(pattern, header) for pattern in allowed) for header in headers)
        ):
            return rule
    return None


def _answer(rule: dict[str, Any], origin: str, headers: list[str]) -> dict[str, str]:
    anybody = "*" in rule["AllowedOrigins"]
    answer = {
        "Access-Control-Allow-Origin": "*" if anybody else origin,
        "Access-Control-Allow-Methods": ", ".join(rule["AllowedMethods"]),
    }
    if headers:
        answer["Access-Control-Allow-Headers"] = ", ".join(headers)
    if rule.get("ExposeHeaders"):
        answer["Access-Control-Expose-Headers"] = ", ".join(rule["ExposeHeaders"])
    if rule.get("MaxAgeSeconds") is not None:
        answer["Access-Control-Max-Age"] = str(rule["MaxAgeSeconds"])
    if not anybody:
        answer["Access-Control-Allow-Credentials"] = "true"
    return {**answer, "Vary": VARY}


@HOOKS.instead("s3", PREFLIGHT)
def preflight(call: Call) -> Params:
    """Answers OPTIONS, which needs no permission."""
    params = call.params
    origin, method = params.get("Origin", ""), params.get("RequestMethod", "")
    if not origin:
        raise Refusal("BadRequest", "Insufficient information. Origin request header needed.")
    if method not in METHODS:
        raise Refusal("BadRequest", f"Invalid Access-Control-Request-Method: {method or 'null'}")
    headers = [header.strip().lower() for header in params.get("RequestHeaders", "").split(",") if header.strip()]
    kind = "OBJECT" if params.get("Key") else "BUCKET"
    if not rules_of(params.get("Bucket", "")):
        raise Refusal(
            "AccessForbidden",
            "CORSResponse: CORS is not enabled for this bucket.",
            403,
            Method=method,
            ResourceType=kind,
        )
    rule = _matching(params["Bucket"], origin, method, headers)
    if rule is None:
        raise Refusal("AccessForbidden", NOT_ALLOWED, 403, Method=method, ResourceType=kind)
    call.response_headers.update(_answer(rule, origin, headers))
    call.response_status = 200
    return {}


@HOOKS.finish("s3")
def add_headers(call: Call, outcome: Outcome) -> None:
    """CORS headers of any other answer, a refusal's too."""
    del outcome
    origin, bucket = call.headers.get("origin"), call.params.get("Bucket", "")
    if not origin or call.operation == PREFLIGHT or not rules_of(bucket):
        return
    rule = _matching(bucket, origin, call.method, [])
    call.response_headers.update(_answer(rule, origin, []) if rule else {"Vary": VARY})

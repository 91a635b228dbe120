"""Cross-origin requests as a browser makes them, over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import urllib3

from .conftest import Cloud
from .s3_steps import Bucket, make_bucket, statement

VIEWER = "https://neuroglancer.example.org"
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
RULES: list[dict[str, Any]] = [
    {"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://*.lab.example.org"], "AllowedHeaders": ["x-amz-*"]},
    {
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedOrigins": ["*"],
        "AllowedHeaders": ["range", "if-none-match"],
        "ExposeHeaders": ["Content-Length", "Content-Range", "ETag", "Accept-Ranges"],
        "MaxAgeSeconds": 3600,
    },
]


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> Bucket:
    made = make_bucket(cloud)
    made.allow(statement("s3:GetObject", f"{made.arn}/*"), statement("s3:ListBucket", made.arn))
    made.s3.put_bucket_cors(Bucket=made.name, CORSConfiguration={"CORSRules": RULES})
    made.put("d/a [1].json", b"{}", ContentType="application/json")
    return made


class Browser:
    def __init__(self, cloud: Cloud, bucket: Bucket) -> None:
        self.pool = urllib3.PoolManager(ca_certs=cloud.ca_bundle)
        self.base = f"{cloud.https_url}/{bucket.name}/"

    def request(self, method: str, key: str, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.pool.request(method, self.base + quote(key), headers=sent)

    def preflight(self, origin: str, method: str, headers: str = "") -> Any:
        asked = {"Access_Control_Request_Headers": headers} if headers else {}
        return self.request("OPTIONS", "d/a [1].json", Origin=origin, Access_Control_Request_Method=method, **asked)


@pytest.fixture(scope="module")
def browser(cloud: Cloud, bucket: Bucket) -> Browser:
    return Browser(cloud, bucket)


def cors_headers(response: Any) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in response.headers.items()
        if name.lower().startswith("access-control-") or name.lower() == "vary"
    }


def test_preflight_by_the_first_rule_that_fits(browser: Browser) -> None:
    answer = browser.preflight(VIEWER, "GET", "Range, If-None-Match")
    assert answer.status == 200
    assert cors_headers(answer) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "range, if-none-match",
        "access-control-expose-headers": "Content-Length, Content-Range, ETag, Accept-Ranges",
        "access-control-max-age": "3600",
        "vary": VARY,
    }
    answer = browser.preflight("https://one.lab.example.org", "PUT", "x-amz-meta-a")
    assert cors_headers(answer)["access-control-allow-origin"] == "https://one.lab.example.org"
    assert cors_headers(answer)["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [(VIEWER, "PUT", ""), (VIEWER, "GET", "x-other"), ("https://lab.example.org", "PUT", ""), (VIEWER, "DELETE", "")],
)
def test_preflight_that_no_rule_fits(browser: Browser, origin: str, method: str, headers: str) -> None:
    answer = browser.preflight(origin, method, headers)
    assert answer.status == 403
    assert b"<Code>AccessForbidden</Code>" in answer.data
    assert b"<ResourceType>OBJECT</ResourceType>" in answer.data
    assert "access-control-allow-origin" not in cors_headers(answer)


def test_preflight_of_a_bucket_without_rules(cloud: Cloud) -> None:
    answer = Browser(cloud, make_bucket(cloud)).preflight(VIEWER, "GET")
    assert (answer.status, b"CORS is not enabled for this bucket" in answer.data) == (403, True)


def test_anonymous_read_with_origin(browser: Browser) -> None:
    answer = browser.request("GET", "d/a [1].json", Origin=VIEWER, Range="bytes=0-0")
    assert (answer.status, answer.data, answer.headers["Content-Type"]) == (206, b"{", "application/json")
    assert cors_headers(answer) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-expose-headers": "Content-Length, Content-Range, ETag, Accept-Ranges",
        "access-control-max-age": "3600",
        "vary": VARY,
    }


def test_without_origin_there_are_no_cors_headers(browser: Browser) -> None:
    assert cors_headers(browser.request("GET", "d/a [1].json")) == {}


def test_a_missing_key_has_cors_headers_too(browser: Browser) -> None:
    answer = browser.request("GET", "missing", Origin=VIEWER)
    assert (answer.status, cors_headers(answer)["access-control-allow-origin"]) == (404, "*")


def test_head_has_no_body_but_the_length(browser: Browser) -> None:
    answer = browser.request("HEAD", "d/a [1].json", Origin=VIEWER)
    assert (answer.status, answer.data, answer.headers["Content-Length"]) == (200, b"", "2")
    missing = browser.request("HEAD", "missing")
    assert (missing.status, missing.data) == (404, b"")


def test_an_anonymous_read_may_not_override_headers(browser: Browser) -> None:
    answer = browser.pool.request("GET", browser.base + "d/a%20%5B1%5D.json?response-content-type=text/html")
    assert (answer.status, b"InvalidRequest" in answer.data) == (400, True)

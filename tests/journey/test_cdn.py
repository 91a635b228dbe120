"""The data CDNs over HTTP, as the stacks bring them up: who reads what, what is listed, and changes of settings."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.journey.conftest import DEV, PUBLIC, Cloud, Project

STAGING, SOURCE, EMBARGO = (
    "cryoet-data-portal-staging",
    "cryoetportal-rawdatasets-dev",
    "cryoet-data-portal-embargo",
)
KEY, PATH = "10000/TS_[1] a/0", "/10000/TS_[1]%20a/0"
PAGE = {"Origin": "https://neuroglancer-demo.appspot.com"}
LISTINGS = (
    "/", "/?list-type=2", "/?prefix=", "/?prefix=10000/", "/?delimiter=/", "/?versions", "/?uploads", "/?location",
    "/?policy", "//", "/.", "/%2F", "/10000/", "/10000", "/index.html?list-type=2&prefix=10000/",
)  # fmt: skip


def domain(project: Project, stack: str, key: str) -> str:
    """CloudFront's own name of a CDN."""
    return str(project.outputs(stack)["data_cdn"][key]["domain"])


def ask(
    cloud: Cloud, host: str, path: str, method: str = "GET", body: bytes = b"", /, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name and body; the path goes as it is."""
    port = urlsplit(cloud.http_url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body or None, headers={"Host": f"{host}.localhost:{port}", **headers})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@pytest.fixture(scope="module")
def staging(standing: Project) -> str:
    return domain(standing, "dev", "staging")


@pytest.fixture(scope="module")
def public(standing: Project) -> str:
    return domain(standing, "public", "public")


@pytest.fixture(scope="module", autouse=True)
def objects(standing: Project, cloud: Cloud) -> Iterator[None]:
    """An object in each bucket whose body is the bucket's name."""
    for bucket in (STAGING, SOURCE, EMBARGO):
        cloud.client("s3", DEV).put_object(Bucket=bucket, Key=KEY, Body=bucket.encode())
        cloud.client("s3", DEV).put_object(Bucket=bucket, Key=f"only/{bucket}", Body=bucket.encode())
    yield
    for bucket in (STAGING, SOURCE, EMBARGO):
        for key in (KEY, f"only/{bucket}"):
            cloud.client("s3", DEV).delete_object(Bucket=bucket, Key=key)


def test_an_object_of_staging_is_read_through_its_cdn_and_by_nothing_else(cloud: Cloud, staging: str) -> None:
    status, headers, body = ask(cloud, staging, PATH, Range="bytes=0-5", **PAGE)
    assert (status, body, headers["content-range"]) == (206, b"cryoet", f"bytes 0-5/{len(STAGING)}")
    assert headers["access-control-allow-origin"] == "*"
    assert "content-range" in headers["access-control-expose-headers"].lower()
    assert ask(cloud, f"{STAGING}.s3.us-west-2.amazonaws.com", PATH)[0] != 200
    assert ask(cloud, "localhost", f"/{STAGING}{PATH}")[0] == 403
    assert ask(cloud, "localhost", f"/{STAGING}?list-type=2")[0] == 403


def test_a_web_page_may_ask_for_the_end_of_a_shard(cloud: Cloud, staging: str) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    status, headers, _ = ask(cloud, staging, PATH, "OPTIONS", **PAGE, **asked)
    assert status == 200
    assert "range" in headers["access-control-allow-headers"].lower()
    assert ask(cloud, staging, PATH, Range="bytes=-4", **PAGE)[2] == STAGING.encode()[-4:]


@pytest.mark.parametrize("path", LISTINGS)
def test_no_cdn_lists(cloud: Cloud, staging: str, public: str, path: str) -> None:
    for host in (staging, public):
        status, _, body = ask(cloud, host, path)
        assert status in (403, 404), (host, status)
        assert b"only/" not in body
        assert b"ListBucketResult" not in body


def test_a_missing_chunk_is_404_and_nothing_is_written(cloud: Cloud, staging: str, public: str) -> None:
    for host in (staging, public):
        assert ask(cloud, host, "/10000/missing/0")[0] == 404
        for method in ("PUT", "POST", "DELETE"):
            assert ask(cloud, host, PATH, method)[0] == 403


def test_no_cdn_has_an_object_of_source_or_embargo(cloud: Cloud) -> None:
    """Whatever distributions the accounts have."""
    hosts = [
        one["DomainName"]
        for account in (DEV, PUBLIC)
        for one in cloud.client("cloudfront", account).list_distributions()["DistributionList"]["Items"]
    ]
    assert len(hosts) == 2
    for host in hosts:
        for bucket in (SOURCE, EMBARGO):
            assert ask(cloud, host, f"/only/{bucket}")[0] == 404
        assert ask(cloud, host, PATH)[2] not in (SOURCE.encode(), EMBARGO.encode())


def test_requests_are_in_the_log_bucket(cloud: Cloud, staging: str) -> None:
    from localcloud.edge.logs import flush

    ask(cloud, staging, PATH)
    flush()
    listed = cloud.client("s3", DEV).list_objects_v2(Bucket="cryoet-data-portal-logs-dev", Prefix=f"AWSLogs/{DEV}/")
    assert listed["KeyCount"] > 0


def test_the_status_shows_the_hosts(standing: Project, staging: str, public: str) -> None:
    done = standing.run("portal", "status", env={"COLUMNS": "200"})
    assert f"data CDN of staging: https://{staging}" in done.stdout
    assert f"data CDN of public: https://{public}" in done.stdout

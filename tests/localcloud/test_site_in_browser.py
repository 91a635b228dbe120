"""The whole way of a page in a browser: site CDN, load balancer, page, API and database, and chunks by the data CDN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.delivery import Delivery
from benchmarks.postgres import database_uri
from examples.api.app import application as api_application
from examples.api.engine import connecting_engine
from examples.importer import database
from examples.importer.tables import DATASETS, RUNS, TOMOGRAMS
from examples.ingest.phantom import SPACING, phantom
from examples.ingest.volumes import pyramid, write_zarr
from examples.postgresql import connection_parameters
from examples.site.api import Api
from examples.site.app import application as site_application
from localcloud.kubernetes.addresses import loopback
from tests.examples.browser import browser
from tests.examples.rows import dataset, runs, tomogram
from tests.examples.serving import served
from tests.examples.viewing import DRAWN, assert_drawn

from .conftest import Cloud
from .elb_steps import address
from .test_cloudfront_refusals import counted

DATASET, RUN = 10000, "TS_001"
ASKED = """fetch("/graphql", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({query: "{ tomograms { httpsOmezarrDir } }"}),
}).then((answer) => answer.json())"""


@pytest.fixture(scope="module")
def chunks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The phantom's zarr as the ingest writes it."""
    folder = tmp_path_factory.mktemp("data")
    write_zarr(folder / "TS_001.zarr", pyramid(phantom()), SPACING, 48, RUN)
    files = [file for file in (folder / "TS_001.zarr").rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def headers_policy(cloud: Cloud, **config: Any) -> str:
    config = {"Name": cloud.name("headers"), **config}
    made = cloud.client("cloudfront").create_response_headers_policy(ResponseHeadersPolicyConfig=config)
    return str(made["ResponseHeadersPolicy"]["Id"])


def cors(cloud: Cloud) -> str:
    any_origin = {
        "AccessControlAllowCredentials": False,
        "AccessControlAllowHeaders": counted("Range"),
        "AccessControlAllowMethods": counted("GET", "HEAD"),
        "AccessControlAllowOrigins": counted("*"),
        "OriginOverride": True,
    }
    return headers_policy(cloud, CorsConfig=any_origin)


def security(cloud: Cloud, data: str) -> str:
    sources = f"default-src 'self'; connect-src 'self' https://{data}; img-src 'self' https://{data} data:"
    policy = {"ContentSecurityPolicy": f"{sources}; object-src 'none'; base-uri 'none'", "Override": True}
    return headers_policy(cloud, SecurityHeadersConfig={"ContentSecurityPolicy": policy})


@pytest.fixture(scope="module")
def site(cloud: Cloud, chunks: dict[str, bytes]) -> Iterator[str]:
    """Its URL for a browser of this machine."""
    delivery = Delivery(cloud.session(), cloud.https_url, cloud.ca_bundle)
    data = delivery.data_cdn(cloud.name("chunks"), chunks, headers=cors(cloud))
    api, page = address(21), address(22)
    with ExitStack() as stack:
        uri = stack.enter_context(database_uri("browser"))
        parameters = connection_parameters(uri, "test")
        database.create_tables(parameters)
        drawn = {**tomogram(DATASET, RUN, 100), "voxel_spacing": SPACING}
        drawn |= {"https_omezarr_dir": f"https://{data}/TS_001.zarr"}
        with database.connect(parameters) as connection:
            rows = [(DATASETS, [dataset(DATASET)]), (RUNS, runs(DATASET, RUN)), (TOMOGRAMS, [drawn])]
            database.replace_rows(connection, DATASET, rows)
        engine = connecting_engine(parameters, pool_size=2)
        api_url = stack.enter_context(served(api_application(engine, threads=2), loopback(api), 9009))
        stack.enter_context(served(site_application(Api(api_url), "dev"), loopback(page), 8080))
        domain = delivery.site_cdn(cloud.name("site"), api=api, page=page, headers=security(cloud, data))
        yield f"http://{domain}.localhost:{urlsplit(cloud.http_url).port}"


def test_a_browser_sees_the_dataset_asks_graphql_and_draws_the_slice(site: str) -> None:
    with browser() as chrome:
        chrome.open(site)
        assert f"Phantom {DATASET}" in chrome.value("document.querySelector('table').textContent")
        chrome.open(f"{site}/datasets/{DATASET}/runs/{RUN}")
        chrome.until(DRAWN)
        volume = phantom(2)
        plane = volume[len(volume) // 2]
        assert_drawn(chrome, plane, float(plane.min()), float(plane.max()))
        [asked] = chrome.value(ASKED)["data"]["tomograms"]
        assert asked["httpsOmezarrDir"] == chrome.value("document.getElementById('viewer').dataset.zarr")
        assert asked["httpsOmezarrDir"].startswith("http://d")
        assert chrome.complaints == []
        forbidden = chrome.value('fetch("http://127.0.0.1:1/").then(() => "answered", () => "refused")')
        assert forbidden == "refused"
        assert any("Content Security Policy" in complaint for complaint in chrome.complaints)

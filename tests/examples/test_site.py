"""The example page over the example API: what is on it, how it is cached, what it says when something is amiss."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine

from examples.api.app import application as api_application
from examples.asgi import Application
from examples.importer import database
from examples.importer.tables import DATASETS, RUNS, TOMOGRAMS
from examples.site import pages
from examples.site.api import Api, ApiError
from examples.site.app import application
from examples.site.assets import ASSETS
from tests.examples.asking import Answer, ask
from tests.examples.programs import environment, running
from tests.examples.rows import DATASET, HTTPS, OTHER, dataset, runs, tomograms
from tests.examples.serving import served

HOSTILE = '<script>alert(1)</script>&"%_'


@pytest.fixture(scope="module")
def api_url(engine: Engine) -> Iterator[str]:
    with served(api_application(engine, threads=2)) as url:
        yield url


@pytest.fixture(scope="module")
def api(api_url: str) -> Api:
    return Api(api_url)


@pytest.fixture(scope="module")
def site(api: Api) -> Application:
    return application(api, "staging")


@pytest.fixture
def hostile(parameters: dict[str, Any], engine: Engine) -> Iterator[int]:
    """A dataset whose title and run are what HTML, URLs and patterns are made of."""
    with database.connect(parameters) as connection:
        rows = [(DATASETS, [dataset(10500, HOSTILE)]), (RUNS, runs(10500, "a b+[1]%?"))]
        database.replace_rows(connection, 10500, [*rows, (TOMOGRAMS, tomograms(10500, "a b+[1]%?"))])
        yield 10500
        connection.execute("DELETE FROM datasets WHERE id = 10500")


def links(answer: Answer) -> list[str]:
    return re.findall(r'<a href="([^"]+)"', answer.text)


def titles(site: Application, url: str) -> list[str]:
    answer = ask(site, "GET", url)
    assert answer.status == 200
    return re.findall(r'<th scope="row"><a href="/datasets/\d+">([^<]+)</a>', answer.text)


def test_the_list_is_searched_by_title_and_number(site: Application) -> None:
    both = [f"Phantom {DATASET}", f"Phantom {OTHER}"]
    assert titles(site, "/") == both
    assert titles(site, "/?q=PHANTOM") == both
    assert titles(site, f"/?q={OTHER}") == [f"Phantom {OTHER}"]
    assert titles(site, "/?q=%25") == titles(site, "/?q=Ph_ntom") == titles(site, "/?q=%5C") == []
    assert "0 datasets with “nothing”" in ask(site, "GET", "/?q=nothing").text
    row = rf"<td>{OTHER}</td><td>1</td><td>2</td>"
    assert row in ask(site, "GET", "/").text


def test_a_long_list_has_parts(site: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", 1)
    first, second = ask(site, "GET", "/?q=Phantom"), ask(site, "GET", "/?q=Phantom&page=2")
    assert "/?q=Phantom&amp;page=2" in links(first)
    assert "Page 2 of 2" in second.text
    assert titles(site, "/?q=Phantom&page=2") == [f"Phantom {OTHER}"]
    for number in ("3", "0", "-1", "x", "99999999"):
        assert ask(site, "GET", f"/?q=Phantom&page={number}").status == 404


def test_from_a_dataset_to_a_run_and_its_tomogram(site: Application) -> None:
    answer = ask(site, "GET", f"/datasets/{DATASET}")
    assert f"/datasets/{DATASET}/runs/TS_002" in links(answer)
    assert f"s3://bucket/{DATASET}" in answer.text
    run = ask(site, "GET", f"/datasets/{DATASET}/runs/TS_002")
    zarr = f"{HTTPS}/{DATASET}/TS_002/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_002.zarr"
    assert f'data-zarr="{zarr}"' in run.text
    assert "Download, 5.9 GB" in run.text
    chosen = ask(site, "GET", f"/datasets/{DATASET}/runs/TS_002?tomogram=13.480/100")
    assert f'data-zarr="{zarr}"' in chosen.text
    for wrong in ("13.480/101", "13.48/100", "x"):
        assert ask(site, "GET", f"/datasets/{DATASET}/runs/TS_002?tomogram={wrong}").status == 404


def test_what_the_database_has_is_text(site: Application, hostile: int) -> None:
    listed = ask(site, "GET", "/?q=%3Cscript%3Ealert(1)%3C/script%3E%26%22%25_")
    assert f'value="{HOSTILE}"' not in listed.text
    for answer in (listed, ask(site, "GET", f"/datasets/{hostile}")):
        assert "<script>" not in answer.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;%_" in answer.text
    [url] = [link for link in links(ask(site, "GET", f"/datasets/{hostile}")) if "/runs/" in link]
    assert url == f"/datasets/{hostile}/runs/a%20b%2B%5B1%5D%25%3F"
    run = ask(site, "GET", url)
    assert run.status == 200
    assert "<h1>Run a b+[1]%?</h1>" in run.text
    assert f'data-zarr="{HTTPS}/10500/a b+[1]%?/Reconstructions' in run.text


def test_caching_is_what_each_answer_says(site: Application) -> None:
    page = ask(site, "GET", "/")
    assert page.headers["cache-control"] == "public, max-age=0, s-maxage=10"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for name, asset in ASSETS.items():
        answer = ask(site, "GET", asset.url)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.body == asset.body
        old = ask(site, "GET", re.sub(r"\.[0-9a-f]{16}\.", f".{'0' * 16}.", asset.url))
        assert (old.status, old.body, old.headers["cache-control"]) == (200, asset.body, "no-store"), name
    for path in ("/build/viewer.js", "/build/other.0000000000000000.js", "/build/../app.py", "/nothing", "/datasets/x"):
        missing = ask(site, "GET", path)
        assert (missing.status, missing.headers["cache-control"]) == (404, "no-store")


def test_scripts_import_each_other_by_their_hashes(site: Application) -> None:
    for name in ("viewer.js", "zarr.js"):
        [imported] = re.findall(r'from "\./([^"]+)"', ASSETS[name].body.decode())
        assert ask(site, "GET", f"/build/{imported}").headers["cache-control"].endswith("immutable")
    run = ask(site, "GET", f"/datasets/{DATASET}/runs/TS_001").text
    assert f'<script type="module" src="{ASSETS["viewer.js"].url}"></script>' in run
    assert f'<link rel="stylesheet" href="{ASSETS["style.css"].url}">' in run


def test_other_methods_are_refused(site: Application) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = ask(site, method, "/")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert ask(site, "GET", "/", b"x").status == 413
    assert ask(site, "HEAD", "/").body == b""
    assert ask(site, "GET", "/healthz").json == {"status": "ok"}


def test_nothing_of_that_number_or_name(site: Application) -> None:
    for path in ("/datasets/1", f"/datasets/{DATASET}/runs/none", "/datasets/9999999999", "/datasets/1/runs/a/b"):
        assert ask(site, "GET", path).status == 404


def test_without_the_api_the_page_says_so_and_is_not_cached() -> None:
    site = application(Api("http://127.0.0.1:9/graphql"), "prod")
    answer = ask(site, "GET", "/")
    assert (answer.status, answer.headers["cache-control"], answer.headers["retry-after"]) == (503, "no-store", "10")
    assert "can&#x27;t be read at the moment" in answer.text
    assert "Environment" not in answer.text
    assert ask(site, "GET", "/healthz").status == 200


def test_connections_to_the_api_are_kept_and_opened_again() -> None:
    """The other side answers two requests a connection, and then ends it without a word."""
    connections: list[int] = []

    class Two(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            connections.append(0)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            connections[-1] += 1
            body = b'{"data": 1}'
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = connections[-1] == 2

    server = ThreadingHTTPServer(("127.0.0.1", 0), Two)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    api = Api(f"http://127.0.0.1:{server.server_address[1]}")
    assert [api.ask("{ x }") for _ in range(5)] == [1] * 5
    assert connections == [2, 2, 1]
    server.shutdown()
    server.server_close()


def test_what_the_api_refuses_is_no_answer(api: Api) -> None:
    with pytest.raises(ApiError, match=r"400: .*Cannot query field"):
        api.ask("{ nothing }")
    with pytest.raises(ApiError, match="ConnectionRefusedError"):
        Api("http://127.0.0.1:9").ask("{ __typename }")


def test_the_program_ends_in_peace(api_url: str) -> None:
    with running("examples.site", {"API_URL_V2": f"{api_url}/graphql", "ENV": "dev"}) as program:
        connection = program.connect()
        status, body = program.get("/", connection)
        assert (status, b"Environment: dev" in body) == (200, True)
        code, output = program.end()
    assert code == -15
    assert "Finished server process" in output


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"ENV": "dev"}, "API_URL_V2: the variable is not set"),
        ({"API_URL_V2": "https://x"}, "ENV: the variable is not set"),
        ({"API_URL_V2": "x.example.com", "ENV": "dev"}, "API_URL_V2: 'x.example.com' must be a URL"),
        ({"API_URL_V2": "https://x", "ENV": "qa"}, "ENV: 'qa' must be one of local, dev, staging, prod"),
    ],
)
def test_a_wrong_variable_is_named(variables: dict[str, str], says: str) -> None:
    """`python -m examples.site` ends at once."""
    ended = subprocess.run(
        [sys.executable, "-m", "examples.site"],
        env=environment(variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 2
    assert says in ended.stderr

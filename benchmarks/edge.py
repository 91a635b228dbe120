"""Time to first byte and requests a second through the local edge, against the same without it, in the same run.

An object of a zarr chunk's size from a data CDN, cached and not, against a plain file server; the example page and a
GraphQL query through site CDN and load balancer, cached and not, against the service alone. Each program is a process
of its own; they and the clients share the machine. `make bench` runs this; or, after `make setup`:
`.venv/bin/python -m benchmarks.edge [--seconds N] [--connections N]`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.delivery import Delivery
from benchmarks.measure import machine
from benchmarks.postgres import database_uri, database_variables
from examples.importer import database
from examples.postgresql import connection_parameters
from localcloud.server import process

ACCOUNT: Final = "908710317728"
ROOT: Final = Path(__file__).parents[1]
CHUNK: Final = 256 << 10
DATASETS: Final = 20
FILES_PORT: Final = 18_080
QUERY: Final = json.dumps({"query": "{ datasets { id title runsCount } }"})
FILES: Final = """
import http.server, os, sys
os.chdir(sys.argv[2])
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """What is asked, and where."""

    name: str
    url: str
    host: str = ""
    body: str | None = None
    """JSON to be posted; None: the request is a GET."""


def first_bytes(place: Place, seconds: float) -> list[float]:
    """Milliseconds to the answer's first byte, request after request on one connection."""
    connection, taken, end = _connect(place), list[float](), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        answer = _ask(connection, place)
        taken.append((time.perf_counter() - begun) * 1000)
        answer.read()
    connection.close()
    return taken


def per_second(place: Place, seconds: float, connections: int) -> float:
    """Whole answers a second over several connections."""
    counts = [0] * connections
    begun = time.perf_counter()

    def client(number: int) -> None:
        connection = _connect(place)
        while time.perf_counter() < begun + seconds:
            _ask(connection, place).read()
            counts[number] += 1
        connection.close()

    clients = [threading.Thread(target=client, args=(number,)) for number in range(connections)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return sum(counts) / (time.perf_counter() - begun)


def _connect(place: Place) -> HTTPConnection:
    parts = urlsplit(place.url)
    return HTTPConnection(parts.hostname or "", parts.port, timeout=30)


def _ask(connection: HTTPConnection, place: Place) -> HTTPResponse:
    named = {"Host": place.host, "Content-Type": "application/json" if place.body else ""}
    headers = {name: value for name, value in named.items() if value}
    connection.request("POST" if place.body else "GET", urlsplit(place.url).path, place.body, headers)
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{place.name}: HTTP {answer.status}: {answer.read()[:500]!r}")
    return answer


@contextmanager
def program(words: Sequence[str], url: str, variables: Mapping[str, str]) -> Generator[str]:
    """A process that answers at a URL."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    with subprocess.Popen([sys.executable, *words], env=environment, stderr=subprocess.DEVNULL) as running:
        try:
            _await(url)
            yield url
        finally:
            running.terminate()


def _await(url: str) -> None:
    parts, deadline = urlsplit(url), time.monotonic() + 30
    while True:
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        try:
            connection.connect()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()


def fill(uri: str, datasets: int) -> None:
    """Tables with datasets that have no runs."""
    parameters = connection_parameters(uri, "benchmark")
    database.create_tables(parameters)
    with database.connect(parameters) as connection:
        connection.execute(
            "INSERT INTO datasets SELECT 10000 + n, 'Dataset ' || n, 's3://b/' || n, 'https://x/' || n "
            "FROM generate_series(0, %s) AS n",
            [datasets - 1],
        )


@contextmanager
def places() -> Generator[list[Place]]:
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, _ = process.start(scratch / "cloud", [ACCOUNT])
        stack.callback(process.stop, scratch / "cloud")
        uri = stack.enter_context(database_uri("edge"))
        fill(uri, DATASETS)
        delivery = Delivery.of(server, ACCOUNT)
        objects = _objects(stack, delivery, server.http_url, scratch)
        yield [*objects, *_pages(stack, delivery, server.http_url, uri)]


def _objects(stack: ExitStack, delivery: Delivery, edge: str, scratch: Path) -> list[Place]:
    folder, body = scratch / "files", os.urandom(CHUNK)
    folder.mkdir()
    (folder / "chunk").write_bytes(body)
    words = ["-c", FILES, str(FILES_PORT), str(folder)]
    files = stack.enter_context(program(words, f"http://127.0.0.1:{FILES_PORT}", {}))
    host = f"{delivery.data_cdn('benchmark-chunks', {'chunk': body, 'fresh/chunk': body})}.localhost"
    return [
        Place(name="chunk: plain file server", url=f"{files}/chunk"),
        Place(name="chunk: data CDN, cached", url=f"{edge}/chunk", host=host),
        Place(name="chunk: data CDN, from the bucket", url=f"{edge}/fresh/chunk", host=host),
    ]


def _pages(stack: ExitStack, delivery: Delivery, edge: str, uri: str) -> list[Place]:
    """The API's and the page's addresses in the VPC are loopback addresses here."""
    api, page = "http://127.32.0.9:9009", "http://127.32.0.8:8080"
    stack.enter_context(program(["-m", "examples.api"], api, {**database_variables(uri), "HOST": "127.32.0.9"}))
    variables = {"API_URL_V2": f"{api}/graphql", "ENV": "dev", "HOST": "127.32.0.8"}
    stack.enter_context(program(["-m", "examples.site"], page, variables))
    host = f"{delivery.site_cdn('benchmark', api='10.32.0.9', page='10.32.0.8')}.localhost"
    return [
        Place(name="GraphQL: the API alone", url=f"{api}/graphql", body=QUERY),
        Place(name="GraphQL: site CDN, never cached", url=f"{edge}/graphql", host=host, body=QUERY),
        Place(name="dataset's page: the service alone", url=f"{page}/datasets/10000"),
        Place(name="dataset's page: site CDN, not cached", url=f"{edge}/datasets/10000", host=host),
        Place(name="list: the service alone", url=f"{page}/"),
        Place(name="list: site CDN, cached 10 seconds", url=f"{edge}/", host=host),
    ]


def main(arguments: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(prog="python -m benchmarks.edge")
    command.add_argument("--seconds", type=float, default=3, help="of each measurement")
    command.add_argument("--connections", type=int, default=8)
    command.add_argument("--rounds", type=int, default=3)
    given = command.parse_args(arguments)
    with places() as asked:
        print(f"{machine()}; {given.connections} connections, {given.rounds} rounds of {given.seconds:g} s, medians")
        print(f"{'':38} {'first byte, ms':>15} {'of 95 %':>8} {'requests/s':>11}")
        figures: dict[str, list[tuple[float, float, float]]] = {place.name: [] for place in asked}
        for _ in range(given.rounds):
            for place in asked:
                taken = first_bytes(place, given.seconds)
                rate = per_second(place, given.seconds, given.connections)
                figures[place.name].append((statistics.median(taken), quantile(taken, 0.95), rate))
        for name, rows in figures.items():
            middle, most, rate = (statistics.median(column) for column in zip(*rows, strict=True))
            print(f"{name:38} {middle:15.2f} {most:8.2f} {rate:11,.0f}")
    return 0


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value that is at least as large as that part of all."""
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


if __name__ == "__main__":
    raise SystemExit(main())

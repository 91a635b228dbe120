"""The example API as HTTP sees it: methods, bodies, limits, and what it says when the database is away."""

from __future__ import annotations

import json
import logging
import time

import pytest
from graphql import get_introspection_query
from sqlalchemy import Engine

from examples.api import app, schema
from examples.api.app import BODY_BYTES, application
from examples.api.engine import connecting_engine
from examples.api.limits import MAX_DEPTH, MAX_TOKENS
from examples.asgi import Application
from tests.examples.asking import ask, query


@pytest.fixture(scope="module")
def api(engine: Engine) -> Application:
    return application(engine, threads=2)


@pytest.fixture(scope="module")
def without_database() -> Application:
    nowhere = {"host": "127.0.0.1", "port": 9, "user": "nobody", "connect_timeout": 1}
    return application(connecting_engine(nowhere, pool_size=1), threads=1)


def test_queries_by_get_and_post(api: Application) -> None:
    wanted = {"data": {"datasets": [{"id": 10000}]}}
    text = "query Q($id: Int = 10000) { datasets(where: {id: {_eq: $id}}) { id } } query Other { __typename }"
    body = json.dumps({"query": text, "operationName": "Q", "variables": None}).encode()
    posted = ask(api, "POST", "/graphql", body, content_type="application/json; charset=utf-8")
    assert (posted.status, posted.json, posted.headers["cache-control"]) == (200, wanted, "no-store")
    got = ask(api, "GET", '/graphql?operationName=Q&variables={"id":10000}&query=' + text.replace(" ", "%20"))
    assert (got.status, got.json) == (200, wanted)
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    head = ask(api, "HEAD", "/graphql?query={__typename}")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "33")


def test_probes_and_the_page_of_queries_do_without_the_database(without_database: Application) -> None:
    assert ask(without_database, "GET", "/healthz").json == {"status": "ok"}
    page = ask(without_database, "GET", "/graphql")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<form action="/graphql" method="get">' in page.text
    assert not {"<script", "<style", "style="} & set(page.text.split())


def test_without_the_database_queries_can_be_sent_again(without_database: Application) -> None:
    answer = query(without_database, "{ datasets { id } }")
    assert (answer.status, answer.error, answer.headers["retry-after"]) == (503, "the database does not answer", "5")


@pytest.mark.parametrize("text", ["mutation { x }", "subscription { x }", "mutation M { x } query Q { __typename }"])
def test_what_is_no_query_is_refused(api: Application, text: str) -> None:
    for answer in (query(api, text), ask(api, "GET", "/graphql?query=" + text.replace(" ", "%20"))):
        assert answer.status in {400, 405}
        assert "read only" in answer.error or "Must provide operation name" in answer.error


def test_methods_and_paths_not_listed_are_refused(api: Application) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = ask(api, method, "/graphql")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert ask(api, "POST", "/healthz").status == 405
    assert ask(api, "GET", "/graphql/").status == 404
    assert ask(api, "GET", "/").status == 404


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b'{"query": "{__typename}"}', "text/plain", 415, "application/json"),
        (b"query={__typename}", "application/x-www-form-urlencoded", 415, "application/json"),
        (b'[{"query": "{__typename}"}]', "application/json", 400, "in batches"),
        (b"{", "application/json", 400, "the body is not JSON"),
        (b"[" * 30_000, "application/json", 400, "nested too deeply"),
        (b"\xff\xfe", "application/json", 400, "the body is not JSON"),
        (b'{"query": " "}', "application/json", 400, "query must be a text"),
        (b'{"query": "{__typename}", "variables": []}', "application/json", 400, "variables must be an object"),
        (b'{"query": "{__typename}", "operationName": 1}', "application/json", 400, "operationName must be a text"),
        (b'{"query": "{__typename}", "operationName": "X"}', "application/json", 400, "no operation 'X'"),
        (b'{"query": "{__typename}", "id": 1}', "application/json", 400, "id: not known"),
        (b"x" * (BODY_BYTES + 1), "application/json", 413, f"may have {BODY_BYTES} bytes"),
    ],
)
def test_bodies_that_are_no_query(api: Application, body: bytes, kind: str, status: int, says: str) -> None:
    answer = ask(api, "POST", "/graphql", body, content_type=kind)
    assert answer.status == status
    assert says in answer.error
    if status == 413:
        unannounced = ask(api, "POST", "/graphql", body, content_type=kind, content_length="0")
        assert unannounced.status == 413


def test_tools_may_read_the_schema(api: Application) -> None:
    assert query(api, get_introspection_query(input_value_deprecation=True)).data["__schema"]["mutationType"] is None


def doubled(levels: int) -> str:
    """2**levels paths in a few tokens."""
    parts = [f"fragment F{level} on Query {{ ...F{level + 1} ... {{ ...F{level + 1} }} }}" for level in range(levels)]
    return f"{{ ...F0 }} {' '.join(parts)} fragment F{levels} on Query {{ __typename }}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{" + " __typename" * MAX_TOKENS + "}", f"more than {MAX_TOKENS} tokens"),
        ("{ runs" + " { dataset { runs" * 8 + " { name }" + " } }" * 8 + "}", f"at most {MAX_DEPTH}"),
        ("{ __schema { types" + " { fields { type" * 5 + " { name }" + " } }" * 5 + "} }", "introspection depth"),
        ("{" * 900, ""),
        ("{ ...F } fragment F on Query { ...F }", "Cannot spread fragment 'F' within itself"),
    ],
)
def test_queries_that_cost_too_much_are_refused_at_once(api: Application, text: str, says: str) -> None:
    begun = time.process_time()
    answer = query(api, text)
    assert answer.status == 400
    assert says in answer.json["errors"][0]["message"]
    assert time.process_time() - begun < 2


def test_the_dearest_queries_that_are_answered_take_seconds_at_most(api: Application) -> None:
    begun = time.process_time()
    assert query(api, doubled(45)).data == {"__typename": "Query"}
    assert query(api, "{" + " __typename" * 300 + "}").data == {"__typename": "Query"}
    assert time.process_time() - begun < 6


def test_a_fault_of_the_api_is_in_the_log_alone(
    api: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object) -> int:
        raise KeyError("a secret")

    monkeypatch.setattr(schema, "_count", fail)
    with caplog.at_level(logging.ERROR):
        answer = query(api, "{ datasetsCount }")
    assert (answer.status, answer.json["errors"]) == (500, [{"message": "internal error", "path": ["datasetsCount"]}])
    assert "a secret" in caplog.text
    assert app.SCHEMA is schema.SCHEMA

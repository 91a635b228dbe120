"""`python -m examples.api`: its connections to database and clients, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import Any, LiteralString

import psycopg
import pytest
from sqlalchemy import Engine

from benchmarks.postgres import database_variables
from examples.importer import database
from tests.examples.programs import Program, environment, running


def posted(program: Program, text: str) -> tuple[int, dict[str, object]]:
    connection = program.connect()
    connection.request("POST", "/graphql", json.dumps({"query": text}), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.usefixtures("engine")
def test_requests_are_finished_after_sigterm(uri: str, parameters: dict[str, Any]) -> None:
    """One request waits for a lock when the signal comes; it is answered, and nobody can connect any more."""
    answers: list[tuple[int, dict[str, object]]] = []
    with running("examples.api", database_variables(uri)) as program, database.connect(parameters) as connection:
        idle = program.connect()
        assert program.get("/healthz", idle)[0] == 200
        with connection.transaction():
            connection.execute("LOCK TABLE depositions IN ACCESS EXCLUSIVE MODE")
            request = threading.Thread(target=lambda: answers.append(posted(program, "{ depositions { id } }")))
            request.start()
            await_lock(parameters)
            program.process.terminate()
            await_refusal(program)
            assert idle.sock is not None
            assert idle.sock.recv(1) == b"", "a connection that waits is closed"
            assert answers == []
        request.join(10)
        code, output = program.end()
    assert answers == [(200, {"data": {"depositions": [{"id": 10300}]}})]
    assert code == -15
    assert "Finished server process" in output


def await_lock(parameters: dict[str, Any]) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'api' AND wait_event_type = 'Lock'"
    with database.connect(parameters) as connection:
        await_value(connection, query, 1)


def await_value(connection: database.Connection, query: LiteralString, value: int) -> None:
    """PostgreSQL ends the process of a connection a moment after the connection."""
    deadline = time.monotonic() + 30
    while (row := connection.execute(query).fetchone()) != (value,):
        assert time.monotonic() < deadline, row
        time.sleep(0.02)


def await_refusal(program: Program) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            program.get("/healthz")
        except OSError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.usefixtures("engine")
def test_connections_are_verified_and_read_only_and_as_many_as_said(uri: str, parameters: dict[str, Any]) -> None:
    query = "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name = 'api' AND ssl"
    with database.connect(parameters) as connection:
        for size, kept in (("2", 2), ("0", 0)):
            with running("examples.api", {**database_variables(uri), "DATABASE_POOL_SIZE": size}) as program:
                threads = [threading.Thread(target=posted, args=(program, "{ datasets { id } }")) for _ in range(12)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                assert posted(program, "{ datasetsCount }") == (200, {"data": {"datasetsCount": 2}})
                await_value(connection, query, kept)


@pytest.mark.usefixtures("engine")
def test_a_server_that_cannot_be_verified_gets_no_password(uri: str) -> None:
    variables = {**database_variables(uri), "PGSSLROOTCERT": "/etc/ssl/certs/ca-certificates.crt"}
    with running("examples.api", variables) as program:
        status, _ = posted(program, "{ datasets { id } }")
        _, output = program.end()
    assert status == 503
    assert "certificate verify failed" in output


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"PLATFORMICS_DATABASE_HOST": "", "PLATFORMICS_DATABASE_NAME": ""}, "PLATFORMICS_DATABASE_HOST, PLATFORMICS_"),
        ({"DATABASE_POOL_SIZE": "many"}, "DATABASE_POOL_SIZE: 'many' must be a whole number from 0 to 100"),
        ({"DATABASE_POOL_SIZE": "101"}, "DATABASE_POOL_SIZE: '101' must be a whole number from 0 to 100"),
        ({"PORT": "http"}, "PORT: 'http' must be a number"),
    ],
)
def test_a_wrong_variable_is_named(uri: str, changed: dict[str, str], says: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "examples.api"],
        env=environment({**database_variables(uri), **changed}),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 2
    assert says in ended.stderr
    assert "benchmark" not in ended.stderr, "the password"


def test_the_database_refuses_to_write_for_the_api(parameters: dict[str, Any]) -> None:
    from examples.api.__main__ import STATEMENTS

    with (
        psycopg.connect(**parameters, options=STATEMENTS) as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("DELETE FROM datasets")


def test_a_pool_connects_again_after_a_failover(engine: Engine, parameters: dict[str, Any]) -> None:
    from examples.api.app import application
    from tests.examples.asking import query

    api = application(engine, threads=1)
    assert query(api, "{ datasetsCount }").data
    with database.connect(parameters) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                           " AND usename = current_user")  # fmt: skip
    assert query(api, "{ datasetsCount }").data

"""The migrations of the example API: they make the tables that imports write, in any order and one at a time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from benchmarks.postgres import database_uri, database_variables
from examples.api import tables
from examples.api.engine import connecting_engine
from examples.api.migrations import upgrade
from examples.importer import database
from examples.importer.tables import DATASETS, DEPOSITIONS, RUNS, TOMOGRAMS
from examples.postgresql import connection_parameters
from tests.examples.programs import ROOT, alembic, environment
from tests.examples.rows import dataset, runs, tomograms

Step = Callable[[dict[str, Any]], None]
BEFORE_MIGRATIONS = """
CREATE TABLE depositions (id integer PRIMARY KEY, title text NOT NULL);
CREATE TABLE datasets (
    id integer PRIMARY KEY, title text NOT NULL, s3_prefix text NOT NULL, https_prefix text NOT NULL
);
CREATE TABLE runs (
    dataset_id integer REFERENCES datasets ON DELETE CASCADE, name text, s3_prefix text NOT NULL,
    https_prefix text NOT NULL, PRIMARY KEY (dataset_id, name)
);
CREATE TABLE tomograms (
    dataset_id integer, run text, voxel_spacing numeric(9, 3), number integer,
    size_x integer NOT NULL, size_y integer NOT NULL, size_z integer NOT NULL,
    s3_mrc_file text, https_mrc_file text, file_size_mrc bigint,
    s3_omezarr_dir text, https_omezarr_dir text, file_size_omezarr bigint,
    PRIMARY KEY (dataset_id, run, voxel_spacing, number),
    FOREIGN KEY (dataset_id, run) REFERENCES runs ON DELETE CASCADE
);
"""
"""What imports made themselves before there were migrations."""
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, numeric_precision, numeric_scale FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY table_name, ordinal_position
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype IN ('p', 'f') AND connamespace = 'public'::regnamespace ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with database_uri("migrations") as uri:
        yield uri


@pytest.fixture
def uri(server: str) -> str:
    """Of an empty database."""
    with database.connect(connection_parameters(server, "test")) as connection:
        connection.execute("DROP TABLE IF EXISTS tomograms, runs, datasets, depositions, alembic_version")
    return server


@pytest.fixture
def parameters(uri: str) -> dict[str, Any]:
    return connection_parameters(uri, "test")


def described(parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Columns and constraints of the tables."""
    with database.connect(parameters) as connection:
        return [row for query in (COLUMNS, CONSTRAINTS) for row in connection.execute(query.encode())
                if row[0] != "alembic_version"]  # fmt: skip


def imported(parameters: dict[str, Any]) -> None:
    database.create_tables(parameters)
    given = [(DATASETS, [dataset(10000)]), (RUNS, runs(10000, "TS_001")), (TOMOGRAMS, tomograms(10000, "TS_001"))]
    with database.connect(parameters) as connection:
        assert database.replace_rows(connection, 10000, given)["tomograms"]["inserted"] == 2


def test_the_tables_are_those_that_imports_made(parameters: dict[str, Any]) -> None:
    with database.connect(parameters) as connection:
        connection.execute(BEFORE_MIGRATIONS)
    before = described(parameters)
    upgrade(parameters)
    assert described(parameters) == before, "such a database is taken as it is"
    with database.connect(parameters) as connection:
        connection.execute("DROP TABLE tomograms, runs, datasets, depositions, alembic_version")
    upgrade(parameters)
    assert described(parameters) == before


@pytest.mark.parametrize("steps", [(imported, upgrade), (upgrade, imported)], ids=["import first", "migration first"])
def test_imports_and_migrations_come_in_any_order(parameters: dict[str, Any], steps: Sequence[Step]) -> None:
    for step in (*steps, upgrade):
        step(parameters)
    engine: Engine = connecting_engine(parameters, pool_size=0)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.METADATA) == []
        assert context.get_current_revision() == "0001"


def test_imports_leave_tables_that_have_migrations_alone(parameters: dict[str, Any]) -> None:
    imported(parameters)
    with database.connect(parameters) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of a later release'")
        connection.execute("DELETE FROM datasets")
    imported(parameters)


def test_pods_that_migrate_at_once_follow_each_other(uri: str, parameters: dict[str, Any]) -> None:
    words = [sys.executable, "-m", "alembic", "upgrade", "head"]
    variables = environment(database_variables(uri))
    with database.connect(parameters) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(7301944)")
        pods = [
            subprocess.Popen(words, cwd=ROOT / "examples/api", env=variables, stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while connection.execute(waiting).fetchone() != (3,):
            assert [pod.poll() for pod in pods] == [None] * 3
            time.sleep(0.05)  # they need the processor
    ended = [(pod.communicate(timeout=30)[1], pod.returncode) for pod in pods]
    assert [code for _, code in ended] == [0, 0, 0]
    assert sum("Running upgrade" in said for said, _ in ended) == 1
    assert len(described(parameters)) == 23 + 6


def test_a_migration_that_fails_leaves_the_tables_as_they_were(uri: str, parameters: dict[str, Any]) -> None:
    with database.connect(parameters) as connection:
        connection.execute("CREATE DOMAIN tomograms AS text")
    try:
        ended = alembic("upgrade", "head", uri=uri)
        assert ended.returncode == 1
        assert "runs" not in [row[0] for row in described(parameters)]
        with pytest.raises(psycopg.Error):
            database.create_tables(parameters)
    finally:
        with database.connect(parameters) as connection:
            connection.execute("DROP DOMAIN tomograms")


def test_a_downgrade_removes_the_tables(uri: str, parameters: dict[str, Any]) -> None:
    upgrade(parameters)
    ended = alembic("downgrade", "base", uri=uri)
    assert ended.returncode == 0, ended.stderr
    assert described(parameters) == []


def test_the_keys_of_imports_are_those_of_the_tables() -> None:
    for table in (DATASETS, DEPOSITIONS, RUNS, TOMOGRAMS):
        assert table.key == tuple(column.name for column in tables.METADATA.tables[table.name].primary_key)

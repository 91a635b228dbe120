"""What the tests share: a PostgreSQL of the session, with the rows of two datasets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from benchmarks.postgres import database_uri
from examples.api.engine import connecting_engine
from examples.importer import database
from examples.importer.tables import DATASETS, DEPOSITIONS, RUNS, TOMOGRAMS
from examples.postgresql import connection_parameters
from tests.examples.rows import DATASET, OTHER, dataset, deposition, runs, tomograms


@pytest.fixture(scope="session")
def uri() -> Iterator[str]:
    with database_uri("examples") as uri:
        yield uri


@pytest.fixture(scope="session")
def parameters(uri: str) -> dict[str, Any]:
    """What a client connects with."""
    return connection_parameters(uri, "test")


@pytest.fixture(scope="session")
def engine(parameters: dict[str, Any]) -> Engine:
    """The API's, over tables with rows."""
    database.create_tables(parameters)
    with database.connect(parameters) as connection:
        database.replace_rows(connection, 10300, [(DEPOSITIONS, [deposition(10300)])])
        for number, names in ((DATASET, ("TS_001", "TS_002", "TS_003")), (OTHER, ("other",))):
            rows = [(DATASETS, [dataset(number)]), (RUNS, runs(number, *names)), (TOMOGRAMS, tomograms(number, *names))]
            database.replace_rows(connection, number, rows)
    return connecting_engine(parameters, pool_size=2)

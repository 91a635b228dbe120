"""Rows a second that the example import writes into PostgreSQL, against a bare COPY of the same rows.

One dataset, a tomogram a run. It is imported into empty tables, again without a difference, with a difference in every
row, and without its runs. The floor copies the same rows into tables without keys. The server is a local cluster's
(nothing is written through to the disk), the connection one with verified TLS; the bucket is left out. `make bench`
runs this; or, after `make setup`: `.venv/bin/python -m benchmarks.imports [--runs N] [--rounds N]`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any, Final

from psycopg import sql

from benchmarks.measure import machine
from benchmarks.postgres import database_uri
from examples.importer import database
from examples.importer.tables import DATASETS, RUNS, TOMOGRAMS, Table
from examples.postgresql import connection_parameters

DATASET: Final = 10000
Tables = Sequence[tuple[Table, Sequence[dict[str, Any]]]]


def tables(runs: int, size: int) -> Tables:
    """A dataset's rows, and those of its runs and tomograms."""

    def places(key: str) -> dict[str, str]:
        return {
            "s3_prefix": f"s3://cryoet-data-portal-public/{key}",
            "https_prefix": f"https://files.example.com/{key}",
        }

    names = [f"TS_{number:05}" for number in range(runs)]
    return [
        (DATASETS, [{"id": DATASET, "title": "A dataset", **places(str(DATASET))}]),
        (RUNS, [{"dataset_id": DATASET, "name": name, **places(f"{DATASET}/{name}")} for name in names]),
        (TOMOGRAMS, [_tomogram(name, size) for name in names]),
    ]


def _tomogram(run: str, size: int) -> dict[str, Any]:
    key = f"cryoet-data-portal-public/{DATASET}/{run}/Reconstructions/VoxelSpacing10.000/Tomograms/100/{run}"
    return {
        "dataset_id": DATASET,
        "run": run,
        "voxel_spacing": 10.0,
        "number": 100,
        **dict.fromkeys(("size_x", "size_y", "size_z", "file_size_mrc", "file_size_omezarr"), size),
        **{f"s3_{name}": f"s3://{key}.{name}" for name in ("mrc_file", "omezarr_dir")},
        **{f"https_{name}": f"https://{key}.{name}" for name in ("mrc_file", "omezarr_dir")},
    }


@contextmanager
def connection() -> Generator[database.Connection]:
    """To a server of the benchmark's own."""
    with database_uri() as uri:
        parameters = connection_parameters(uri, "benchmark")
        database.create_tables(parameters)
        with database.connect(parameters) as connected:
            yield connected


def copied(connection: database.Connection, given: Tables) -> float:
    """Seconds of the floor."""
    for table, _ in given:
        bare = sql.Identifier(f"bare_{table.name}")
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(bare))
        connection.execute(
            sql.SQL("CREATE TABLE {} AS SELECT * FROM {} LIMIT 0").format(bare, sql.Identifier(table.name))
        )
    begun = time.perf_counter()
    with connection.transaction(), connection.cursor() as cursor:
        for table, rows in given:
            columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
            target = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(f"bare_{table.name}"), columns)
            with cursor.copy(target) as copy:
                for row in rows:
                    copy.write_row([*row.values()])
    return time.perf_counter() - begun


def imported(connection: database.Connection, given: Tables, expected: dict[str, int]) -> float:
    """Seconds of an import, whose changes of tomograms are as expected."""
    begun = time.perf_counter()
    changes = database.replace_rows(connection, DATASET, given)
    spent = time.perf_counter() - begun
    if changes["tomograms"] != expected:
        raise SystemExit(f"the import did {changes['tomograms']}, expected {expected}")
    return spent


def main() -> None:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--runs", type=int, default=10_000)
    command.add_argument("--rounds", type=int, default=5)
    given = command.parse_args()
    first, other, none = tables(given.runs, 1), tables(given.runs, 2), tables(0, 1)
    rows = 1 + 2 * given.runs
    changes = {"inserted": 0, "updated": 0, "deleted": 0}
    with connection() as connected:
        steps: dict[str, Callable[[], float]] = {
            "COPY": lambda: copied(connected, first),
            "inserted": lambda: imported(connected, first, {**changes, "inserted": given.runs}),
            "unchanged": lambda: imported(connected, first, changes),
            "updated": lambda: imported(connected, other, {**changes, "updated": given.runs}),
            "deleted": lambda: imported(connected, none, {**changes, "deleted": given.runs}),
        }
        taken = [{name: step() for name, step in steps.items()} for _ in range(given.rounds)]
    print(f"{machine()}; {rows} rows of one dataset, {given.rounds} rounds, medians")
    for name in steps:
        spent = median(one[name] for one in taken)
        print(f"{name:10} {spent:7.3f} s {rows / spent:10,.0f} rows a second")


if __name__ == "__main__":
    main()

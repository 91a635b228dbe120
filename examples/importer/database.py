"""
Rows into PostgreSQL: all of one owner (a dataset, a deposition) in one transaction.

Rows are upserted by their natural keys, and only where a value differs. Rows of the owner that are not among those
that were read are deleted. So the same import changes nothing the second time, and one that fails changes nothing at
all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from examples.importer.tables import Table

Row = dict[str, Any]
Connection = psycopg.Connection[tuple[Any, ...]]
DELETE_STALE: Final = sql.SQL("""
DELETE FROM {table} AS stored WHERE {owner} = %s AND NOT EXISTS (
    SELECT FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS imported WHERE ({stored_key}) = ({imported_key})
)
""")
UPSERT: Final = sql.SQL("""
INSERT INTO {table} AS stored ({columns})
SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)
ON CONFLICT ({key}) DO UPDATE SET ({values}) = ROW({new_values})
WHERE ({stored_values}) IS DISTINCT FROM ({new_values})
RETURNING xmax = 0
""")
"""`xmax` of a row is 0 if no transaction before this one had the row: it was inserted."""


@dataclass
class Changes:
    """Rows of one table."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0


def connect(parameters: Mapping[str, Any]) -> Connection:
    """A connection that commits each statement outside of a `transaction()` by itself."""
    return psycopg.connect(**parameters, autocommit=True)


def create_tables(parameters: Mapping[str, Any]) -> None:
    """
    Makes the tables in a database that has had no migration. Later migrations are the API's release's to run: an import
    never changes tables under an API that reads them.
    """
    with connect(parameters) as connection:
        [(is_migrated,)] = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL")
    if not is_migrated:
        _migrate(parameters)


def _migrate(parameters: Mapping[str, Any]) -> None:
    from sqlalchemy.exc import DBAPIError

    from examples.api.migrations import upgrade

    try:
        upgrade(parameters)
    except DBAPIError as error:
        raise error.orig or error from error


def replace_rows(
    connection: Connection, owner: int, tables: Sequence[tuple[Table, Sequence[Row]]]
) -> dict[str, dict[str, int]]:
    """
    Makes the rows of one owner those that were read. A table comes after those that its rows refer to.

    Two imports of the same owner follow each other: the first upsert locks the owner's row.
    """
    changes = {table.name: Changes() for table, _ in tables}
    documents = [(table, rows, json.dumps(rows)) for table, rows in tables]
    with connection.transaction():
        for table, rows, document in documents:
            if rows:
                _upsert(connection, table, rows[0], document, changes[table.name])
        for table, _, document in reversed(documents):
            changes[table.name].deleted = _delete_stale(connection, table, owner, document)
    return {name: asdict(counts) for name, counts in changes.items()}


def _upsert(connection: Connection, table: Table, row: Row, document: str, changes: Changes) -> None:
    values = [column for column in row if column not in table.key]
    query = UPSERT.format(
        table=sql.Identifier(table.name),
        columns=_columns(row),
        key=_columns(table.key),
        values=_columns(values),
        stored_values=_columns(values, "stored"),
        new_values=_columns(values, "excluded"),
    )
    inserted = [is_new for (is_new,) in connection.execute(query, [document])]
    changes.inserted, changes.updated = inserted.count(True), inserted.count(False)


def _delete_stale(connection: Connection, table: Table, owner: int, document: str) -> int:
    query = DELETE_STALE.format(
        table=sql.Identifier(table.name),
        owner=sql.Identifier(table.owner),
        stored_key=_columns(table.key, "stored"),
        imported_key=_columns(table.key, "imported"),
    )
    return connection.execute(query, [owner, document]).rowcount


def _columns(names: Sequence[str] | Row, of: str = "") -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(of, name) if of else sql.Identifier(name) for name in names)

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
from psycopg.conninfo import conninfo_to_dict

from examples.importer.arguments import SCHEMES
from examples.importer.tables import SCHEMA, Table

Row = dict[str, Any]
Connection = psycopg.Connection[tuple[Any, ...]]
DEFAULTS: Final = {
    "sslmode": "verify-full",  # libpq's own default takes any server, also one without TLS
    "connect_timeout": "60",  # an Aurora cluster that is paused takes about 15 seconds
    "application_name": "importer",
}
"""Where the URI says nothing. The authority of the server's certificate is that of PGSSLROOTCERT."""
SCHEMA_LOCK: Final = 7_301_944
"""Any number that nothing else locks by: two imports may find an empty database at the same time."""
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


def connection_parameters(uri: str) -> dict[str, Any]:
    """
    What to connect with.

    Raises:
        ValueError: the text is no URI of a database; it is a secret, and no part of it is repeated
    """
    scheme = next((scheme for scheme in SCHEMES if uri.startswith(scheme)), None)
    if scheme is None:
        raise ValueError(f"--postgres_url: the database's URI must begin with one of {', '.join(SCHEMES)}")
    try:
        return {**DEFAULTS, **conninfo_to_dict(SCHEMES[0] + uri.removeprefix(scheme))}
    except psycopg.ProgrammingError:
        raise ValueError("--postgres_url: the database's URI can't be read") from None


def connect(parameters: Mapping[str, Any]) -> Connection:
    """A connection that commits each statement outside of a `transaction()` by itself."""
    return psycopg.connect(**parameters, autocommit=True)


def create_tables(connection: Connection) -> None:
    """Those that are missing."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEMA_LOCK])
        connection.execute(SCHEMA)


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

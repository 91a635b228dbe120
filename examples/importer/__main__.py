"""The command line: the rows of each dataset are replaced in one transaction, and counted on a line of JSON."""

import json
import sys
from typing import Any

import psycopg

from examples import postgresql
from examples.command_line import fail, ignored
from examples.importer import database, rows
from examples.importer.arguments import WITHOUT_EFFECT, Wanted, parser, wanted
from examples.ingest.bucket import Bucket
from examples.ingest.errors import InvalidInputFileError


class DatabaseError(Exception):
    """PostgreSQL refuses a connection or rows; the text is its own."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 with a line of JSON at the end of stderr."""
    command = parser()
    given = command.parse_args(arguments)
    for line in ignored(given, WITHOUT_EFFECT):
        sys.stderr.write(f"{line}\n")
    try:
        what = wanted(given)
        parameters = postgresql.connection_parameters(what.database, "importer")
    except ValueError as error:
        command.error(str(error))
    try:
        load(what, parameters)
    except (InvalidInputFileError, DatabaseError) as error:
        return fail(error)
    return 0


def load(what: Wanted, parameters: dict[str, Any]) -> None:
    """
    Imports all that is wanted. A dataset that fails leaves the others: they are imported before its error is raised.

    Raises:
        InvalidInputFileError: a dataset or a deposition is not what it should be
        DatabaseError: the database can't be reached, or refuses rows
    """
    try:
        database.create_tables(parameters)
    except psycopg.Error as error:
        raise DatabaseError(str(error)) from error
    bucket = Bucket(what.bucket, anonymous=what.anonymous, endpoint_url=what.endpoint_url)
    owners = rows.owners(bucket, what)
    errors = [error for owner in owners if (error := _load(bucket, what, owner, parameters))]
    if len(errors) > 1:
        texts = "; ".join(str(error) for error in errors)
        raise type(errors[0])(f"{len(errors)} of {len(owners)} failed: {texts}")
    if errors:
        raise errors[0]


def _load(
    bucket: Bucket, what: Wanted, owner: rows.Owner, parameters: dict[str, Any]
) -> InvalidInputFileError | DatabaseError | None:
    """Connects for this one: neither a slow bucket nor a lost connection is felt by the next."""
    try:
        tables = rows.read(bucket, what, owner)
        with database.connect(parameters) as connection:
            changes = database.replace_rows(connection, owner.number, tables)
    except InvalidInputFileError as error:
        return InvalidInputFileError(f"{owner}: {error}")
    except psycopg.Error as error:
        return DatabaseError(f"{owner}: {error}")
    sys.stdout.write(json.dumps({owner.kind: owner.number, **changes}) + "\n")
    return None


if __name__ == "__main__":
    sys.exit(main())

"""
How alembic connects: as the API does, and one at a time.

All migrations run in one transaction, which first takes a lock: of two pods or jobs that upgrade at once, the second
waits and then finds nothing to do. A migration that fails leaves the tables as they were.
"""

import logging
import os
from typing import Final

import sqlalchemy
from alembic import context

from examples.api.engine import connecting_engine
from examples.api.tables import METADATA
from examples.postgresql import connection_parameters, uri_of_variables

LOCK: Final = 7_301_944
"""Any number that nothing else locks by."""


def main() -> None:
    parameters = context.config.attributes.get("parameters")
    if parameters is None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        parameters = connection_parameters(uri_of_variables(os.environ), "migrations")
    engine = connecting_engine(parameters, pool_size=0)
    with engine.connect() as connection, connection.begin():
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.configure(connection=connection, target_metadata=METADATA)
        context.run_migrations()


main()

"""
Serves the API: `python -m examples.api`.

The five PLATFORMICS_DATABASE_* variables name the database, PGSSLROOTCERT the authorities of its certificate. Left out,
PORT is 9009, HOST every address, LOG_LEVEL INFO, and DATABASE_POOL_SIZE 10 connections: as many queries run at once.
With 0 each query connects for itself, so that a database which pauses while nobody is connected can pause.
"""

import os
import sys

from examples.api.app import application
from examples.api.engine import connecting_engine
from examples.asgi import serve, setting
from examples.postgresql import connection_parameters, uri_of_variables

PORT = 9009
THREADS_WITHOUT_POOL = 10
STATEMENTS = "-c default_transaction_read_only=on -c statement_timeout=15000"


def main() -> int:
    """Exit status: 2 with a line on stderr if a variable is wrong. SIGTERM ends it once requests are answered."""
    try:
        parameters = connection_parameters(uri_of_variables(os.environ), "api")
        pool_size = setting(os.environ, "DATABASE_POOL_SIZE", 10, 100)
        engine = connecting_engine({**parameters, "options": STATEMENTS}, pool_size=pool_size)
        serve(application(engine, threads=pool_size or THREADS_WITHOUT_POOL), os.environ, PORT)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

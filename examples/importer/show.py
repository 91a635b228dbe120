"""
What imports wrote: `python -m examples.importer.show SECRET` prints each tomogram's row as JSON.

The database's URI is that of the secret, as its other clients read it.
"""

import argparse
import json
import sys

import boto3
import psycopg
from psycopg.rows import dict_row

from examples.importer.database import connect
from examples.postgresql import connection_parameters


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 with what PostgreSQL said on stderr."""
    command = argparse.ArgumentParser(prog="python -m examples.importer.show")
    command.add_argument("secret", help="its name in Secrets Manager")
    name = command.parse_args(arguments).secret
    secret = json.loads(boto3.Session().client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
    try:
        with connect(connection_parameters(secret["db_uri"], "importer")) as connection:
            query = connection.cursor(row_factory=dict_row).execute("SELECT * FROM tomograms ORDER BY dataset_id, run")
            for row in query:
                sys.stdout.write(json.dumps(row, default=float) + "\n")
    except psycopg.Error as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

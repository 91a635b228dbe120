"""The data of a cluster moved into a new data folder by dump and restore, as another major version has to read them.

What a dump has comes through: tables, users and their passwords, settings of databases. Statistics, the numbers of
transactions and the places of rows don't; so whoever relies on them sees it here as after an upgrade in AWS.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from .postgres import SUPERUSER, Server, run

_IN_TEMPLATE: Final = frozenset(
    f"CREATE ROLE {role};\n" for role in (SUPERUSER, "rds_superuser", "rds_iam", "rds_password")
)
"""Lines of a dump that would make what a new data folder has."""
_STRICT: Final = ("--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1")


def rebuild(server: Server, template: Path, also: str) -> None:
    """Leaves the server stopped; nobody else can connect meanwhile. ``also``: SQL for what a dump leaves out.

    Raises RuntimeError, with the data as they were.
    """
    with server.turn:
        dump, before = server.folder / "dump.sql", server.folder / "before"
        run("pg_dumpall", *server.login, "--file", str(dump), folder=server.folder)
        with dump.open() as lines:
            wanted = [line for line in lines if line not in _IN_TEMPLATE]
        dump.write_text("".join((*wanted, also)))
        server.stop()
        server.data.rename(before)
        try:
            server.create(template)
            server.start(reachable=False)
            run("psql", *server.login, *_STRICT, "--file", str(dump), "postgres", folder=server.folder)
            server.stop()
        except (OSError, RuntimeError):
            server.stop()
            shutil.rmtree(server.data, ignore_errors=True)
            before.rename(server.data)
            raise
        finally:
            dump.unlink()
        shutil.rmtree(before)

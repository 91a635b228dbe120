"""A PostgreSQL of its own for a measurement or a test: the local cloud's, without the local cloud."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from localcloud.server import tls
from localcloud.server.services.rds import lifecycle, postgres

HOST, PORT = "database.example.com", 5432
PASSWORD: Final = "benchmark"  # noqa: S105  # of a server that nobody else reaches


@contextmanager
def database_uri(name: str = "benchmark") -> Generator[str]:
    """The URI of an empty database as a secret has it, with the authority that verifies the server."""
    with tempfile.TemporaryDirectory() as folder:
        authority = tls.make_certificate(Path(folder, "tls")).authority
        server = lifecycle.server(name, name, HOST, PORT)
        server.create(postgres.template())
        server.start()
        try:
            with server.connect() as superuser:
                superuser.execute(f"CREATE ROLE portal LOGIN PASSWORD '{PASSWORD}'".encode())
                superuser.execute("CREATE DATABASE portal OWNER portal")
            yield f"postgresql+psycopg://portal:{PASSWORD}@{server.place.address}:{PORT}/portal?sslrootcert={authority}"
        finally:
            server.stop()
            lifecycle.forget()


def database_variables(uri: str) -> dict[str, str]:
    """The database of a URI, as a pod has it."""
    parts = urlsplit(uri)
    values = {"USER": parts.username, "PASSWORD": parts.password, "HOST": parts.hostname, "PORT": parts.port}
    named = {f"PLATFORMICS_DATABASE_{name}": str(value) for name, value in values.items()}
    authority = parse_qs(parts.query)["sslrootcert"][0]
    return {**named, "PLATFORMICS_DATABASE_NAME": parts.path[1:], "PGSSLROOTCERT": authority}

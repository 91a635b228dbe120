"""Connections to the database: SQLAlchemy's pool over psycopg, by psycopg's own parameters."""

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Engine, NullPool, QueuePool, create_engine


def connecting_engine(parameters: Mapping[str, Any], *, pool_size: int) -> Engine:
    """
    An engine that connects when the first query comes.

    Args:
        pool_size: connections that stay open. 0: one for each use, so that a database that pauses when nobody is
            connected can pause
    """

    def connect() -> psycopg.Connection:
        return psycopg.connect(**parameters)

    if not pool_size:
        return create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    return create_engine(
        "postgresql+psycopg://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,  # a failover closes them all
    )

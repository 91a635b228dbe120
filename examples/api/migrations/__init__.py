"""The tables' history, for alembic; and the upgrade by which an import makes them in an empty database."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

CONFIGURATION = Path(__file__).parent.parent / "alembic.ini"


def upgrade(parameters: Mapping[str, Any], revision: str = "head") -> None:
    """`alembic upgrade`, with what psycopg connects with."""
    command.upgrade(Config(str(CONFIGURATION), attributes={"parameters": parameters}), revision)

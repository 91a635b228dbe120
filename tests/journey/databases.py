"""Connections to environments' databases, with what their secrets say."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from tests.journey.conftest import DEV, PROD, Cloud

ACCOUNTS = {"dev": DEV, "staging": DEV, "prod": PROD}


def secret(cloud: Cloud, environment: str) -> dict[str, str]:
    """The secret that its clients read."""
    client = cloud.client("secretsmanager", ACCOUNTS[environment])
    return json.loads(client.get_secret_value(SecretId=f"{environment}/v2_db_uri")["SecretString"])


def connect(cloud: Cloud, environment: str, **more: Any) -> psycopg.Connection[Any]:
    """By the secret's URI, TLS verified; ``more`` takes the place of its parts."""
    uri = secret(cloud, environment)["db_uri"].replace("postgresql+psycopg://", "postgresql://")
    verified: dict[str, Any] = {"sslmode": "verify-full", "sslrootcert": cloud.ca_bundle}
    return psycopg.connect(uri, **{**verified, **more}, autocommit=True)


def value(cloud: Cloud, environment: str, query: str) -> Any:
    """The one value that a query answers."""
    with connect(cloud, environment) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]

"""
How a PostgreSQL database is named and connected to: by a URI, or by the five variables of the portal's images.

Connections verify the server's certificate and name against the authorities in PGSSLROOTCERT, unless a URI says
otherwise: libpq's own default takes any server, also one without TLS.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

SCHEMES: Final = ("postgresql://", "postgresql+psycopg://")
VARIABLES: Final = {name: f"PLATFORMICS_DATABASE_{name}" for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")}
DEFAULTS: Final = {
    "sslmode": "verify-full",
    "connect_timeout": "60",  # an Aurora cluster that is paused takes about 15 seconds
}


def uri_of_variables(variables: Mapping[str, str]) -> str:
    """
    The database that the five variables name.

    Raises:
        ValueError: some of them are not set
    """
    if missing := [name for name in VARIABLES.values() if not variables.get(name)]:
        raise ValueError(f"the variables {', '.join(missing)} are not set")
    part = {name: quote(variables[variable], safe="") for name, variable in VARIABLES.items()}
    return f"{SCHEMES[1]}{part['USER']}:{part['PASSWORD']}@{part['HOST']}:{part['PORT']}/{part['NAME']}"


def connection_parameters(uri: str, application_name: str) -> dict[str, Any]:
    """
    What psycopg connects with.

    Raises:
        ValueError: the text is no URI of a database; it is a secret, and no part of it is repeated
    """
    scheme = next((scheme for scheme in SCHEMES if uri.startswith(scheme)), None)
    if scheme is None:
        raise ValueError(f"the database's URI must begin with one of {', '.join(SCHEMES)}")
    try:
        stated = conninfo_to_dict(SCHEMES[0] + uri.removeprefix(scheme))
    except psycopg.ProgrammingError:
        raise ValueError("the database's URI can't be read") from None
    return {**DEFAULTS, "application_name": application_name, **stated}

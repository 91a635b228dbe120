"""The environment in which pulumi, aws and portal reach the local cloud: nothing else tells them about it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from .leftovers import BATCHES, STATE
from .process import Running

UNSET = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "PULUMI_CLOUD_SECRET_OVERRIDE",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
)
"""Variables that would lead a client to other credentials than those of the files, to other keys, or past
AWS_ENDPOINT_URL."""
ONE_SERVICES = "AWS_ENDPOINT_URL_"
"""With a service's name behind it, this variable wins over AWS_ENDPOINT_URL."""
PROVIDERS = "PORTAL_AWS_"
"""Begins variables that lead the providers of the portal's program to other credentials."""


def unset(names: Iterable[str]) -> list[str]:
    """Variables to take out of an environment that has those of ``names``."""
    return [*UNSET, *sorted(name for name in names if name.startswith((ONE_SERVICES, PROVIDERS)))]


def config_file(folder: Path) -> Path:
    return folder / "aws-config"


def credentials_file(folder: Path) -> Path:
    return folder / "aws-credentials"


def backend_url(folder: Path) -> str:
    """The engine's state in a folder. ``metadata=skip``: the engine would write each state's attributes into a second
    file, not atomically, and an engine that reads at that moment, or that was killed in it, finds half of it.
    """
    return f"file://{folder}?metadata=skip"


def tools_folder(folder: Path) -> Path:
    """Where the local cloud's own `pulumi` is (``localcloud.stack_files``)."""
    return folder / "bin"


def environment(server: Running, folder: Path) -> dict[str, str]:
    """Variables by name. None names a region: it would win over those of the profiles."""
    tools = [str(tools_folder(folder)), str(Path(sys.executable).parent)]
    if engine := os.environ.get("LOCALCLOUD_ENGINE_DIR"):
        tools.append(engine)
    kept = [part for part in os.environ.get("PATH", "").split(os.pathsep) if part and part not in tools]
    return {
        "AWS_ENDPOINT_URL": server.https_url,
        "AWS_CA_BUNDLE": server.ca_bundle,
        "PGSSLROOTCERT": server.ca_bundle,  # for psql and every other client of PostgreSQL
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_CONFIG_FILE": str(config_file(folder)),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials_file(folder)),
        "PORTAL_BATCHES": str(folder / BATCHES),  # what was started here ends with these accounts
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_BACKEND_URL": backend_url(folder / STATE),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PATH": os.pathsep.join([*tools, *kept]),
    }

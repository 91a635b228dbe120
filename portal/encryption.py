"""How a stack's secrets are encrypted in its state, before there are any.

The repository's stack files have the empty passphrase, with which anyone who reads the state decrypts it: right for the
local cloud, and for stacks without secrets.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, cast

from portal.errors import PortalError
from portal.target import cloud
from settings import Portal
from settings.faults import file_of
from settings.yamlfile import read

PASSPHRASES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def refuse_open_secrets(portal: Portal, endpoint: str) -> None:
    """Raises PortalError where passwords of databases in AWS would stand in a state that anyone can decrypt."""
    passphrase = any(os.environ.get(name) for name in PASSPHRASES)
    if passphrase or cloud(endpoint) != "AWS" or not portal.current.databases:
        return
    file, _ = read(Path(portal.directory, file_of(portal.stack)))
    if isinstance(file, dict) and cast("dict[str, Any]", file).get("secretsprovider"):
        return
    names, region = ", ".join(portal.current.databases), portal.current.account.region
    change = f"pulumi stack change-secrets-provider -s {portal.stack} 'awskms://alias/KEY?region={region}'"
    raise PortalError(
        f"{portal.stack}: the passwords of the databases of {names} would be encrypted with the empty passphrase. "
        f"Once: {change} (docs/how-to/deploy-to-aws.md)"
    )

"""What a local cloud is started with, apart from its accounts: `localcloud.toml`.

| key | default | what it is |
|---|---|---|
| `region` | `us-west-2` | the region of `localcloud env`, and of requests that name none |
| `organization.management_account` | `999988887777` | the account that all others trust |
| `organization.role` | `OrganizationAccountAccessRole` | the administrator's role in each account, by AWS's own name |
| `organization.engineer` | `engineer` | the management account's user whose keys `localcloud env` gives |
| `organization.engineer_roles` | none | names, with `*`, of further roles that the engineer may assume |
| `images` | none | tables of what runs in place of a container image: :mod:`localcloud.server.images` |
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from localcloud.server.images import StandIn, stand_ins

FILE: Final = "localcloud.toml"
_ACCOUNT: Final = re.compile(r"\d{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}")
_PATTERN: Final = re.compile(r"[\w+=,.@*?-]{1,64}")


class ConfigurationError(ValueError):
    """A key of the file is wrong. The text names file, key, value and rule."""


@dataclass(frozen=True, kw_only=True)
class OrganizationSettings:
    """The accounts' organization, and the engineer who deploys into it."""

    management_account: str = "999988887777"
    role: str = "OrganizationAccountAccessRole"
    engineer: str = "engineer"
    engineer_roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What a local cloud is started with."""

    region: str = "us-west-2"
    organization: OrganizationSettings = OrganizationSettings()
    images: tuple[StandIn, ...] = ()


def load(path: Path) -> Configuration:
    """The configuration in a file. Raises ConfigurationError; OSError if it can't be read."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return _configuration(data, path.parent)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def _configuration(data: Mapping[str, Any], folder: Path) -> Configuration:
    _only(data, "", [one.name for one in fields(Configuration)])
    organization = data.get("organization", {})
    if not isinstance(organization, Mapping):
        raise ConfigurationError(f"organization: {organization!r}: a table is meant")
    try:
        images = stand_ins(data.get("images", []), folder)
    except ValueError as error:
        raise ConfigurationError(f"images: {error}") from None
    region = _text(data, "region", Configuration.region, _REGION, "a region's name")
    return Configuration(region=region, organization=_organization(organization), images=tuple(images))


def _organization(data: Mapping[str, Any]) -> OrganizationSettings:
    _only(data, "organization.", [one.name for one in fields(OrganizationSettings)])
    default = OrganizationSettings()
    roles: Any = data.get("engineer_roles", [])
    if not isinstance(roles, list) or not all(isinstance(one, str) and _PATTERN.fullmatch(one) for one in roles):
        raise ConfigurationError(f"organization.engineer_roles: {roles!r}: a list of role names is meant")
    key, account = "management_account", default.management_account
    return OrganizationSettings(
        management_account=_text(data, key, account, _ACCOUNT, "twelve digits", "organization."),
        role=_text(data, "role", default.role, _NAME, "a role's name", "organization."),
        engineer=_text(data, "engineer", default.engineer, _NAME, "a user's name", "organization."),
        engineer_roles=tuple(roles),
    )


def _only(data: Mapping[str, Any], above: str, known: Sequence[str]) -> None:
    for key in data.keys() - set(known):
        raise ConfigurationError(f"{above}{key}: is not a key; {', '.join(known)} are")


def _text(data: Mapping[str, Any], key: str, default: str, pattern: re.Pattern[str], rule: str, above: str = "") -> str:
    value: Any = data.get(key, default)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ConfigurationError(f"{above}{key}: {value!r}: {rule} is meant")
    return value

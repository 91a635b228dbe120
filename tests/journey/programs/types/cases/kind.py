"""What a case of a type is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

ACCOUNT, REGION = "908710317728", "us-west-2"


@dataclass(frozen=True, kw_only=True)
class Change:
    path: str
    """The changed input as the provider's rules name it (a Terraform path)."""
    inputs: dict[str, Any]
    """Its new value, and what must change with it."""


@dataclass(frozen=True, kw_only=True)
class Case:
    rules: str
    inputs: dict[str, Any]
    update: Change | None = None
    replace: Change | None = None
    lacks: str = ""
    """Why there is no update, or no replacement."""

    def __post_init__(self) -> None:
        if bool(self.lacks) == bool(self.update and self.replace):
            raise ValueError(f"{self.rules}: an update and a replacement, or why one of them isn't there")


@dataclass(frozen=True)
class Of:
    """An output of a resource that the program holds beside the cases."""

    name: str
    output: str = "id"


def document(**statement: Any) -> str:
    """A policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str) -> str:
    """A trust policy."""
    return document(Effect="Allow", Action="sts:AssumeRole", Principal={"Service": service})


def arn(service: str, resource: str) -> str:
    """Of a resource in the account and region of the program."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"

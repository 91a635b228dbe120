"""Where a stack's resources are: account, region, and a way in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from components import names
from portal.accounts import session
from portal.role_profile import variables_of_providers
from settings import Settings


@dataclass(frozen=True)
class Place:
    """One account's region, entered as the program enters it."""

    account: str
    region: str
    role: str
    """ARN."""
    entered: bool = False
    """The credentials at hand are a session of the role already."""

    @classmethod
    def of(cls, settings: Settings) -> Place:
        account, entered = settings.account, os.environ.get(names.ROLE_VARIABLE, "")
        return cls(account.id, account.region, names.role_arn(account.id, entered or account.role), bool(entered))

    @cached_property
    def _session(self) -> Any:
        return boto3.Session(region_name=self.region) if self.entered else session(self.role, self.region)

    @property
    def provider_variables(self) -> Mapping[str, str]:
        """For the engine, whose providers enter the account with them as this does."""
        return {} if self.entered else variables_of_providers(self.role, self.region)

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client, in another region if one is given; the role is assumed with the first. Raises botocore's
        errors."""
        return self._session.client(service, region_name=region or self.region)

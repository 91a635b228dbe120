"""One resource of every type in use, by `cases.json`: token -> variant (base, update or replace) -> inputs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
from held import hold, snake
from inputs import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"


def resolved(value: Any) -> Any:
    """The value with the outputs that it names."""
    if isinstance(value, dict) and value.keys() == {"of", "output"}:
        return getattr(held[value["of"]], value["output"])
    if isinstance(value, dict):
        return {key: resolved(item) for key, item in value.items()}
    return [resolved(item) for item in value] if isinstance(value, list) else value


provider = aws.Provider(
    "account",
    region=REGION,
    allowed_account_ids=[ACCOUNT],
    assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=ROLE)],
)
held = hold(pulumi.ResourceOptions(provider=provider))
for token, variants in json.loads(Path("cases.json").read_text()).items():
    module, kind = token.split(":")[1].split("/")[0], token.rsplit(":", 1)[1]
    getattr(getattr(aws, module), kind)(
        f"{module}-{kind}",
        **{snake(key): resolved(value) for key, value in variants[os.environ["VARIANT"]].items()},
        opts=pulumi.ResourceOptions(provider=provider, depends_on=[*held.values()]),
    )

"""One resource of every type in use; the environment's VARIANT is base, update or replace."""

from __future__ import annotations

import os
from typing import Any

import pulumi
import pulumi_aws as aws
from cases import ACCOUNT, CASES, REGION, Of
from held import hold, snake

ROLE = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"


def resolved(value: Any) -> Any:
    """The value with the outputs that it names."""
    if isinstance(value, Of):
        return getattr(held[value.name], value.output)
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
for token, case in CASES.items():
    module, kind = token.split(".")
    change = getattr(case, os.environ["VARIANT"], None)
    inputs = {**case.inputs, **(change.inputs if change else {})}
    made = getattr(getattr(aws, module), kind)
    made(
        kind,
        **{snake(key): resolved(value) for key, value in inputs.items()},
        opts=pulumi.ResourceOptions(provider=provider, depends_on=[*held.values()]),
    )

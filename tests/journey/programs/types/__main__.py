"""One resource of every type in use; the environment's VARIANT is base, update or replace."""

from __future__ import annotations

import os
import re

import pulumi
import pulumi_aws as aws
from cases import ACCOUNT, CASES, ONE, OTHER, trust

ROLE = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


provider = aws.Provider(
    "account",
    region="us-west-2",
    allowed_account_ids=[ACCOUNT],
    assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=ROLE)],
)
opts = pulumi.ResourceOptions(provider=provider)
held: list[pulumi.Resource] = [aws.s3.Bucket(name, bucket=name, opts=opts) for name in (ONE, OTHER)]
held.append(aws.iam.Role("types-holder", name="types-holder", assume_role_policy=trust("ec2.amazonaws.com"), opts=opts))
for token, case in CASES.items():
    module, kind = token.split(".")
    change = getattr(case, os.environ["VARIANT"], None)
    inputs = {**case.inputs, **(change.inputs if change else {})}
    made = getattr(getattr(aws, module), kind)
    made(
        kind,
        **{snake(key): value for key, value in inputs.items()},
        opts=pulumi.ResourceOptions(provider=provider, depends_on=held),
    )

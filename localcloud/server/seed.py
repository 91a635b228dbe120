"""What an AWS organization has before anybody deploys: accounts, the role in each that its management account may
assume, and the engineer who deploys.

AWS facts: Organizations makes ``OrganizationAccountAccessRole`` in every member account, with AdministratorAccess, and
it trusts the management account (its root principal: any identity there that has sts:AssumeRole on it).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from moto.iam.models import iam_backends

from .organization import DEFAULT_REGION, MANAGEMENT_ACCOUNT, ORGANIZATION, ORGANIZATION_ROLE, PARTITION

ENGINEER = "engineer"
ADMINISTRATOR_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"
ACCOUNT_ID_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class Credentials:
    access_key_id: str
    secret_access_key: str


def seed(members: Sequence[str]) -> Credentials:
    """Makes the organization's accounts; answers the engineer's keys. Raises ValueError for a bad account id."""
    for account in members:
        if not (len(account) == ACCOUNT_ID_DIGITS and account.isdigit()):
            raise ValueError(f"account id {account!r}: twelve digits are needed")
    if MANAGEMENT_ACCOUNT in members or len(set(members)) != len(members):
        raise ValueError(
            f"account ids {', '.join(members)}: each once, and {MANAGEMENT_ACCOUNT} is the management account"
        )
    ORGANIZATION.members = tuple(members)
    for account in members:
        _member_account(account)
    return _engineer()


def _member_account(account: str) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = iam_backends[account][PARTITION]
    iam.create_role(
        role_name=ORGANIZATION_ROLE,
        assume_role_policy_document=json.dumps(trust),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    iam.attach_role_policy(ADMINISTRATOR_POLICY, ORGANIZATION_ROLE)


def _engineer() -> Credentials:
    iam = iam_backends[MANAGEMENT_ACCOUNT][PARTITION]
    iam.create_user(DEFAULT_REGION, ENGINEER)
    roles = [f"arn:aws:iam::*:role/{name}" for name in (ORGANIZATION_ROLE, "cryoet-*")]
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    keys = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": "arn:aws:kms:*:*:key/*"}
    policy = {"Version": "2012-10-17", "Statement": [assume, keys]}
    iam.put_user_policy(ENGINEER, "assume-roles-use-keys", json.dumps(policy))
    key = iam.create_access_key(ENGINEER)
    return Credentials(access_key_id=key.access_key_id, secret_access_key=str(key.secret_access_key))

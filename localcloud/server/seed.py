"""What an AWS organization has before anybody deploys: accounts, the role in each that its management account may
assume, and the engineer who deploys.

AWS facts: Organizations makes ``OrganizationAccountAccessRole`` in every member account, with AdministratorAccess, and
it trusts the management account (its root principal: any identity there that has sts:AssumeRole on it).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from .access import resources
from .organization import ORGANIZATION

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
    if ORGANIZATION.management_account in members or len(set(members)) != len(members):
        own = ORGANIZATION.management_account
        raise ValueError(f"account ids {', '.join(members)}: each once, and {own} is the management account")
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
                "Principal": {"AWS": f"arn:aws:iam::{ORGANIZATION.management_account}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = resources.iam_backend(account)
    iam.create_role(
        role_name=ORGANIZATION.settings.role,
        assume_role_policy_document=json.dumps(trust),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    iam.attach_role_policy(ADMINISTRATOR_POLICY, ORGANIZATION.settings.role)


def _engineer() -> Credentials:
    settings = ORGANIZATION.settings
    iam = resources.iam_backend(settings.management_account)
    iam.create_user(ORGANIZATION.region, settings.engineer)
    roles = [f"arn:aws:iam::*:role/{name}" for name in (settings.role, *settings.engineer_roles)]
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    keys = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": "arn:aws:kms:*:*:key/*"}
    objects = ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]
    buckets = {"Effect": "Allow", "Action": objects, "Resource": "*"}  # where the policies of buckets let them
    policy = {"Version": "2012-10-17", "Statement": [assume, keys, buckets]}
    iam.put_user_policy(settings.engineer, "assume-roles-use-keys-and-buckets", json.dumps(policy))
    key = iam.create_access_key(settings.engineer)
    return Credentials(access_key_id=key.access_key_id, secret_access_key=str(key.secret_access_key))

"""Sessions in the portal's accounts, from the caller's ambient credentials."""

from __future__ import annotations

import json

import boto3
from botocore.credentials import RefreshableCredentials
from botocore.session import get_session

from settings.sessions import session_name

CHAINED_SESSION_SECONDS = 3600
"""AWS's limit for a role assumed from another role's session."""


def _assume(role_arn: str, region: str) -> dict[str, str]:
    answer = (
        boto3.Session(region_name=region)
        .client("sts")
        .assume_role(RoleArn=role_arn, RoleSessionName=session_name(), DurationSeconds=CHAINED_SESSION_SECONDS)
    )
    given = answer["Credentials"]
    return {
        "access_key": given["AccessKeyId"],
        "secret_key": given["SecretAccessKey"],
        "token": given["SessionToken"],
        "expiry_time": given["Expiration"].isoformat(),
    }


def session(role_arn: str, region: str) -> boto3.Session:
    """A session of the role, renewed by itself when it runs out. Raises botocore's ClientError where AWS refuses."""
    core = get_session()
    core._credentials = RefreshableCredentials.create_from_metadata(  # noqa: SLF001 # pyright: ignore[reportAttributeAccessIssue] - botocore has no public way to set renewable credentials
        metadata=_assume(role_arn, region),
        refresh_using=lambda: _assume(role_arn, region),
        method="assume-role",
    )
    return boto3.Session(botocore_session=core, region_name=region)


def credential_process(role_arn: str, region: str) -> str:
    """The role's credentials as the AWS CLI's ``credential_process`` takes them."""
    given = _assume(role_arn, region)
    return json.dumps({
        "Version": 1,
        "AccessKeyId": given["access_key"],
        "SecretAccessKey": given["secret_key"],
        "SessionToken": given["token"],
        "Expiration": given["expiry_time"],
    })  # fmt: skip

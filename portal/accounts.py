"""Sessions in the portal's accounts, from the caller's ambient credentials."""

from __future__ import annotations

import boto3
from botocore.credentials import RefreshableCredentials
from botocore.session import get_session

from portal.role_profile import assume


def _assume(role_arn: str, region: str) -> dict[str, str]:
    given = assume(role_arn, region)
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

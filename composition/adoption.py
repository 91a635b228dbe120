"""What a bucket that is taken in has already.

Rests on: the engine imports what exists and fails on what doesn't, and pulumi-aws has no function that reads a bucket's
settings. So S3 is asked which there are, by the account's role, before anything but the provider is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import pulumi

from components import names
from components.storage import Part
from settings import Portal
from settings.sessions import session_name

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3.client import S3Client

_ASK: Final[Mapping[Part, Callable[[S3Client, str], object]]] = {
    "ownership": lambda s3, bucket: s3.get_bucket_ownership_controls(Bucket=bucket),
    "public-access": lambda s3, bucket: s3.get_public_access_block(Bucket=bucket),
    "policy": lambda s3, bucket: s3.get_bucket_policy(Bucket=bucket),
    "versioning": lambda s3, bucket: s3.get_bucket_versioning(Bucket=bucket),
    "encryption": lambda s3, bucket: s3.get_bucket_encryption(Bucket=bucket),
    "lifecycle": lambda s3, bucket: s3.get_bucket_lifecycle_configuration(Bucket=bucket),
    "cors": lambda s3, bucket: s3.get_bucket_cors(Bucket=bucket),
    "logging": lambda s3, bucket: s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled"),
}
_ABSENT: Final = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "OwnershipControlsNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


def existing_parts(portal: Portal, role: str | None) -> dict[str, frozenset[Part]]:
    """Those of each bucket with ``import_id``, by the bucket's key; ``role``: the session at hand is that
    role's.

    A preview's readers are told that the bucket stays as it is. Raises SettingsError where S3 does not answer.
    """
    imported = {key: bucket.name for key, bucket in portal.current.buckets.items() if bucket.import_id}
    if not imported:
        return {}
    import botocore.exceptions  # half a second, which other programs do not spend

    parts: dict[str, frozenset[Part]] = {}
    for key, bucket in imported.items():
        try:
            parts[key] = parts_of(account_session(portal, role).client("s3"), bucket)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            raise portal.import_fault(key, str(error)) from None
        pulumi.log.warn(
            f"{key}: the bucket {bucket} is taken in as it is ({', '.join(sorted(parts[key]))}); once import_id is "
            "removed, a preview shows what the stack file changes"
        )
    return parts


def parts_of(s3: S3Client, bucket: str) -> frozenset[Part]:
    """The parts that a bucket has. Raises botocore's ClientError."""
    return frozenset(part for part, ask in _ASK.items() if _answer(lambda ask=ask: ask(s3, bucket)))


def _answer(ask: Callable[[], object]) -> object:
    """None if S3 says that there is no such setting."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _ABSENT:
            return None
        raise


def account_session(portal: Portal, role: str | None) -> boto3.Session:
    """The account as the provider reaches it: the session at hand if it is ``role``'s, else one of the account's role.
    Raises botocore's ClientError."""
    import boto3

    account = portal.current.account
    session = boto3.Session(region_name=account.region)
    if role:
        return session
    arn = names.role_arn(account.id, account.role)
    given = session.client("sts").assume_role(RoleArn=arn, RoleSessionName=session_name())["Credentials"]
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=account.region,
    )

"""What a bucket or an image repository that is taken in has already.

Rests on: the engine imports what exists and fails on what doesn't, and pulumi-aws has no function that reads a bucket's
settings or a repository's policies. So AWS is asked which there are, by the account's role, before anything but the
provider is registered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pulumi

from components import names
from components.storage import Part
from settings import Portal
from settings.checks import IMPORTED, Section

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3.client import S3Client

    from components.orchestration.images import RepositoryPart

T = TypeVar("T", bound=str)
"""A kind of part."""

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
_ASK_ECR: Final[Mapping[RepositoryPart, Callable[[Any, str], object]]] = {
    "lifecycle": lambda ecr, repository: ecr.get_lifecycle_policy(repositoryName=repository),
    "policy": lambda ecr, repository: ecr.get_repository_policy(repositoryName=repository),
}
_ABSENT: Final = frozenset(
    {
        "LifecyclePolicyNotFoundException",
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "OwnershipControlsNotFoundError",
        "RepositoryPolicyNotFoundException",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


@dataclass(frozen=True, kw_only=True)
class Existing:
    """The parts that buckets and image repositories with ``import_id`` have, by key."""

    buckets: Mapping[str, frozenset[Part]] = field(default_factory=dict[str, frozenset[Part]])
    images: Mapping[str, frozenset[RepositoryPart]] = field(default_factory=dict[str, "frozenset[RepositoryPart]"])


def existing_parts(portal: Portal) -> Existing:
    """A preview's readers are told that each stays as it is. Raises SettingsError where AWS does not answer."""
    buckets = {key: one.import_id for key, one in portal.current.buckets.items() if one.import_id}
    images = {key: one.import_id for key, one in portal.current.images.items() if one.import_id}
    if not buckets and not images:
        return Existing()
    from botocore.exceptions import BotoCoreError, ClientError  # half a second, which other programs do not spend

    session = cache(lambda: account_session(portal))

    def parts(
        section: Section, imported: Mapping[str, str], look: Callable[[str], frozenset[T]]
    ) -> dict[str, frozenset[T]]:
        existing: dict[str, frozenset[T]] = {}
        for key, name in imported.items():
            try:
                existing[key] = look(name)
            except (ClientError, BotoCoreError) as error:
                raise portal.import_fault(section, key, str(error)) from None
            listed = ", ".join(sorted(existing[key])) or "no policies"
            pulumi.log.warn(
                f"{key}: the {IMPORTED[section]} {name} is taken in as it is ({listed}); once import_id is removed, a "
                "preview shows what the stack file changes"
            )
        return existing

    return Existing(
        buckets=parts("buckets", buckets, lambda name: parts_of(session().client("s3"), name)),
        images=parts("images", images, lambda name: parts_of_repository(session().client("ecr"), name)),
    )


def parts_of(s3: S3Client, bucket: str) -> frozenset[Part]:
    """The parts that a bucket has. Raises botocore's ClientError."""
    return frozenset(part for part, ask in _ASK.items() if _answer(lambda ask=ask: ask(s3, bucket)))


def parts_of_repository(ecr: Any, repository: str) -> frozenset[RepositoryPart]:
    """The parts that an image repository has. Raises botocore's ClientError."""
    return frozenset(part for part, ask in _ASK_ECR.items() if _answer(lambda ask=ask: ask(ecr, repository)))


def _answer(ask: Callable[[], object]) -> object:
    """None if AWS says that there is no such setting."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _ABSENT:
            return None
        raise


def account_session(portal: Portal) -> boto3.Session:
    """The account as the provider reaches it."""
    import boto3

    for source, name in names.PROVIDER_VARIABLES.items():  # as the engine does for the provider's process
        if source in os.environ:
            os.environ[name] = os.environ[source]
    return boto3.Session(region_name=portal.current.account.region)

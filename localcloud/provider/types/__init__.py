"""The table of resource types: token → where its class is. A module is imported for the first resource of its types."""

from importlib import import_module
from typing import Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Resource

TABLE: Final[dict[str, str]] = {
    "aws:iam/instanceProfile:InstanceProfile": "iam_instance_profile:InstanceProfile",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "iam_openid:OpenIdConnectProvider",
    "aws:iam/policy:Policy": "iam_policy:Policy",
    "aws:iam/role:Role": "iam_role:Role",
    "aws:iam/rolePolicy:RolePolicy": "iam_role:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "iam_role:RolePolicyAttachment",
    "aws:kms/alias:Alias": "kms:Alias",
    "aws:kms/key:Key": "kms:Key",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": "s3_account:AccountPublicAccessBlock",
    "aws:s3/bucket:Bucket": "s3_bucket:Bucket",
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": "s3_settings:Cors",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "s3_lifecycle:Lifecycle",
    "aws:s3/bucketLogging:BucketLogging": "s3_settings:Logging",
    "aws:s3/bucketNotification:BucketNotification": "s3_notification:Notification",
    "aws:s3/bucketObjectv2:BucketObjectv2": "s3_object:BucketObject",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "s3_settings:OwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy": "s3_settings:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3_settings:PublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "s3_settings:Encryption",
    "aws:s3/bucketVersioning:BucketVersioning": "s3_settings:Versioning",
}


def resource_type(token: str) -> Resource:
    """The code of a type by its token. Raises ProviderError naming a type that isn't in the table."""
    if token not in TABLE:
        raise ProviderError(f"not supported by the local cloud: resource type {token}")
    module, name = TABLE[token].split(":")
    return getattr(import_module(f"{__name__}.{module}"), name)()

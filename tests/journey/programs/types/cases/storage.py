"""Buckets and identities."""

from __future__ import annotations

from typing import Any

from .kind import Case, Change, Of, document, trust

ONE, OTHER = Of("one-bucket"), Of("other-bucket")


def policy(action: str) -> str:
    return document(Effect="Allow", Action=action, Resource="*")


def closed(bucket: str, sid: str = "Tls") -> str:
    return document(
        Sid=sid,
        Effect="Deny",
        Principal="*",
        Action="s3:*",
        Resource=f"arn:aws:s3:::{bucket}/*",
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    )


def moved(**others: Any) -> Change:
    """The same on the other bucket."""
    return Change(path="bucket", inputs={"bucket": OTHER, **others})


def lifecycle(days: int) -> list[dict[str, Any]]:
    return [{"id": "all", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": days}}]


def cors(method: str) -> list[dict[str, Any]]:
    return [{"allowedMethods": [method], "allowedOrigins": ["*"]}]


def encryption(key: bool) -> list[dict[str, Any]]:
    return [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": key}]


STORAGE: dict[str, Case] = {
    "s3.Bucket": Case(
        rules="aws_s3_bucket",
        inputs={"bucket": "types-bucket", "tags": {"a": "1"}},
        update=Change(path="tags", inputs={"tags": {"a": "2"}}),
        replace=Change(path="bucket", inputs={"bucket": "types-bucket-renamed"}),
    ),
    "s3.BucketOwnershipControls": Case(
        rules="aws_s3_bucket_ownership_controls",
        inputs={"bucket": ONE, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        update=Change(path="rule.object_ownership", inputs={"rule": {"objectOwnership": "BucketOwnerPreferred"}}),
        replace=moved(),
    ),
    "s3.BucketPublicAccessBlock": Case(
        rules="aws_s3_bucket_public_access_block",
        inputs={"bucket": ONE, "blockPublicAcls": True},
        update=Change(path="block_public_policy", inputs={"blockPublicPolicy": True}),
        replace=moved(),
    ),
    "s3.BucketPolicy": Case(
        rules="aws_s3_bucket_policy",
        inputs={"bucket": ONE, "policy": closed("types-one")},
        update=Change(path="policy", inputs={"policy": closed("types-one", "TlsOnly")}),
        replace=moved(policy=closed("types-other")),
    ),
    "s3.BucketVersioning": Case(
        rules="aws_s3_bucket_versioning",
        inputs={"bucket": ONE, "versioningConfiguration": {"status": "Enabled"}},
        update=Change(
            path="versioning_configuration.status", inputs={"versioningConfiguration": {"status": "Suspended"}}
        ),
        replace=moved(),
    ),
    "s3.BucketServerSideEncryptionConfiguration": Case(
        rules="aws_s3_bucket_server_side_encryption_configuration",
        inputs={"bucket": ONE, "rules": encryption(False)},
        update=Change(path="rule.bucket_key_enabled", inputs={"rules": encryption(True)}),
        replace=moved(),
    ),
    "s3.BucketLifecycleConfiguration": Case(
        rules="aws_s3_bucket_lifecycle_configuration",
        inputs={"bucket": ONE, "rules": lifecycle(400)},
        update=Change(path="rule.expiration.days", inputs={"rules": lifecycle(500)}),
        replace=moved(),
    ),
    "s3.BucketCorsConfiguration": Case(
        rules="aws_s3_bucket_cors_configuration",
        inputs={"bucket": ONE, "corsRules": cors("GET")},
        update=Change(path="cors_rule.allowed_methods", inputs={"corsRules": cors("HEAD")}),
        replace=moved(),
    ),
    "s3.BucketLogging": Case(
        rules="aws_s3_bucket_logging",
        inputs={"bucket": ONE, "targetBucket": OTHER, "targetPrefix": "a/"},
        update=Change(path="target_prefix", inputs={"targetPrefix": "b/"}),
        replace=moved(targetBucket=ONE),
    ),
    "s3.BucketObjectv2": Case(
        rules="aws_s3_object",
        inputs={"bucket": ONE, "key": "a.txt", "content": "one"},
        update=Change(path="content", inputs={"content": "two"}),
        replace=Change(path="key", inputs={"key": "b.txt"}),
    ),
    "s3.AccountPublicAccessBlock": Case(
        rules="aws_s3_account_public_access_block",
        inputs={"blockPublicAcls": True},
        update=Change(path="ignore_public_acls", inputs={"ignorePublicAcls": True}),
        lacks="only another account would replace it, and the provider has but one",
    ),
    "iam.Role": Case(
        rules="aws_iam_role",
        inputs={"name": "types-role", "assumeRolePolicy": trust("ecs-tasks.amazonaws.com")},
        update=Change(path="assume_role_policy", inputs={"assumeRolePolicy": trust("states.amazonaws.com")}),
        replace=Change(path="name", inputs={"name": "types-role-renamed"}),
    ),
    "iam.RolePolicy": Case(
        rules="aws_iam_role_policy",
        inputs={"name": "one", "role": Of("one-role"), "policy": policy("s3:ListAllMyBuckets")},
        update=Change(path="policy", inputs={"policy": policy("s3:GetObject")}),
        replace=Change(path="name", inputs={"name": "two"}),
    ),
    "iam.Policy": Case(
        rules="aws_iam_policy",
        inputs={"name": "types-policy", "policy": policy("s3:ListAllMyBuckets")},
        update=Change(path="policy", inputs={"policy": policy("s3:GetObject")}),
        replace=Change(path="name", inputs={"name": "types-policy-renamed"}),
    ),
    "iam.OpenIdConnectProvider": Case(
        rules="aws_iam_openid_connect_provider",
        inputs={"url": "https://one.example.org", "clientIdLists": ["a"]},
        update=Change(path="client_id_list", inputs={"clientIdLists": ["a", "b"]}),
        replace=Change(path="url", inputs={"url": "https://other.example.org"}),
    ),
    "iam.InstanceProfile": Case(
        rules="aws_iam_instance_profile",
        inputs={"name": "types-profile", "role": Of("one-role")},
        update=Change(path="role", inputs={"role": Of("other-role")}),
        replace=Change(path="name", inputs={"name": "types-profile-renamed"}),
    ),
}

"""For each resource type of the provider: how one is made, changed in place, replaced, and changed behind its back.

Together the inputs of a type's case reach every input that the type says it carries out: `test_provider_types` says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from localcloud.provider.wire import Asset

from . import provider_cases_delivery, provider_cases_network, provider_cases_orchestration
from .provider_cases_balancing import BALANCING_CASES
from .provider_cases_database import DATABASE_CASES
from .provider_cases_eks import EKS_CASES
from .provider_cases_kind import Case, Inputs, Make


def policy(action: str = "s3:GetObject", resource: str = "*") -> str:
    """An identity policy of one statement."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )


def bucket_policy(bucket: str, sid: str = "TlsOnly") -> str:
    """A bucket policy that refuses plain HTTP."""
    arn = f"arn:aws:s3:::{bucket}"
    statement = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str = "ecs-tasks.amazonaws.com") -> Inputs:
    """A trust policy, as the object that a program may give."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _bucket(make: Make, name: Callable[[str], str]) -> str:
    return make("aws:s3/bucket:Bucket", {"bucket": name("bucket"), "forceDestroy": True})[0]


def _log_pair(make: Make, name: Callable[[str], str]) -> tuple[str, str]:
    source, target = _bucket(make, name), _bucket(make, name)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{target}/*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    make("aws:s3/bucketPolicy:BucketPolicy", {"bucket": target, "policy": document})
    return source, target


def _role(make: Make, name: Callable[[str], str]) -> str:
    return make("aws:iam/role:Role", {"name": name("role"), "assumeRolePolicy": trust()})[0]


def _policies(make: Make, name: Callable[[str], str]) -> str:
    return make("aws:iam/policy:Policy", {"name": name("boundary"), "policy": policy("*")})[0]


def _role_and_policies(make: Make, name: Callable[[str], str]) -> tuple[str, str, str]:
    return _role(make, name), _policies(make, name), _policies(make, name)


S3_CASES = (
    Case(
        "aws:s3/bucket:Bucket",
        inputs=lambda _: {"bucket": "provider-case-bucket", "tags": {"a": "1"}, "forceDestroy": False},
        updates=lambda _: [{"tags": {"a": "2", "b": "3"}}, {"tags": None}, {"forceDestroy": True}],
        replacement=lambda _: {"bucket": "provider-case-other"},
        variants=lambda _: [{"bucketPrefix": "provider-case-"}],
        drift=lambda aws, name, _: aws("s3").put_bucket_tagging(
            Bucket=name, Tagging={"TagSet": [{"Key": "who", "Value": "else"}]}
        ),
        drifted="tags",
        unsent={"objectLockEnabled": "object lock is not part of the local cloud's S3"},
    ),
    Case(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        before=_bucket,
        inputs=lambda bucket: {"bucket": bucket, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        updates=lambda _: [{"rule": {"objectOwnership": "BucketOwnerPreferred"}}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
        drifted="rule.objectOwnership",
    ),
    Case(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        before=_bucket,
        inputs=lambda bucket: {
            "bucket": bucket,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
            "skipDestroy": False,
        },
        updates=lambda _: [{"blockPublicPolicy": False}, {"restrictPublicBuckets": None}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": False}
        ),
        drifted="blockPublicAcls",
    ),
    Case(
        "aws:s3/bucketPolicy:BucketPolicy",
        before=_bucket,
        inputs=lambda bucket: {"bucket": bucket, "policy": bucket_policy(bucket)},
        updates=lambda bucket: [{"policy": bucket_policy(bucket, "Other")}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, "Else")),
        drifted="policy",
    ),
    Case(
        "aws:s3/bucketVersioning:BucketVersioning",
        before=_bucket,
        inputs=lambda bucket: {"bucket": bucket, "versioningConfiguration": {"status": "Enabled"}},
        updates=lambda _: [{"versioningConfiguration": {"status": "Suspended"}}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
        ),
        drifted="versioningConfiguration.status",
        stays=True,
    ),
    Case(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        before=_bucket,
        inputs=lambda bucket: {
            "bucket": bucket,
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": True}],
        },
        updates=lambda _: [{"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").delete_bucket_encryption(Bucket=bucket),
        drifted="rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
        stays=True,
        unsent={
            "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId": "its own test, with a key",
            "rules.blockedEncryptionTypes": "a rule of SSE-C, which nothing here uses",
        },
    ),
    Case(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        before=_bucket,
        inputs=lambda bucket: {
            "bucket": bucket,
            "transitionDefaultMinimumObjectSize": "varies_by_storage_class",
            "rules": [
                {"id": "abort", "status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}},
                {
                    "id": "versions",
                    "status": "Enabled",
                    "filter": {
                        "and": {"prefix": "x/", "objectSizeGreaterThan": 1, "objectSizeLessThan": 9, "tags": {"k": "v"}}
                    },
                    "noncurrentVersionExpiration": {"noncurrentDays": 90, "newerNoncurrentVersions": 2},
                    "noncurrentVersionTransitions": [
                        {"noncurrentDays": 30, "newerNoncurrentVersions": 1, "storageClass": "GLACIER_IR"}
                    ],
                    "transitions": [{"days": 30, "storageClass": "INTELLIGENT_TIERING"}],
                },
                {
                    "id": "day",
                    "status": "Disabled",
                    "filter": {"tag": {"key": "k", "value": "v"}},
                    "expiration": {"date": "2030-01-01T00:00:00Z"},
                    "transitions": [{"date": "2029-01-01T00:00:00Z", "storageClass": "GLACIER"}],
                },
                {"id": "big", "status": "Enabled", "filter": {"objectSizeGreaterThan": 5}, "expiration": {"days": 9}},
                {"id": "small", "status": "Enabled", "filter": {"objectSizeLessThan": 5}, "expiration": {"days": 9}},
                {
                    "id": "marker",
                    "status": "Enabled",
                    "filter": {"prefix": "m/"},
                    "expiration": {"expiredObjectDeleteMarker": True},
                },
                {"id": "old", "status": "Enabled", "prefix": "old/", "expiration": {"days": 1}},
            ],
        },
        updates=lambda _: [
            {"rules": [{"id": "one", "status": "Enabled", "filter": {"prefix": "a/"}, "expiration": {"days": 3}}]},
            {"rules": [{"id": "one", "status": "Enabled", "expiration": {"days": 4}}]},
            {"transitionDefaultMinimumObjectSize": None},
        ],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").put_bucket_lifecycle_configuration(
            Bucket=bucket,
            LifecycleConfiguration={
                "Rules": [{"ID": "one", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 4}}]
            },
        ),
        drifted="rules[0].status",
    ),
    Case(
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        before=_bucket,
        inputs=lambda bucket: {
            "bucket": bucket,
            "corsRules": [
                {
                    "id": "browsers",
                    "allowedHeaders": ["Range"],
                    "allowedMethods": ["HEAD", "GET"],
                    "allowedOrigins": ["*"],
                    "exposeHeaders": ["ETag", "Content-Range"],
                    "maxAgeSeconds": 3000,
                }
            ],
        },
        updates=lambda _: [{"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["https://a.example"]}]}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").put_bucket_cors(
            Bucket=bucket, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["PUT"], "AllowedOrigins": ["*"]}]}
        ),
        drifted="corsRules[0].allowedMethods[0]",
    ),
    Case(
        "aws:s3/bucketNotification:BucketNotification",
        before=_bucket,
        inputs=lambda bucket: {"bucket": bucket, "eventbridge": True},
        updates=lambda _: [{"eventbridge": False}, {"eventbridge": True}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={}
        ),
        drifted="eventbridge",
        stays=True,
    ),
    Case(
        "aws:s3/bucketLogging:BucketLogging",
        before=_log_pair,
        inputs=lambda pair: {
            "bucket": pair[0],
            "targetBucket": pair[1],
            "targetPrefix": "one/",
            "targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}},
        },
        updates=lambda _: [{"targetPrefix": "two/"}, {"targetObjectKeyFormat": {"simplePrefix": {}}}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, pair: aws("s3").put_bucket_logging(
            Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": pair[1], "TargetPrefix": "else/"}}
        ),
        drifted="targetPrefix",
    ),
)

IAM_CASES = (
    Case(
        "aws:iam/role:Role",
        before=_policies,
        inputs=lambda boundary: {
            "name": "provider-case-role",
            "assumeRolePolicy": trust(),
            "description": "first",
            "maxSessionDuration": 7200,
            "path": "/case/",
            "permissionsBoundary": boundary,
            "tags": {"a": "1"},
            "forceDetachPolicies": True,
        },
        updates=lambda _: [
            {"assumeRolePolicy": trust("batch.amazonaws.com")},
            {"description": "second"},
            {"description": None},
            {"maxSessionDuration": None},
            {"permissionsBoundary": None},
            {"tags": {"b": "2"}},
        ],
        replacement=lambda _: {"path": "/other/"},
        variants=lambda _: [{"namePrefix": "provider-case-", "assumeRolePolicy": trust()}],
        drift=lambda aws, name, _: aws("iam").update_role(RoleName=name, Description="else", MaxSessionDuration=3600),
        drifted="description",
    ),
    Case(
        "aws:iam/rolePolicy:RolePolicy",
        before=_role,
        inputs=lambda role: {"name": "case", "role": role, "policy": policy()},
        updates=lambda _: [{"policy": policy("s3:PutObject")}],
        replacement=lambda _: {"name": "other"},
        variants=lambda role: [{"namePrefix": "case-", "role": role, "policy": policy()}],
        drift=lambda aws, _id, role: aws("iam").put_role_policy(
            RoleName=role, PolicyName="case", PolicyDocument=policy("s3:ListBucket")
        ),
        drifted="policy",
    ),
    Case(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        before=_role_and_policies,
        inputs=lambda before: {"role": before[0], "policyArn": before[1]},
        replacement=lambda before: {"policyArn": before[2]},
    ),
    Case(
        "aws:iam/policy:Policy",
        inputs=lambda _: {
            "name": "provider-case-policy",
            "path": "/case/",
            "description": "what it allows",
            "policy": policy(),
            "tags": {"a": "1"},
        },
        updates=lambda _: [*({"policy": policy(f"s3:Get{word}")} for word in "ABCDEF"), {"tags": {"b": "2"}}],
        replacement=lambda _: {"description": "other"},
        variants=lambda _: [{"namePrefix": "provider-case-", "policy": policy()}],
        drift=lambda aws, arn, _: aws("iam").tag_policy(PolicyArn=arn, Tags=[{"Key": "who", "Value": "else"}]),
        drifted="tags.who",
    ),
    Case(
        "aws:iam/instanceProfile:InstanceProfile",
        before=_role,
        inputs=lambda role: {"name": "provider-case", "path": "/case/", "role": role, "tags": {"a": "1"}},
        updates=lambda role: [{"role": None}, {"role": role}, {"tags": {"b": "2"}}],
        replacement=lambda _: {"path": "/other/"},
        variants=lambda _: [{"namePrefix": "provider-case-"}],
        drift=lambda aws, name, role: aws("iam").remove_role_from_instance_profile(
            InstanceProfileName=name, RoleName=role
        ),
        drifted="role",
    ),
    Case(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        inputs=lambda _: {
            "url": "https://oidc.case.example",
            "clientIdLists": ["one", "two"],
            "thumbprintLists": ["a" * 40],
            "tags": {"a": "1"},
        },
        updates=lambda _: [{"clientIdLists": ["two", "three"]}, {"thumbprintLists": ["b" * 40]}, {"tags": {"b": "2"}}],
        replacement=lambda _: {"url": "https://oidc.other.example"},
        drift=lambda aws, arn, _: aws("iam").add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=arn, ClientID="else"
        ),
        drifted="clientIdLists",
    ),
)

OBJECT_CASES = (
    Case(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        before=_bucket,
        inputs=lambda bucket: {
            "bucket": bucket,
            "key": "folder/case.json",
            "content": "{}",
            "contentType": "application/json",
            "cacheControl": "no-store",
            "contentDisposition": "inline",
            "contentEncoding": "identity",
            "contentLanguage": "en",
            "metadata": {"made-by": "case"},
            "checksumAlgorithm": "SHA256",
            "serverSideEncryption": "AES256",
            "storageClass": "STANDARD_IA",
            "sourceHash": "1",
            "tags": {"a": "1"},
            "forceDestroy": False,
        },
        updates=lambda _: [{"content": "[]"}, {"sourceHash": "2"}, {"tags": {"b": "2"}}, {"cacheControl": None}],
        replacement=lambda _: {"key": "folder/other.json"},
        variants=lambda bucket: [
            {"bucket": bucket, "key": "k1", "contentBase64": "aGVsbG8="},
            {"bucket": bucket, "key": "k2", "source": Asset(hash="0" * 64, text="hello")},
            {"bucket": bucket, "key": "k3", "content": "x", "etag": "9dd4e461268c8034f5c8564e155c67a6"},
            {"bucket": bucket, "key": "k4", "content": "x", "overrideProvider": {"defaultTags": {"tags": {}}}},
        ],
        drift=lambda aws, object_id, bucket: aws("s3").put_object(
            Bucket=bucket, Key=object_id.split("/", 1)[1], Body=b"{}", ContentType="text/plain"
        ),
        drifted="contentType",
        unsent={
            "kmsKeyId": "excludes etag; its own test, with a key",
            "bucketKeyEnabled": "only with KMS; its own test",
            "websiteRedirect": "for website buckets, which nothing here uses",
        },
    ),
)
KMS_CASES = (
    Case(
        "aws:kms/key:Key",
        inputs=lambda _: {
            "description": "first",
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
            "multiRegion": False,
            "enableKeyRotation": True,
            "rotationPeriodInDays": 180,
            "isEnabled": True,
            "deletionWindowInDays": 7,
            "bypassPolicyLockoutSafetyCheck": False,
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"description": "second"},
            {"rotationPeriodInDays": 200},
            {"rotationPeriodInDays": None, "enableKeyRotation": False},
            {"isEnabled": False},
            {"isEnabled": True},
            {"tags": {"b": "2"}},
        ],
        replacement=lambda _: {"keyUsage": "SIGN_VERIFY", "customerMasterKeySpec": "RSA_2048"},
        drift=lambda aws, key, _: aws("kms").update_key_description(KeyId=key, Description="else"),
        drifted="description",
        unsent={"policy": "its own test, with the account's root"},
    ),
    Case(
        "aws:kms/alias:Alias",
        before=lambda make, _name: [make("aws:kms/key:Key", {"description": str(number)})[0] for number in (1, 2)],
        inputs=lambda keys: {"name": "alias/provider-case", "targetKeyId": keys[0]},
        updates=lambda keys: [{"targetKeyId": keys[1]}],
        replacement=lambda _: {"name": "alias/provider-case-other"},
        variants=lambda keys: [{"namePrefix": "alias/provider-case-", "targetKeyId": keys[0]}],
        drift=lambda aws, name, keys: aws("kms").update_alias(AliasName=name, TargetKeyId=keys[0]),
        drifted="targetKeyId",
    ),
)
ACCOUNT_CASES = (
    Case(
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        inputs=lambda _: {
            "accountId": "908710317728",
            "blockPublicAcls": True,
            "blockPublicPolicy": False,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": False,
        },
        updates=lambda _: [{"blockPublicAcls": False}, {"ignorePublicAcls": None}],
    ),
)
CASES = (
    *BALANCING_CASES,
    *DATABASE_CASES,
    *EKS_CASES,
    *S3_CASES,
    *OBJECT_CASES,
    *ACCOUNT_CASES,
    *IAM_CASES,
    *KMS_CASES,
    *provider_cases_delivery.DELIVERY_CASES,
    *provider_cases_network.CASES,
    *provider_cases_orchestration.CASES,
)

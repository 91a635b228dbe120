"""Buckets, objects, identities and keys."""

from __future__ import annotations

import json
from collections.abc import Callable

from localcloud.provider.property_values import Asset
from tests.journey.programs.types import inputs
from tests.journey.programs.types.inputs import Change
from tests.localcloud.conftest import DEV

from . import behind, listing
from .case import Aws, Case, Drift, Inputs, Make, Program


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
        program=Program(
            inputs={"bucket": "types-bucket", "tags": {"a": "1"}},
            update=Change(path="tags", inputs={"tags": {"a": "2"}}),
            replace=Change(path="bucket", inputs={"bucket": "types-bucket-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging",
                change=lambda aws, _: aws("s3").put_bucket_tagging(
                    Bucket=behind.STAGING, Tagging={"TagSet": behind.OTHER}
                ),
                shows="tags",
            ),
        ),
        listed=listing.buckets,
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
        program=Program(
            inputs={"bucket": inputs.ONE, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
            update=Change(path="rule.object_ownership", inputs={"rule": {"objectOwnership": "BucketOwnerPreferred"}}),
            replace=inputs.moved(),
        ),
        drifts=(
            Drift(
                name="staging-ownership",
                change=lambda aws, _: aws("s3").put_bucket_ownership_controls(
                    Bucket=behind.STAGING, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
                ),
                shows="rule.objectOwnership",
            ),
        ),
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
        program=Program(
            inputs={"bucket": inputs.ONE, "blockPublicAcls": True},
            update=Change(path="block_public_policy", inputs={"blockPublicPolicy": True}),
            replace=inputs.moved(),
        ),
        drifts=(
            Drift(
                name="staging-public-access",
                change=lambda aws, _: aws("s3").put_public_access_block(
                    Bucket=behind.STAGING, PublicAccessBlockConfiguration=behind.OPEN
                ),
                shows="blockPublicAcls",
            ),
        ),
    ),
    Case(
        "aws:s3/bucketPolicy:BucketPolicy",
        before=_bucket,
        inputs=lambda bucket: {"bucket": bucket, "policy": bucket_policy(bucket)},
        updates=lambda bucket: [{"policy": bucket_policy(bucket, "Other")}],
        replacement=lambda _: {"bucket": "another"},
        drift=lambda aws, bucket, _: aws("s3").put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, "Else")),
        drifted="policy",
        program=Program(
            inputs={"bucket": inputs.ONE, "policy": inputs.closed("types-one")},
            update=Change(path="policy", inputs={"policy": inputs.closed("types-one", "TlsOnly")}),
            replace=inputs.moved(policy=inputs.closed("types-other")),
        ),
        drifts=(
            Drift(
                name="staging-policy",
                change=lambda aws, _: aws("s3").put_bucket_policy(Bucket=behind.STAGING, Policy=behind.NOBODY),
                shows="policy",
            ),
            Drift(
                name="embargo-policy",
                change=lambda aws, _: aws("s3").delete_bucket_policy(Bucket=behind.EMBARGO),
                gone="a bucket without its policy is the change to fear",
            ),
        ),
        listed=listing.of_buckets("get_bucket_policy", "Policy"),
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
        program=Program(
            inputs={"bucket": inputs.ONE, "versioningConfiguration": {"status": "Enabled"}},
            update=Change(
                path="versioning_configuration.status", inputs={"versioningConfiguration": {"status": "Suspended"}}
            ),
            replace=inputs.moved(),
        ),
        drifts=(
            Drift(
                name="staging-versioning",
                change=lambda aws, _: aws("s3").put_bucket_versioning(
                    Bucket=behind.STAGING, VersioningConfiguration={"Status": "Suspended"}
                ),
                shows="versioningConfiguration.status",
            ),
        ),
        listed=listing.of_buckets("get_bucket_versioning", "Status"),
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
        program=Program(
            inputs={"bucket": inputs.ONE, "rules": inputs.encryption(False)},
            update=Change(path="rule.bucket_key_enabled", inputs={"rules": inputs.encryption(True)}),
            replace=inputs.moved(),
        ),
        drifts=(
            Drift(
                name="staging-encryption",
                change=lambda aws, _: aws("s3").put_bucket_encryption(
                    Bucket=behind.STAGING, ServerSideEncryptionConfiguration=behind.KMS
                ),
                shows="rules",
            ),
        ),
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
        program=Program(
            inputs={"bucket": inputs.ONE, "rules": inputs.lifecycle(400)},
            update=Change(path="rule.expiration.days", inputs={"rules": inputs.lifecycle(500)}),
            replace=inputs.moved(),
        ),
        drifts=(
            Drift(
                name="staging-lifecycle",
                change=lambda aws, _: aws("s3").put_bucket_lifecycle_configuration(
                    Bucket=behind.STAGING, LifecycleConfiguration=behind.LIFECYCLE
                ),
                shows="rules",
            ),
        ),
        listed=listing.of_buckets("get_bucket_lifecycle_configuration", "Rules"),
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
        program=Program(
            inputs={"bucket": inputs.ONE, "corsRules": inputs.cors("GET")},
            update=Change(path="cors_rule.allowed_methods", inputs={"corsRules": inputs.cors("HEAD")}),
            replace=inputs.moved(),
        ),
        drifts=(
            Drift(
                name="staging-cors",
                change=lambda aws, _: aws("s3").put_bucket_cors(Bucket=behind.STAGING, CORSConfiguration=behind.CORS),
                shows="corsRules",
            ),
        ),
        listed=listing.of_buckets("get_bucket_cors", "CORSRules"),
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
        program=Program(
            inputs={"bucket": inputs.ONE, "targetBucket": inputs.OTHER, "targetPrefix": "a/"},
            update=Change(path="target_prefix", inputs={"targetPrefix": "b/"}),
            replace=inputs.moved(targetBucket=inputs.ONE),
        ),
        drifts=(
            Drift(
                name="staging-logging",
                change=lambda aws, _: aws("s3").put_bucket_logging(
                    Bucket=behind.STAGING, BucketLoggingStatus=behind.ELSEWHERE_OF_STORAGE
                ),
                shows="targetPrefix",
            ),
        ),
        listed=listing.of_buckets("get_bucket_logging", "LoggingEnabled"),
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
        unread=("forceDetachPolicies",),
        program=Program(
            inputs={"name": "types-role", "assumeRolePolicy": inputs.trust("ecs-tasks.amazonaws.com")},
            update=Change(path="assume_role_policy", inputs={"assumeRolePolicy": inputs.trust("states.amazonaws.com")}),
            replace=Change(path="name", inputs={"name": "types-role-renamed"}),
        ),
        drifts=(
            Drift(
                name="cryoet-github-drift",  # which shows it too that a policy is detached from it
                change=lambda aws, held: aws("iam").update_role(RoleName=held["id"], MaxSessionDuration=7200),
                shows="maxSessionDuration",
            ),
        ),
        listed=listing.roles,
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
        program=Program(
            inputs={"name": "one", "role": inputs.Of("one-role"), "policy": inputs.policy("s3:ListAllMyBuckets")},
            update=Change(path="policy", inputs={"policy": inputs.policy("s3:GetObject")}),
            replace=Change(path="name", inputs={"name": "two"}),
        ),
        drifts=(
            Drift(
                name=f"{behind.OPERATOR}-policy",
                change=lambda aws, held: aws("iam").put_role_policy(
                    RoleName=behind.OPERATOR, PolicyName=held["name"], PolicyDocument=behind.NOTHING
                ),
                shows="policy",
            ),
        ),
        listed=listing.inline_policies,
    ),
    Case(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        before=_role_and_policies,
        inputs=lambda before: {"role": before[0], "policyArn": before[1]},
        replacement=lambda before: {"policyArn": before[2]},
        program=Program(
            inputs={"role": inputs.Of("one-role", "name"), "policyArn": f"{inputs.MANAGED}AmazonS3ReadOnlyAccess"},
            replace=Change(path="policy_arn", inputs={"policyArn": f"{inputs.MANAGED}AmazonEC2ReadOnlyAccess"}),
            lacks="everything of it is what it is",
        ),
        drifts=(
            Drift(
                name="cryoet-github-drift-databases",
                change=lambda aws, held: aws("iam").detach_role_policy(
                    RoleName=held["role"], PolicyArn=held["policyArn"]
                ),
                gone="an attachment is there or not",
            ),
        ),
        listed=listing.attachments,
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
        program=Program(
            inputs={"name": "types-policy", "policy": inputs.policy("s3:ListAllMyBuckets")},
            update=Change(path="policy", inputs={"policy": inputs.policy("s3:GetObject")}),
            replace=Change(path="name", inputs={"name": "types-policy-renamed"}),
        ),
        drifts=(
            Drift(
                name="boundary-delegated",
                change=lambda aws, held: aws("iam").create_policy_version(
                    PolicyArn=held["arn"], PolicyDocument=behind.NOTHING, SetAsDefault=True
                ),
                shows="policy",
            ),
        ),
        listed=listing.plain("iam", "list_policies", "Policies", "Arn", Scope="Local"),
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
        program=Program(
            inputs={"name": "types-profile", "role": inputs.Of("one-role")},
            update=Change(path="role", inputs={"role": inputs.Of("other-role")}),
            replace=Change(path="name", inputs={"name": "types-profile-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-host",
                change=lambda aws, held: aws("iam").remove_role_from_instance_profile(
                    InstanceProfileName=held["name"], RoleName=held["role"]
                ),
                shows="role",
            ),
        ),
        listed=listing.plain("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
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
        program=Program(
            inputs={"url": "https://one.example.org", "clientIdLists": ["a"]},
            update=Change(path="client_id_list", inputs={"clientIdLists": ["a", "b"]}),
            replace=Change(path="url", inputs={"url": "https://other.example.org"}),
        ),
        drifts=(
            Drift(
                name="github",
                change=lambda aws, held: aws("iam").add_client_id_to_open_id_connect_provider(
                    OpenIDConnectProviderArn=held["arn"], ClientID="other.example.org"
                ),
                shows="clientIdLists",
            ),
        ),
        listed=listing.plain("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
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
        unread=("content", "sourceHash", "checksumAlgorithm"),
        program=Program(
            inputs={"bucket": inputs.ONE, "key": "a.txt", "content": "one"},
            update=Change(path="content", inputs={"content": "two"}),
            replace=Change(path="key", inputs={"key": "b.txt"}),
        ),
        drifts=(
            Drift(
                name="staging-sync-v0.0.1.wdl",
                change=lambda aws, _: aws("s3").put_object_tagging(
                    Bucket=behind.WDL, Key="sync-v0.0.1.wdl", Tagging={"TagSet": behind.OTHER}
                ),
                shows="tags",
            ),
            Drift(
                name="staging-sync-v0.0.2.wdl",
                change=lambda aws, _: aws("s3").delete_object(Bucket=behind.WDL, Key="sync-v0.0.2.wdl"),
                gone="a workflow that isn't there is the change that runs would meet",
            ),
        ),
        listed=listing.objects,
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
        unread=("deletionWindowInDays",),
        program=Program(
            inputs={"description": "Of a type", "deletionWindowInDays": 7},
            update=Change(path="enable_key_rotation", inputs={"enableKeyRotation": True}),
            replace=Change(path="key_usage", inputs={"keyUsage": "SIGN_VERIFY", "customerMasterKeySpec": "RSA_2048"}),
        ),
        drifts=(
            Drift(
                name="cluster",
                change=lambda aws, held: aws("kms").disable_key_rotation(KeyId=held["id"]),
                shows="enableKeyRotation",
            ),
        ),
        listed=listing.keys,
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
        program=Program(
            inputs={"name": "alias/types", "targetKeyId": inputs.Of("one-key")},
            update=Change(path="target_key_id", inputs={"targetKeyId": inputs.Of("other-key")}),
            replace=Change(path="name", inputs={"name": "alias/types-renamed"}),
        ),
        drifts=(Drift(name="cluster", change=behind.other_key, shows="targetKeyId"),),
        listed=listing.aliases,
    ),
)
BUDGET = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "900", "limitUnit": "USD"}


def notification(percent: int, *addresses: str, kind: str = "ACTUAL") -> Inputs:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": kind,
        "threshold": percent,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": [*addresses],
    }


def double(aws: Aws, resource_id: str, _: object = None) -> None:
    """Somebody has twice as much to spend."""
    account, name = resource_id.split(":")
    limit = {"Amount": "1800", "Unit": "USD"}
    budget = {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    aws("budgets").update_budget(AccountId=account, NewBudget=budget)


ACCOUNT_CASES = (
    Case(
        "aws:budgets/budget:Budget",
        inputs=lambda _: {
            **BUDGET,
            "name": "provider-case",
            "accountId": DEV,
            "timePeriodStart": "2026-01-01_00:00",
            "timePeriodEnd": "2027-01-01_00:00",
            "costFilters": [{"name": "Service", "values": ["Amazon Simple Storage Service"]}],
            "costTypes": {
                **{
                    f"include{word}": word != "Credit"
                    for word in (
                        "Credit",
                        "Discount",
                        "OtherSubscription",
                        "Recurring",
                        "Refund",
                        "Subscription",
                        "Support",
                        "Tax",
                        "Upfront",
                    )
                },
                "useAmortized": True,
                "useBlended": False,
            },
            "notifications": [
                notification(80, "one@example.org", "two@example.org"),
                {
                    **notification(100, kind="FORECASTED"),
                    "subscriberSnsTopicArns": [f"arn:aws:sns:us-west-2:{DEV}:costs"],
                },
            ],
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"limitAmount": "1000.5"},
            {"timeUnit": "QUARTERLY"},
            {"timePeriodEnd": "2028-01-01_00:00"},
            {"costTypes": {"includeCredit": True}},
            {"costFilters": [{"name": "Region", "values": ["us-west-2", "eu-west-1"]}]},
            {"notifications": [notification(80, "one@example.org"), notification(90, "one@example.org")]},
            {"notifications": None},
            {"tags": {"b": "2"}},
        ],
        replacement=lambda _: {"name": "provider-case-renamed"},
        variants=lambda _: [{**BUDGET, "namePrefix": "provider-case-"}],
        drift=double,
        drifted="limitAmount",
        program=Program(
            inputs={**BUDGET, "name": "types-budget"},
            update=Change(path="limit_amount", inputs={"limitAmount": "1000"}),
            replace=Change(path="name", inputs={"name": "types-budget-renamed"}),
        ),
        drifts=(Drift(name="budget", change=lambda aws, held: double(aws, held["id"]), shows="limitAmount"),),
        listed=listing.budgets,
    ),
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
        program=Program(
            inputs={"blockPublicAcls": True},
            update=Change(path="ignore_public_acls", inputs={"ignorePublicAcls": True}),
            lacks="only another account would replace it, and the provider has but one",
        ),
        drifts=(
            Drift(
                name="account",
                change=lambda aws, _: aws("s3control").put_public_access_block(
                    AccountId=DEV, PublicAccessBlockConfiguration=behind.OPEN
                ),
                shows="blockPublicAcls",
            ),
        ),
        listed=listing.account_block,
    ),
)

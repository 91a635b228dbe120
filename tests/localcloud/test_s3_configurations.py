"""Each configuration of a bucket comes back as AWS gives it back, and what AWS refuses of it is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from localcloud.server.services.s3 import store

from .conftest import DEV, PUBLIC, REGION, Cloud
from .s3_steps import HERE, Bucket, client, document, make_bucket, refused, statement


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> Bucket:
    """One bucket for what leaves no trace."""
    return make_bucket(cloud)


def test_defaults_of_a_new_bucket(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    s3, name = bucket.s3, bucket.name
    assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    assert s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"] == {
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
    }
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)
    assert s3.get_bucket_request_payment(Bucket=name)["Payer"] == "BucketOwner"
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=name)
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == REGION
    assert set(s3.get_bucket_notification_configuration(Bucket=name)) == {"ResponseMetadata"}


MISSING = {
    "get_bucket_policy": "NoSuchBucketPolicy",
    "get_bucket_policy_status": "NoSuchBucketPolicy",
    "get_bucket_cors": "NoSuchCORSConfiguration",
    "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
    "get_bucket_tagging": "NoSuchTagSet",
    "get_bucket_website": "NoSuchWebsiteConfiguration",
    "get_bucket_replication": "ReplicationConfigurationNotFoundError",
}


@pytest.mark.parametrize(("call", "code"), MISSING.items())
def test_what_was_never_put_is_404(bucket: Bucket, call: str, code: str) -> None:
    with refused(code, 404) as told:
        getattr(bucket.s3, call)(Bucket=bucket.name)
    assert told["BucketName"] == bucket.name


LIFECYCLE: dict[str, Any] = {
    "Rules": [
        {
            "ID": "sizes",
            "Status": "Enabled",
            "Filter": {
                "And": {
                    "Prefix": "logs/",
                    "Tags": [{"Key": "a", "Value": "b"}],
                    "ObjectSizeGreaterThan": 131072,
                    "ObjectSizeLessThan": 10**9,
                }
            },
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}],
            "Expiration": {"Days": 90},
            "NoncurrentVersionTransitions": [
                {"NoncurrentDays": 30, "StorageClass": "GLACIER_IR", "NewerNoncurrentVersions": 2}
            ],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 60, "NewerNoncurrentVersions": 3},
        },
        {
            "ID": "uploads",
            "Status": "Enabled",
            "Filter": {},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
        {"ID": "large", "Status": "Disabled", "Filter": {"ObjectSizeGreaterThan": 5}, "Expiration": {"Days": 1}},
    ]
}


def test_lifecycle_comes_back_whole(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    bucket.s3.put_bucket_lifecycle_configuration(
        Bucket=bucket.name,
        LifecycleConfiguration=LIFECYCLE,
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    got = bucket.s3.get_bucket_lifecycle_configuration(Bucket=bucket.name)
    expected = copy.deepcopy(LIFECYCLE["Rules"])
    assert got["Rules"] == expected
    assert got["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    bucket.s3.delete_bucket_lifecycle(Bucket=bucket.name)
    with refused("NoSuchLifecycleConfiguration", 404):
        bucket.s3.get_bucket_lifecycle_configuration(Bucket=bucket.name)


def test_lifecycle_default_of_small_objects(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    rule = {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}
    bucket.s3.put_bucket_lifecycle_configuration(Bucket=bucket.name, LifecycleConfiguration={"Rules": [rule]})
    got = bucket.s3.get_bucket_lifecycle_configuration(Bucket=bucket.name)
    assert got["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert got["Rules"][0]["ID"]


def test_encryption_by_kms_and_back_to_the_default(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
            "BucketKeyEnabled": True,
        }
    ]
    bucket.s3.put_bucket_encryption(Bucket=bucket.name, ServerSideEncryptionConfiguration={"Rules": rules})
    got = bucket.s3.get_bucket_encryption(Bucket=bucket.name)
    assert got["ServerSideEncryptionConfiguration"]["Rules"] == rules
    written = bucket.put("key")
    assert (written["ServerSideEncryption"], written["SSEKMSKeyId"], written["BucketKeyEnabled"]) == (
        "aws:kms",
        key,
        True,
    )
    bucket.s3.delete_bucket_encryption(Bucket=bucket.name)
    got = bucket.s3.get_bucket_encryption(Bucket=bucket.name)
    assert got["ServerSideEncryptionConfiguration"] == store.DEFAULT_ENCRYPTION
    assert bucket.put("key")["ServerSideEncryption"] == "AES256"


def test_s3_34_key_id_with_aes256(bucket: Bucket) -> None:
    default = {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "alias/x"}
    with refused("InvalidArgument"):
        bucket.s3.put_bucket_encryption(
            Bucket=bucket.name,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
        )


def test_s3_35_kms_key_that_cannot_be_used(cloud: Cloud, bucket: Bucket) -> None:
    kms = cloud.client("kms")
    disabled = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=disabled)
    doomed = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=doomed)
    for key, code in (
        ("11111111-2222-3333-4444-555555555555", "KMS.NotFoundException"),
        (f"arn:aws:kms:eu-west-1:{DEV}:key/{disabled}", "KMS.NotFoundException"),
        (disabled, "KMS.DisabledException"),
        (doomed, "KMS.KMSInvalidStateException"),
    ):
        with refused(code):
            bucket.put("key", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)


def test_public_access_block_put_in_part_and_deleted(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    bucket.s3.put_public_access_block(
        Bucket=bucket.name, PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": True}
    )
    got = bucket.s3.get_public_access_block(Bucket=bucket.name)["PublicAccessBlockConfiguration"]
    assert got == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    bucket.s3.delete_public_access_block(Bucket=bucket.name)
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        bucket.s3.get_public_access_block(Bucket=bucket.name)
    assert store.public_access_block(bucket.name) == dict.fromkeys(store.PUBLIC_ACCESS_SETTINGS, False)


def test_ownership_controls(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    bucket.s3.put_bucket_ownership_controls(Bucket=bucket.name, OwnershipControls=controls)
    assert bucket.s3.get_bucket_ownership_controls(Bucket=bucket.name)["OwnershipControls"] == controls
    bucket.s3.delete_bucket_ownership_controls(Bucket=bucket.name)
    with refused("OwnershipControlsNotFoundError", 404):
        bucket.s3.get_bucket_ownership_controls(Bucket=bucket.name)


def test_policy_comes_back_to_the_letter(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    text = document(statement("s3:GetObject", f"{bucket.arn}/*", {"AWS": DEV})).replace(",", " ,\n")
    bucket.s3.put_bucket_policy(Bucket=bucket.name, Policy=text)
    assert bucket.s3.get_bucket_policy(Bucket=bucket.name)["Policy"] == text
    assert bucket.s3.get_bucket_policy_status(Bucket=bucket.name)["PolicyStatus"] == {"IsPublic": False}
    bucket.allow(statement("s3:GetObject", f"{bucket.arn}/*"))
    assert bucket.s3.get_bucket_policy_status(Bucket=bucket.name)["PolicyStatus"] == {"IsPublic": True}
    bucket.s3.delete_bucket_policy(Bucket=bucket.name)
    bucket.s3.delete_bucket_policy(Bucket=bucket.name)
    with refused("NoSuchBucketPolicy", 404):
        bucket.s3.get_bucket_policy(Bucket=bucket.name)


CORS = {
    "CORSRules": [
        {
            "ID": "viewers",
            "AllowedMethods": ["GET", "HEAD"],
            "AllowedOrigins": ["https://*.example.org"],
            "AllowedHeaders": ["Range"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 60,
        },
        {"AllowedMethods": ["PUT"], "AllowedOrigins": ["*"]},
    ]
}
WEBSITE = {
    "IndexDocument": {"Suffix": "index.html"},
    "ErrorDocument": {"Key": "error.html"},
    "RoutingRules": [{"Condition": {"KeyPrefixEquals": "a/"}, "Redirect": {"ReplaceKeyPrefixWith": "b/"}}],
}
ROUND_TRIPS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("cors", "CORSConfiguration", CORS, CORS),
    ("website", "WebsiteConfiguration", WEBSITE, WEBSITE),
    ("tagging", "Tagging", {"TagSet": [{"Key": "a", "Value": "b c"}]}, {"TagSet": [{"Key": "a", "Value": "b c"}]}),
    ("accelerate_configuration", "AccelerateConfiguration", {"Status": "Enabled"}, {"Status": "Enabled"}),
    ("request_payment", "RequestPaymentConfiguration", {"Payer": "Requester"}, {"Payer": "Requester"}),
    (
        "notification_configuration",
        "NotificationConfiguration",
        {"EventBridgeConfiguration": {}},
        {"EventBridgeConfiguration": {}},
    ),
    (
        "versioning",
        "VersioningConfiguration",
        {"Status": "Enabled", "MFADelete": "Disabled"},
        {"Status": "Enabled", "MFADelete": "Disabled"},
    ),
]


@pytest.mark.parametrize(("name", "member", "put", "expected"), ROUND_TRIPS, ids=[row[0] for row in ROUND_TRIPS])
def test_round_trip(cloud: Cloud, name: str, member: str, put: dict[str, Any], expected: dict[str, Any]) -> None:
    bucket = make_bucket(cloud)
    getattr(bucket.s3, f"put_bucket_{name}")(Bucket=bucket.name, **{member: put})
    got = getattr(bucket.s3, f"get_bucket_{name}")(Bucket=bucket.name)
    got.pop("ResponseMetadata")
    assert got == expected


def by_id(bucket: Bucket, target: Bucket) -> list[tuple[str, str, dict[str, Any]]]:
    inventory: dict[str, Any] = {
        "Id": "weekly",
        "IsEnabled": True,
        "IncludedObjectVersions": "Current",
        "Filter": {"Prefix": "a/"},
        "OptionalFields": ["Size", "ETag"],
        "Schedule": {"Frequency": "Weekly"},
        "Destination": {
            "S3BucketDestination": {"Bucket": target.arn, "Format": "Parquet", "Encryption": {"SSES3": {}}}
        },
    }
    tiering = {
        "Id": "cold",
        "Status": "Enabled",
        "Filter": {"Prefix": "frames/"},
        "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}],
    }
    analytics: dict[str, Any] = {
        "Id": "whole",
        "StorageClassAnalysis": {
            "DataExport": {
                "OutputSchemaVersion": "V_1",
                "Destination": {"S3BucketDestination": {"Format": "CSV", "Bucket": target.arn}},
            }
        },
    }
    return [
        ("inventory", "InventoryConfiguration", inventory),
        ("intelligent_tiering", "IntelligentTieringConfiguration", tiering),
        ("metrics", "MetricsConfiguration", {"Id": "all", "Filter": {"Prefix": "x"}}),
        ("analytics", "AnalyticsConfiguration", analytics),
    ]


def test_configurations_with_an_id(cloud: Cloud) -> None:
    bucket, target = make_bucket(cloud), make_bucket(cloud)
    for name, member, config in by_id(bucket, target):
        s3: Any = bucket.s3
        put, get = getattr(s3, f"put_bucket_{name}_configuration"), getattr(s3, f"get_bucket_{name}_configuration")
        list_all = getattr(s3, f"list_bucket_{name}_configurations")
        delete = getattr(s3, f"delete_bucket_{name}_configuration")
        with refused("NoSuchConfiguration", 404):
            get(Bucket=bucket.name, Id=config["Id"])
        put(Bucket=bucket.name, Id=config["Id"], **{member: config})
        assert get(Bucket=bucket.name, Id=config["Id"])[member] == config
        assert list_all(Bucket=bucket.name)[f"{member}List"] == [config]
        with refused("IdMismatch"):
            put(Bucket=bucket.name, Id="other", **{member: config})
        delete(Bucket=bucket.name, Id=config["Id"])
        assert f"{member}List" not in list_all(Bucket=bucket.name)


def test_inventory_into_a_bucket_that_is_not_there(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    config = by_id(bucket, Bucket("no-such-bucket", None))[0][2]
    with refused("InvalidS3DestinationBucket"):
        bucket.s3.put_bucket_inventory_configuration(Bucket=bucket.name, Id="weekly", InventoryConfiguration=config)


def test_tiering_days_outside_the_range(bucket: Bucket) -> None:
    config = {"Id": "x", "Status": "Enabled", "Tierings": [{"Days": 30, "AccessTier": "ARCHIVE_ACCESS"}]}
    with refused("InvalidArgument"):
        bucket.s3.put_bucket_intelligent_tiering_configuration(
            Bucket=bucket.name, Id="x", IntelligentTieringConfiguration=config
        )


def test_s3_14_cors_method_options(bucket: Bucket) -> None:
    rule = {"AllowedMethods": ["OPTIONS"], "AllowedOrigins": ["*"]}
    with refused("InvalidRequest"):
        bucket.s3.put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": [rule]})


def test_cors_wildcards(bucket: Bucket) -> None:
    for rule in (
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.*.org"]},
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["x-*"]},
    ):
        with refused("InvalidRequest"):
            bucket.s3.put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": [rule]})


def put_logging(bucket: Bucket, target: str, **more: Any) -> None:
    enabled = {"TargetBucket": target, "TargetPrefix": "logs/", **more}
    bucket.s3.put_bucket_logging(Bucket=bucket.name, BucketLoggingStatus={"LoggingEnabled": enabled})


def test_s3_15_logging_targets(cloud: Cloud, bucket: Bucket) -> None:
    with refused("InvalidTargetBucketForLogging"):
        put_logging(bucket, "no-such-bucket")
    with refused("InvalidTargetBucketForLogging"):
        put_logging(bucket, make_bucket(cloud, PUBLIC).name)
    elsewhere: Any = cloud.session().client("s3", "eu-west-1", endpoint_url=cloud.https_url, verify=cloud.ca_bundle)
    name = cloud.name("elsewhere")
    elsewhere.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with refused("CrossLocationLoggingProhibitted", 403):
        put_logging(bucket, name)


def test_logging_comes_back_whole_and_goes(cloud: Cloud) -> None:
    bucket, target = make_bucket(cloud), make_bucket(cloud)
    key_format = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    put_logging(bucket, target.name, TargetObjectKeyFormat=key_format)
    assert bucket.s3.get_bucket_logging(Bucket=bucket.name)["LoggingEnabled"] == {
        "TargetBucket": target.name,
        "TargetPrefix": "logs/",
        "TargetObjectKeyFormat": key_format,
    }
    bucket.s3.put_bucket_logging(Bucket=bucket.name, BucketLoggingStatus={})
    assert "LoggingEnabled" not in bucket.s3.get_bucket_logging(Bucket=bucket.name)


def test_s3_25_suspending_versioning_under_object_lock(cloud: Cloud) -> None:
    bucket = make_bucket(cloud, ObjectLockEnabledForBucket=True)
    assert bucket.s3.get_bucket_versioning(Bucket=bucket.name)["Status"] == "Enabled"
    with refused("InvalidBucketState", 409):
        bucket.versioned("Suspended")


def lock(bucket: Bucket, **rule: Any) -> None:
    configuration = {"ObjectLockEnabled": "Enabled", **({"Rule": {"DefaultRetention": rule}} if rule else {})}
    bucket.s3.put_object_lock_configuration(Bucket=bucket.name, ObjectLockConfiguration=configuration)


def test_s3_12_object_lock_without_versioning(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    with refused("ObjectLockConfigurationNotFoundError", 404):
        bucket.s3.get_object_lock_configuration(Bucket=bucket.name)
    with refused("InvalidBucketState", 409):
        lock(bucket)
    lock(bucket.versioned())
    got = bucket.s3.get_object_lock_configuration(Bucket=bucket.name)["ObjectLockConfiguration"]
    assert got == {"ObjectLockEnabled": "Enabled"}


def test_s3_26_default_retention_of_days_and_years(bucket: Bucket) -> None:
    with refused("MalformedXML"):
        lock(bucket, Mode="GOVERNANCE", Days=1, Years=1)
    with refused("MalformedXML"):
        lock(bucket, Mode="GOVERNANCE")


def test_retention_is_not_done_here_and_so_an_error(cloud: Cloud) -> None:
    with refused("NotImplemented", 501):
        lock(make_bucket(cloud).versioned(), Mode="GOVERNANCE", Days=1)


def test_whoever_asks_pays(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    bucket.put("key")
    bucket.allow(statement("s3:GetObject", f"{bucket.arn}/*"))
    bucket.s3.put_bucket_request_payment(Bucket=bucket.name, RequestPaymentConfiguration={"Payer": "Requester"})
    with refused("AccessDenied", 403):
        cloud.anonymous().get_object(Bucket=bucket.name, Key="key")
    other = client(cloud, PUBLIC)
    with refused("AccessDenied", 403):
        other.get_object(Bucket=bucket.name, Key="key")
    assert other.get_object(Bucket=bucket.name, Key="key", RequestPayer="requester")["Body"].read() == b"data"
    assert bucket.read("key") == b"data"


def test_versioning_without_a_status(bucket: Bucket) -> None:
    with refused("IllegalVersioningConfigurationException"):
        bucket.s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={})


def test_state_vanishes_with_the_bucket(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    bucket.s3.put_bucket_tagging(Bucket=bucket.name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    bucket.allow(statement("s3:GetObject", f"{bucket.arn}/*"))
    bucket.s3.delete_bucket(Bucket=bucket.name)
    assert store.bucket_policy(bucket.name) is None
    assert store.bucket_owner(bucket.name) is None
    again = client(cloud, PUBLIC)
    again.create_bucket(Bucket=bucket.name, CreateBucketConfiguration=HERE)
    with refused("NoSuchTagSet", 404):
        again.get_bucket_tagging(Bucket=bucket.name)
    with refused("NoSuchBucketPolicy", 404):
        again.get_bucket_policy(Bucket=bucket.name)
    assert all(store.public_access_block(bucket.name).values())
    assert store.bucket_owner(bucket.name) == PUBLIC

"""Buckets and identities."""

from __future__ import annotations

import json
from typing import Any

from tests.journey.conftest import DEV
from tests.journey.drifts.kind import Drift, Drifts

STAGING, EMBARGO = "cryoet-data-portal-staging", "cryoet-data-portal-embargo"
WDL = "cryoet-swipe-wdl-dev"
OPERATOR = "cryoet-operator"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


NOBODY = document(Effect="Deny", Principal="*", Action="s3:*", Resource=f"arn:aws:s3:::{STAGING}/*")
NOTHING = document(Effect="Allow", Action="s3:ListAllMyBuckets", Resource="*")
CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.org"]}]}
LIFECYCLE = {"Rules": [{"ID": "other", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}]}
OPEN = {"BlockPublicAcls": False, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
KMS = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
ELSEWHERE = {"LoggingEnabled": {"TargetBucket": "cryoet-data-portal-logs-dev", "TargetPrefix": "elsewhere/"}}
OTHER = [{"Key": "kind", "Value": "other"}]

DRIFTS: Drifts = {
    "aws:s3/bucket:Bucket": (
        Drift(
            name="staging",
            change=lambda aws, _: aws("s3").put_bucket_tagging(Bucket=STAGING, Tagging={"TagSet": OTHER}),
            shows="tags",
        ),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        Drift(
            name="staging-ownership",
            change=lambda aws, _: aws("s3").put_bucket_ownership_controls(
                Bucket=STAGING, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
            ),
            shows="rule.objectOwnership",
        ),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        Drift(
            name="staging-public-access",
            change=lambda aws, _: aws("s3").put_public_access_block(
                Bucket=STAGING, PublicAccessBlockConfiguration=OPEN
            ),
            shows="blockPublicAcls",
        ),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        Drift(
            name="staging-policy",
            change=lambda aws, _: aws("s3").put_bucket_policy(Bucket=STAGING, Policy=NOBODY),
            shows="policy",
        ),
        Drift(
            name="embargo-policy",
            change=lambda aws, _: aws("s3").delete_bucket_policy(Bucket=EMBARGO),
            gone="a bucket without its policy is the change to fear",
        ),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (
        Drift(
            name="staging-versioning",
            change=lambda aws, _: aws("s3").put_bucket_versioning(
                Bucket=STAGING, VersioningConfiguration={"Status": "Suspended"}
            ),
            shows="versioningConfiguration.status",
        ),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        Drift(
            name="staging-encryption",
            change=lambda aws, _: aws("s3").put_bucket_encryption(
                Bucket=STAGING, ServerSideEncryptionConfiguration=KMS
            ),
            shows="rules",
        ),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        Drift(
            name="staging-lifecycle",
            change=lambda aws, _: aws("s3").put_bucket_lifecycle_configuration(
                Bucket=STAGING, LifecycleConfiguration=LIFECYCLE
            ),
            shows="rules",
        ),
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": (
        Drift(
            name="staging-cors",
            change=lambda aws, _: aws("s3").put_bucket_cors(Bucket=STAGING, CORSConfiguration=CORS),
            shows="corsRules",
        ),
    ),
    "aws:s3/bucketLogging:BucketLogging": (
        Drift(
            name="staging-logging",
            change=lambda aws, _: aws("s3").put_bucket_logging(Bucket=STAGING, BucketLoggingStatus=ELSEWHERE),
            shows="targetPrefix",
        ),
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": (
        Drift(
            name="dev-sync-v0.0.1.wdl",
            change=lambda aws, _: aws("s3").put_object_tagging(
                Bucket=WDL, Key="sync-v0.0.1.wdl", Tagging={"TagSet": OTHER}
            ),
            shows="tags",
        ),
        Drift(
            name="dev-sync-v0.0.2.wdl",
            change=lambda aws, _: aws("s3").delete_object(Bucket=WDL, Key="sync-v0.0.2.wdl"),
            gone="a workflow that isn't there is the change that runs would meet",
        ),
    ),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": (
        Drift(
            name="account",
            change=lambda aws, _: aws("s3control").put_public_access_block(
                AccountId=DEV, PublicAccessBlockConfiguration=OPEN
            ),
            shows="blockPublicAcls",
        ),
    ),
    "aws:iam/role:Role": (
        Drift(
            name="cryoet-github-preview",  # which shows it too that a policy is detached from it
            change=lambda aws, held: aws("iam").update_role(RoleName=held["id"], MaxSessionDuration=7200),
            shows="maxSessionDuration",
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        Drift(
            name=f"{OPERATOR}-policy",
            change=lambda aws, held: aws("iam").put_role_policy(
                RoleName=OPERATOR, PolicyName=held["name"], PolicyDocument=NOTHING
            ),
            shows="policy",
        ),
    ),
    "aws:iam/policy:Policy": (
        Drift(
            name="boundary",
            change=lambda aws, held: aws("iam").create_policy_version(
                PolicyArn=held["arn"], PolicyDocument=NOTHING, SetAsDefault=True
            ),
            shows="policy",
        ),
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": (
        Drift(
            name="github",
            change=lambda aws, held: aws("iam").add_client_id_to_open_id_connect_provider(
                OpenIDConnectProviderArn=held["arn"], ClientID="other.example.org"
            ),
            shows="clientIdLists",
        ),
    ),
    "aws:iam/instanceProfile:InstanceProfile": (
        Drift(
            name="staging-host",
            change=lambda aws, held: aws("iam").remove_role_from_instance_profile(
                InstanceProfileName=held["name"], RoleName=held["role"]
            ),
            shows="role",
        ),
    ),
}

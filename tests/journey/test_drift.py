"""What is changed behind Pulumi's back is seen by a refresh and put right by the next `up`: every type in use."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.journey.conftest import DEV, Cloud, Project

STAGING = "cryoet-data-portal-staging"
WDL = "cryoet-swipe-wdl-dev"
OPERATOR, BOUNDARY = "cryoet-operator", f"arn:aws:iam::{DEV}:policy/cryoet-boundary"
ISSUER = f"arn:aws:iam::{DEV}:oidc-provider/token.actions.githubusercontent.com"
NOBODY = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{STAGING}/*"}],
})  # fmt: skip
NOTHING = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
})  # fmt: skip
CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.org"]}]}
LIFECYCLE = {"Rules": [{"ID": "other", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}]}
OPEN = {"BlockPublicAcls": False, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}

Change = Callable[[Any, Any, Any], object]
DRIFTS: dict[str, tuple[str, Change]] = {
    "aws:s3/bucket:Bucket": (
        "staging",
        lambda s3, *_: s3.put_bucket_tagging(Bucket=STAGING, Tagging={"TagSet": [{"Key": "kind", "Value": "other"}]}),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        "staging-ownership",
        lambda s3, *_: s3.put_bucket_ownership_controls(
            Bucket=STAGING, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
        ),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        "staging-public-access",
        lambda s3, *_: s3.put_public_access_block(Bucket=STAGING, PublicAccessBlockConfiguration=OPEN),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        "embargo-policy",
        lambda s3, *_: s3.delete_bucket_policy(Bucket="cryoet-data-portal-embargo"),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (
        "staging-versioning",
        lambda s3, *_: s3.put_bucket_versioning(Bucket=STAGING, VersioningConfiguration={"Status": "Suspended"}),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "staging-encryption",
        lambda s3, *_: s3.put_bucket_encryption(
            Bucket=STAGING,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
            },
        ),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "staging-lifecycle",
        lambda s3, *_: s3.put_bucket_lifecycle_configuration(Bucket=STAGING, LifecycleConfiguration=LIFECYCLE),
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": (
        "staging-cors",
        lambda s3, *_: s3.put_bucket_cors(Bucket=STAGING, CORSConfiguration=CORS),
    ),
    "aws:s3/bucketLogging:BucketLogging": (
        "staging-logging",
        lambda s3, *_: s3.put_bucket_logging(
            Bucket=STAGING,
            BucketLoggingStatus={
                "LoggingEnabled": {"TargetBucket": "cryoet-data-portal-logs-dev", "TargetPrefix": "elsewhere/"}
            },
        ),
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": (
        "dev-sync-v0.0.2.wdl",
        lambda s3, *_: s3.delete_object(Bucket=WDL, Key="sync-v0.0.2.wdl"),
    ),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": (
        "account",
        lambda _, __, control: control.put_public_access_block(AccountId=DEV, PublicAccessBlockConfiguration=OPEN),
    ),
    "aws:iam/role:Role": (
        OPERATOR,
        lambda _, iam, __: iam.update_role(RoleName=OPERATOR, MaxSessionDuration=7200),
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        f"{OPERATOR}-policy",
        lambda _, iam, __: iam.put_role_policy(
            RoleName=OPERATOR,
            PolicyName=iam.list_role_policies(RoleName=OPERATOR)["PolicyNames"][0],
            PolicyDocument=NOTHING,
        ),
    ),
    "aws:iam/policy:Policy": (
        "boundary",
        lambda _, iam, __: iam.create_policy_version(PolicyArn=BOUNDARY, PolicyDocument=NOTHING, SetAsDefault=True),
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": (
        "github",
        lambda _, iam, __: iam.add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=ISSUER, ClientID="other.example.org"
        ),
    ),
}
"""By type: the resource's name, and the change by (s3, iam, s3control)."""


def changed(log: Path) -> set[tuple[str, str]]:
    """(type, name) of what a command would change or found gone, from the engine's own event log."""
    found: set[tuple[str, str]] = set()
    for line in log.read_text().splitlines():
        event = json.loads(line).get("resOutputsEvent")
        if event and event["metadata"]["op"] in ("update", "delete", "create", "replace"):
            urn = event["metadata"]["urn"]
            found.add((urn.split("::")[2].split("$")[-1], urn.split("::")[3]))
    return found


def test_every_types_drift_is_seen_and_put_right(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    project.up("dev")
    assert {one["type"] for one in project.state("dev")} == set(DRIFTS)
    s3, iam = cloud.client("s3"), cloud.client("iam")
    control = control_client(cloud)
    for _, change in DRIFTS.values():
        change(s3, iam, control)
    before = project.state("dev")
    log = tmp_path / "refresh.jsonl"
    project.pulumi("dev", "refresh", "--preview-only", "--event-log", str(log), env={"PULUMI_DEBUG_COMMANDS": "1"})
    assert changed(log) == {(kind, name) for kind, (name, _) in DRIFTS.items()}
    assert project.state("dev") == before
    project.up("dev", "--refresh")
    project.pulumi("dev", "preview", "--refresh", "--expect-no-changes")
    policy = s3.get_bucket_policy(Bucket="cryoet-data-portal-embargo")["Policy"]
    assert "aws:SecureTransport" in policy
    assert all(control.get_public_access_block(AccountId=DEV)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_versioning(Bucket=STAGING)["Status"] == "Enabled"


def control_client(cloud: Cloud) -> Any:
    """s3control puts the account's id before the host name; the local cloud's is an address."""
    client = cloud.client("s3control")

    def plain(request: Any, **_: Any) -> None:
        request.url = request.url.replace(f"{DEV}.", "", 1)

    client.meta.events.register("before-sign.s3-control", plain)
    return client

"""The permissions that calls need, where more than the operation's name decides them."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.server.access.decide import decide
from localcloud.server.access.permission import Permission, Unmapped
from localcloud.server.call import ANONYMOUS, Call, Caller
from localcloud.server.permissions import permissions
from localcloud.server.services.s3.authorization import may_list

from .conftest import DEV, PUBLIC, Cloud
from .policies import allow, document, refusal, root, trusts

ADMIN = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
CALLER = Caller(
    kind="assumed-role",
    account_id=DEV,
    arn=f"arn:aws:sts::{DEV}:assumed-role/OrganizationAccountAccessRole/test",
    principal_arn=ADMIN,
    user_id="AROA:test",
)


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> str:
    return new_bucket(cloud)


def new_bucket(cloud: Cloud) -> str:
    """A versioned bucket with the objects ``plain`` and ``tagged``."""
    name, s3 = cloud.name("permissions"), cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="plain", Body=b"text")
    s3.put_object(Bucket=name, Key="tagged", Body=b"text", Tagging="team=data")
    return name


def call(service: str, operation: str, caller: Caller = CALLER, **params: Any) -> Call:
    return Call(
        id="1", service=service, operation=operation, params=params, caller=caller, region="us-west-2", secure=True
    )


def needed(service: str, operation: str, **params: Any) -> dict[str, Permission]:
    return {item.action: item for item in permissions(call(service, operation, **params))}


OBJECT_CALLS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("GetObject", {}, {"GetObject"}),
    ("GetObject", {"VersionId": "v" * 32}, {"GetObjectVersion"}),
    ("HeadObject", {}, {"GetObject"}),
    ("GetObjectAttributes", {"ObjectAttributes": ["ETag"]}, {"GetObject", "GetObjectAttributes"}),
    ("GetObjectTagging", {"VersionId": "v" * 32}, {"GetObjectVersionTagging"}),
    ("PutObject", {}, {"PutObject"}),
    ("PutObject", {"ACL": "bucket-owner-full-control"}, {"PutObject", "PutObjectAcl"}),
    ("PutObject", {"Tagging": "a=b"}, {"PutObject", "PutObjectTagging"}),
    ("PutObject", {"IfMatch": "etag"}, {"PutObject", "GetObject"}),
    ("PutObject", {"ObjectLockMode": "GOVERNANCE"}, {"PutObject", "PutObjectRetention"}),
    ("PutObject", {"ObjectLockLegalHoldStatus": "ON"}, {"PutObject", "PutObjectLegalHold"}),
    ("CreateMultipartUpload", {"Tagging": "a=b"}, {"PutObject", "PutObjectTagging"}),
    ("CompleteMultipartUpload", {"UploadId": "u"}, {"PutObject"}),
    ("AbortMultipartUpload", {"UploadId": "u"}, {"AbortMultipartUpload"}),
    ("ListParts", {"UploadId": "u"}, {"ListMultipartUploadParts"}),
    ("DeleteObject", {}, {"DeleteObject"}),
    ("DeleteObject", {"VersionId": "v" * 32}, {"DeleteObjectVersion"}),
    ("DeleteObject", {"BypassGovernanceRetention": True}, {"DeleteObject", "BypassGovernanceRetention"}),
]


@pytest.mark.parametrize(("operation", "params", "actions"), OBJECT_CALLS)
def test_object_calls(bucket: str, operation: str, params: dict[str, Any], actions: set[str]) -> None:
    found = needed("s3", operation, Bucket=bucket, Key="plain", **params)
    assert set(found) == {f"s3:{action}" for action in actions}
    assert {item.resource for item in found.values()} == {f"arn:aws:s3:::{bucket}/plain"}
    assert {item.owner_account for item in found.values()} == {DEV}


def test_copies_read_the_source_and_write_the_destination(bucket: str) -> None:
    plain = permissions(call("s3", "CopyObject", Bucket=bucket, Key="new", CopySource=f"{bucket}/plain"))
    read, write = f"arn:aws:s3:::{bucket}/plain", f"arn:aws:s3:::{bucket}/new"
    assert [(item.action, item.resource) for item in plain] == [("s3:GetObject", read), ("s3:PutObject", write)]
    assert plain[1].context["s3:x-amz-copy-source"] == [f"{bucket}/plain"]
    source = {"Bucket": bucket, "Key": "tagged"}
    tagged = needed("s3", "CopyObject", Bucket=bucket, Key="new", CopySource=source)
    assert set(tagged) == {"s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"}
    replaced = needed("s3", "CopyObject", Bucket=bucket, Key="new", CopySource=source, TaggingDirective="REPLACE")
    assert set(replaced) == {"s3:GetObject", "s3:PutObject"}
    version = f"{bucket}/plain?versionId={'v' * 32}"
    part = needed("s3", "UploadPartCopy", Bucket=bucket, Key="new", CopySource=version, UploadId="u", PartNumber=1)
    assert set(part) == {"s3:GetObjectVersion", "s3:PutObject"}


def test_context_of_listings_objects_and_new_buckets(bucket: str) -> None:
    listing = needed("s3", "ListObjectsV2", Bucket=bucket, Prefix="a/", Delimiter="/", MaxKeys=5)["s3:ListBucket"]
    assert listing.context == {"s3:prefix": ["a/"], "s3:delimiter": ["/"], "s3:max-keys": ["5"]}
    get = needed("s3", "GetObject", Bucket=bucket, Key="tagged")["s3:GetObject"]
    assert get.context == {"s3:ExistingObjectTag/team": ["data"]}
    put = needed("s3", "PutObject", Bucket=bucket, Key="x", Tagging="a=1&b=", ServerSideEncryption="AES256")
    assert put["s3:PutObject"].context == {
        "s3:x-amz-server-side-encryption": ["AES256"],
        "s3:RequestObjectTag/a": ["1"],
        "s3:RequestObjectTag/b": [""],
        "s3:RequestObjectTagKeys": ["a", "b"],
    }
    made = needed("s3", "CreateBucket", Bucket="new", ObjectLockEnabledForBucket=True, ACL="private")
    assert {f"s3:{name}" for name in ("PutBucketObjectLockConfiguration", "PutBucketVersioning", "PutBucketAcl")} < set(
        made
    )


def test_a_bucket_that_is_not_there_needs_no_permission() -> None:
    assert needed("s3", "GetObject", Bucket="no-such-bucket", Key="x") == {}
    assert needed("s3", "PutBucketPolicy", Bucket="no-such-bucket", Policy="{}") == {}


@pytest.mark.parametrize(
    ("service", "operation"),
    [("s3", "WriteGetObjectResponse"), ("iam", "GenerateCredentialReport"), ("dynamodb", "GetItem"), ("ec2", "Dream")],
)
def test_what_is_in_no_table_is_unmapped(service: str, operation: str) -> None:
    with pytest.raises(Unmapped, match=operation):
        permissions(call(service, operation))


def test_iam_and_sts_calls(cloud: Cloud) -> None:
    iam, name = cloud.client("iam"), cloud.name("role")
    boundary = f"arn:aws:iam::{DEV}:policy/boundary"
    create = needed(
        "iam",
        "CreateRole",
        RoleName=name,
        Path="/jobs/",
        PermissionsBoundary=boundary,
        Tags=[{"Key": "a", "Value": "1"}],
    )
    assert set(create) == {"iam:CreateRole", "iam:TagRole"}
    assert create["iam:CreateRole"].resource == f"arn:aws:iam::{DEV}:role/jobs/{name}"
    context = {"aws:RequestTag/a": ["1"], "aws:TagKeys": ["a"], "iam:PermissionsBoundary": [boundary]}
    assert create["iam:CreateRole"].context == context
    trust = document(trusts(root(DEV)))
    iam.create_role(RoleName=name, Path="/jobs/", AssumeRolePolicyDocument=trust, Tags=[{"Key": "a", "Value": "1"}])
    attach = needed("iam", "AttachRolePolicy", RoleName=name, PolicyArn=boundary)["iam:AttachRolePolicy"]
    assert attach.resource == f"arn:aws:iam::{DEV}:role/jobs/{name}"
    assert attach.context["iam:PolicyARN"] == [boundary]
    assert attach.context["aws:ResourceTag/a"] == ["1"]
    profile = needed("iam", "AddRoleToInstanceProfile", RoleName=name, InstanceProfileName="hosts")
    assert profile["iam:PassRole"].context == {"iam:PassedToService": ["ec2.amazonaws.com"]}
    assume = needed("sts", "AssumeRole", RoleArn=attach.resource, RoleSessionName="s", ExternalId="e")["sts:AssumeRole"]
    assert assume.resource_policy == trust
    tags = {"aws:ResourceTag/a": ["1"], "iam:ResourceTag/a": ["1"]}
    assert assume.context == {"sts:RoleSessionName": ["s"], "sts:ExternalId": ["e"], **tags}


def test_objects_encrypted_by_kms_need_the_key(cloud: Cloud, bucket: str) -> None:
    kms, s3 = cloud.client("kms"), cloud.client("s3")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    write = {"Bucket": bucket, "Key": "sealed", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    generate = needed("s3", "PutObject", **write)["kms:GenerateDataKey"]
    assert generate.resource == key
    assert generate.context["kms:ViaService"] == ["s3.us-west-2.amazonaws.com"]
    s3.put_object(**write, Body=b"text")
    assert set(needed("s3", "GetObject", Bucket=bucket, Key="sealed")) == {"s3:GetObject", "kms:Decrypt"}
    locked = document(allow("kms:*", Principal=root(DEV)), allow("kms:Decrypt", Principal="*") | {"Effect": "Deny"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=locked)
    assert refusal(s3.get_object, Bucket=bucket, Key="sealed") == ("AccessDenied", 403)


def test_services_resources_and_passed_roles() -> None:
    queue = needed("sqs", "SendMessage", QueueUrl=f"https://sqs.us-west-2.amazonaws.com/{DEV}/jobs", MessageBody="x")
    assert queue["sqs:SendMessage"].resource == f"arn:aws:sqs:us-west-2:{DEV}:jobs"
    rule = needed("events", "PutRule", Name="r", EventBusName="bus", RoleArn=ADMIN)
    assert rule["events:PutRule"].resource == f"arn:aws:events:us-west-2:{DEV}:rule/bus/r"
    assert rule["iam:PassRole"].resource == ADMIN
    machine = needed("stepfunctions", "CreateStateMachine", name="m", roleArn=ADMIN, definition="{}", tags=[])
    assert machine["states:CreateStateMachine"].resource == f"arn:aws:states:us-west-2:{DEV}:stateMachine:m"
    definition = {"containerProperties": {"jobRoleArn": ADMIN}, "jobDefinitionName": "j", "tags": {"a": "b"}}
    found = needed("batch", "RegisterJobDefinition", **definition)
    assert set(found) == {"batch:RegisterJobDefinition", "batch:TagResource", "iam:PassRole"}


def test_who_is_told_what_is_wrong(cloud: Cloud, bucket: str) -> None:
    get = call("s3", "GetObject", ANONYMOUS, Bucket=bucket, Key="plain")
    (permission,) = permissions(get)
    assert decide(get, permission).message == "Access Denied"
    assert not may_list(get, bucket)
    assert may_list(call("s3", "GetObject", Bucket=bucket, Key="x"), bucket)
    other = Caller(kind="user", account_id=PUBLIC, arn=f"arn:aws:iam::{PUBLIC}:user/nobody")
    denied = decide(call("s3", "GetObject", other, Bucket=bucket, Key="plain"), permission)
    wording = (
        f'User: {other.arn} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::{bucket}/plain" '
    )
    assert denied.message == wording + "because no identity-based policy allows the s3:GetObject action"


def test_public_policies_and_the_public_access_block(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3"), new_bucket(cloud)
    key = {"Bucket": bucket, "Key": "plain"}
    public = document(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*"))
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=public) == ("AccessDenied", 403)
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    assert refusal(cloud.anonymous().get_object, **key) == ("AccessDenied", 403)
    assert refusal(cloud.client("s3", PUBLIC).get_object, **key) == ("AccessDenied", 403)
    assert s3.get_object(**key)["ContentLength"] == 4
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**block, "RestrictPublicBuckets": False})
    assert cloud.anonymous().get_object(**key)["ContentLength"] == 4
    assert cloud.client("s3", PUBLIC).get_object(**key)["ContentLength"] == 4
    assert refusal(cloud.anonymous().get_object, Bucket=bucket, Key="missing") == ("AccessDenied", 403)


def test_a_boundary_narrows_a_role_at_once(cloud: Cloud, bucket: str) -> None:
    iam, name = cloud.client("iam"), cloud.name("bounded")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusts({"AWS": "999988887777"})))
    policy = document(allow("s3:*", "*"))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    arn = f"arn:aws:iam::{DEV}:role/{name}"
    narrow = document(allow("s3:ListBucket", "*"))
    boundary = iam.create_policy(PolicyName=cloud.name("boundary"), PolicyDocument=narrow)["Policy"]["Arn"]
    caller = Caller(
        kind="assumed-role", account_id=DEV, arn=f"arn:aws:sts::{DEV}:assumed-role/{name}/s", principal_arn=arn
    )
    delete = call("s3", "DeleteBucket", caller, Bucket=bucket)
    (permission,) = permissions(delete)
    assert decide(delete, permission).allowed
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    denied = decide(delete, permission)
    assert denied.reason == "because no permissions boundary allows the s3:DeleteBucket action"
    assert (denied.documents["identity"], denied.documents["boundary"]) == ([policy], [narrow])

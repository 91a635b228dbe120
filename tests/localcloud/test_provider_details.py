"""What single types do beyond their case: keys, versions, what is gone, and refusals that pass by themselves."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.provider.config import settings
from localcloud.provider.errors import PartlyCreatedError, ProviderError
from localcloud.provider.resource import Operation, State
from localcloud.provider.session import CancelledError, Session, has_code
from localcloud.provider.types.iam_policy import Policy
from tests.types.storage import bucket_policy, policy, trust

from .conftest import DEV, REGION, Cloud
from .provider_kit import Engine, paths, unique

BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


def key_policy(sid: str = "Root") -> dict[str, Any]:
    principal = {"AWS": f"arn:aws:iam::{DEV}:root"}
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_key_has_the_policy_that_it_is_given(engine: Engine, cloud: Cloud) -> None:
    key, state = engine.create(KEY, {"policy": key_policy()})
    assert paths(engine.diff(KEY, state, {"policy": key_policy()})) == []
    changed = engine.update(KEY, key, state, {"policy": key_policy("Other")})
    assert paths(engine.diff(KEY, changed, {"policy": key_policy("Other")})) == []
    found = cloud.client("kms", DEV).get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    assert '"Other"' in found


def test_a_key_that_waits_for_its_end_is_gone(engine: Engine, cloud: Cloud) -> None:
    key, state = engine.create(KEY, {})
    cloud.client("kms", DEV).schedule_key_deletion(KeyId=key)
    assert engine.read(KEY, key, {}, state).resource_id == ""


def test_a_bucket_and_an_object_under_a_key(engine: Engine) -> None:
    _, key = engine.create(KEY, {})
    bucket, _ = engine.create(BUCKET, {"bucket": unique("kms"), "forceDestroy": True})
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key["arn"]}
    inputs = {"bucket": bucket, "rules": [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]}
    _, state = engine.create(ENCRYPTION, inputs)
    assert paths(engine.diff(ENCRYPTION, state, inputs)) == []
    file = {"bucket": bucket, "key": "a", "content": "x", "kmsKeyId": key["arn"], "bucketKeyEnabled": True}
    _, made = engine.create(OBJECT, file)
    assert made["serverSideEncryption"] == "aws:kms"
    assert paths(engine.diff(OBJECT, made, file)) == []


def test_a_bucket_with_objects_is_not_removed_unless_it_says_so(engine: Engine, cloud: Cloud) -> None:
    name, state = engine.create(BUCKET, {"bucket": unique("full")})
    s3 = cloud.client("s3", DEV)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket=name, Key="a", Body=b"x")
    s3.delete_object(Bucket=name, Key="a")
    with pytest.raises(ProviderError, match="BucketNotEmpty"):
        engine.provider.delete(BUCKET, name, state)
    forced = engine.update(BUCKET, name, state, {"bucket": name, "forceDestroy": True})
    engine.provider.delete(BUCKET, name, forced)
    assert engine.read(BUCKET, name, {}, forced).resource_id == ""


@pytest.mark.parametrize("name", ["Upper", "ab", "a..b", "192.168.0.1", "-a-", "under_score"])
def test_a_name_that_no_bucket_may_have(engine: Engine, name: str) -> None:
    with pytest.raises(ProviderError, match="must be 3 to 63"):
        engine.create(BUCKET, {"bucket": name})


def test_every_version_of_an_object_goes(engine: Engine, cloud: Cloud) -> None:
    bucket, _ = engine.create(BUCKET, {"bucket": unique("versions"), "forceDestroy": True})
    s3 = cloud.client("s3", DEV)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    object_id, state = engine.create(OBJECT, {"bucket": bucket, "key": "a", "content": "1"})
    newer = engine.update(OBJECT, object_id, state, {"bucket": bucket, "key": "a", "content": "2"})
    assert newer["versionId"] != state["versionId"]
    s3.put_object(Bucket=bucket, Key="ab", Body=b"a neighbour")
    engine.provider.delete(OBJECT, object_id, newer)
    left = s3.list_object_versions(Bucket=bucket)
    assert [item["Key"] for item in (*left.get("Versions", []), *left.get("DeleteMarkers", []))] == ["ab"]


def test_an_attachment_taken_off_behind_its_back_is_gone(engine: Engine, cloud: Cloud) -> None:
    role, _ = engine.create("aws:iam/role:Role", {"name": unique("role"), "assumeRolePolicy": trust()})
    arn, _ = engine.create(POLICY, {"name": unique("policy"), "policy": policy()})
    attachment, state = engine.create(ATTACHMENT, {"role": role, "policyArn": arn})
    cloud.client("iam", DEV).detach_role_policy(RoleName=role, PolicyArn=arn)
    assert engine.read(ATTACHMENT, attachment, {}, state).resource_id == ""


def test_tags_of_the_provider_alone_are_not_the_resources_own(engine: Engine) -> None:
    name, state = engine.create(BUCKET, {"bucket": unique("tags"), "tags": {"mine": "1"}})
    assert (state["tags"], state["tagsAll"]) == ({"mine": "1"}, {"mine": "1", "project": "portal"})
    imported = engine.read(BUCKET, name, {}, {})
    assert imported.inputs["tags"] == {"mine": "1"}
    assert imported.inputs["tagsAll"] == {"mine": "1", "project": "portal"}


def test_an_import_may_name_its_region(engine: Engine) -> None:
    name, _ = engine.create(BUCKET, {"bucket": unique("region")})
    found = engine.read(BUCKET, f"{name}@{REGION}", {}, {})
    assert (found.resource_id, found.properties["region"]) == (name, REGION)


def test_a_principal_that_does_not_exist_is_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.provider.types.iam_role.PROPAGATION_SECONDS", 0.1)
    principal = {"AWS": f"arn:aws:iam::{DEV}:role/nobody-{unique('x')}"}
    document = trust() | {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    with pytest.raises(ProviderError, match="MalformedPolicyDocument"):
        engine.create("aws:iam/role:Role", {"name": unique("trusting"), "assumeRolePolicy": document})


def test_a_setting_of_a_bucket_that_does_not_exist_is_an_error(engine: Engine) -> None:
    with pytest.raises(ProviderError, match=r"PutBucketPolicy.*NoSuchBucket"):
        engine.create("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "provider-no-such", "policy": bucket_policy("x")})


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutBucketPolicy")


def test_a_refusal_that_passes_is_tried_again() -> None:
    session = Session(settings({"region": REGION}), threading.Event())
    answers = iter([refusal("OperationAborted"), refusal("OperationAborted"), None])

    def call() -> str:
        error = next(answers)
        if error is not None:
            raise error
        return "done"

    assert session.retry(call, has_code("OperationAborted"), 5) == "done"


def test_other_refusals_and_late_ones_are_not() -> None:
    session = Session(settings({"region": REGION}), threading.Event())

    def call() -> None:
        raise refusal("OperationAborted")

    with pytest.raises(ClientError):
        session.retry(call, has_code("SlowDown"), 5)
    with pytest.raises(ClientError):
        session.retry(call, has_code("OperationAborted"), 0)


def test_a_cancelled_engine_waits_for_nothing() -> None:
    cancelled = threading.Event()
    cancelled.set()

    def call() -> None:
        raise refusal("OperationAborted")

    with pytest.raises(CancelledError, match="cancelled while waiting"):
        Session(settings({"region": REGION}), cancelled).retry(call, has_code("OperationAborted"), 5)


def test_an_input_that_the_code_passes_over_is_an_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A type that says it handles an input but never looks at it: the policy is made, and the user told."""
    monkeypatch.setattr(Policy, "handles", Policy.handles | {"delay_after_policy_creation_in_ms"})
    inputs = {"name": unique("careless"), "policy": policy(), "delayAfterPolicyCreationInMs": 5}
    with pytest.raises(PartlyCreatedError, match="code passed over delay_after_policy_creation_in_ms") as caught:
        engine.create(POLICY, inputs)
    engine.provider.delete(POLICY, caught.value.resource_id, {})


def test_what_aws_accepts_but_does_not_hold_is_an_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Policy.read

    def forgetful(self: Policy, op: Operation) -> State | None:
        found = honest(self, op)
        return found and {**found, "description": ""}

    monkeypatch.setattr(Policy, "read", forgetful)
    monkeypatch.setattr("localcloud.provider.provider._SETTLING", (0.01, None))
    inputs = {"name": unique("forgetful"), "policy": policy(), "description": "lost"}
    with pytest.raises(PartlyCreatedError, match="AWS accepted but does not hold description") as caught:
        engine.create(POLICY, inputs)
    engine.provider.delete(POLICY, caught.value.resource_id, {})


def test_an_accounts_block_is_looked_up(engine: Engine, cloud: Cloud) -> None:
    token = "aws:s3/getAccountPublicAccessBlock:getAccountPublicAccessBlock"
    with pytest.raises(ProviderError, match=f"Block \\({DEV}\\): couldn't find resource"):
        engine.provider.invoke(token, {})
    block = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
    engine.create(block, {"blockPublicPolicy": True})
    found = engine.provider.invoke(token, {"accountId": DEV})
    assert (found["id"], found["blockPublicPolicy"], found["blockPublicAcls"]) == (DEV, True, False)
    cloud.client("s3control", DEV).delete_public_access_block(AccountId=DEV)


def test_a_policy_is_looked_up_by_its_arn(engine: Engine) -> None:
    inputs: dict[str, Any] = {"name": unique("looked-up"), "policy": policy(), "tags": {"a": "1"}}
    arn, _ = engine.create("aws:iam/policy:Policy", inputs)
    found = engine.provider.invoke("aws:iam/getPolicy:getPolicy", {"arn": arn})
    assert (found["name"], found["tags"]["a"]) == (inputs["name"], "1")
    assert json.loads(found["policy"]) == json.loads(inputs["policy"])
    with pytest.raises(ProviderError, match=r"reading IAM policy \(.*-none\): couldn't find resource"):
        engine.provider.invoke("aws:iam/getPolicy:getPolicy", {"arn": f"{arn}-none"})

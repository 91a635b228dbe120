"""Another implementation of AWS's policy logic agrees with ours: on the calls of a log, and on generated cases.

It runs as a process of its own (tests/iam, installed by ``make test``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import seed, settings

from localcloud.server.access import decide
from localcloud.server.call import ANONYMOUS as ANYBODY
from localcloud.server.call import Outcome
from localcloud.server.calllog import CallLog
from localcloud.server.permissions import permissions
from tests.untimed import given

from .conftest import DEV, PUBLIC, Cloud
from .evaluator import judge
from .generated_cases import ANONYMOUS, BUCKET, USER, cases, decided, entry
from .policies import allow, document, refusal, trusts
from .test_access_authorization import call


def write_log(path: Path, entries: Sequence[dict[str, Any]], **call: Any) -> Path:
    lines: list[dict[str, Any]] = []
    for number, permission in enumerate(entries):
        references: dict[str, list[str]] = {}
        for part, texts in permission["policies"].items():
            references[part] = [sha256(text.encode()).hexdigest() for text in texts]
            lines += [{"policy": sha256(text.encode()).hexdigest(), "document": text} for text in texts]
        caller = {"arn": permission["principal"]["arn"], "kind": permission["principal"]["kind"]}
        status = 200 if permission["allowed"] else 403
        made = {"id": str(number), "service": "s3", "operation": "GetObject", "status": status, "caller": caller}
        lines.append(made | {"permissions": [permission | {"policies": references}]} | call)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_call_that_no_policy_allows_is_found(tmp_path: Path) -> None:
    right = {"identity": [document(allow("s3:GetObject", f"{BUCKET}/*"))]}
    assert judge(write_log(tmp_path / "right", [entry(USER, "s3:GetObject", policies=right)]))[0] == 0
    wrong = {"identity": [document(allow("s3:GetObject", "arn:aws:s3:::other/*"))]}
    code, output = judge(write_log(tmp_path / "wrong", [entry(USER, "s3:GetObject", policies=wrong)]))
    assert code == 1
    assert "the policies do not allow s3:GetObject on arn:aws:s3:::bucket/key" in output


def test_a_call_that_was_refused_wrongly_is_found(tmp_path: Path) -> None:
    policies = {"resource": [document(allow("s3:GetObject", f"{BUCKET}/*", Principal="*"))]}
    refused = entry(ANONYMOUS, "s3:GetObject", policies=policies, allowed=False, reason="because")
    code, output = judge(write_log(tmp_path / "log", [refused]))
    assert code == 1
    assert "refused (because) but allowed is s3:GetObject" in output


def test_a_call_without_permissions_and_one_that_cannot_be_judged_are_found(tmp_path: Path) -> None:
    unknown = entry(USER, "s3:NoSuchAction", policies={"identity": [document(allow("*"))]})
    code, output = judge(write_log(tmp_path / "unknown", [unknown]))
    assert (code, "cannot be judged" in output) == (1, True)
    code, output = judge(write_log(tmp_path / "none", [unknown], permissions=[]))
    assert (code, "without asking for any permission" in output) == (1, True)
    code, output = judge(write_log(tmp_path / "answered", [unknown | {"allowed": False}], status=200))
    assert (code, "although s3:NoSuchAction was refused" in output) == (1, True)
    (tmp_path / "broken").write_text("{")
    assert judge(tmp_path / "broken")[0] == 2


def test_web_identities_and_services_are_judged(tmp_path: Path) -> None:
    provider = f"arn:aws:iam::{DEV}:oidc-provider/token.actions.githubusercontent.com"
    condition = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:org/repo:*"}}
    trust = document(trusts({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=condition))
    federated = {"kind": "federated", "account": "", "arn": "", "role_arn": "", "name": provider}
    context = {"token.actions.githubusercontent.com:sub": ["repo:org/repo:pull_request"]}
    right = entry(
        federated,
        "sts:AssumeRoleWithWebIdentity",
        resource=f"arn:aws:iam::{DEV}:role/deploy",
        policies={"resource": [trust]},
        context=context,
    )
    service = federated | {"kind": "service", "name": "logging.s3.amazonaws.com"}
    policy = document(allow("s3:PutObject", f"{BUCKET}/*", Principal={"Service": "logging.s3.amazonaws.com"}))
    delivered = entry(service, "s3:PutObject", policies={"resource": [policy]})
    code, output = judge(write_log(tmp_path / "right", [right, delivered]))
    assert code == 0, output
    wrong = {"context": {"token.actions.githubusercontent.com:sub": ["repo:other/repo:pull_request"]}}
    code, output = judge(write_log(tmp_path / "wrong", [right | wrong, delivered | {"action": "s3:GetObject"}]))
    assert (code, output.count("the policies do not allow")) == (1, 2)


PUBLIC_POLICY = document(allow("s3:GetObject", f"{BUCKET}/*", Principal="*"))


@pytest.mark.parametrize("level", ["bucket", "account"])
def test_who_passes_the_public_access_block_is_found(tmp_path: Path, level: str) -> None:
    """The log tells the settings, not what came of them."""
    blocks = {"bucket": [], "account": []} | {level: ["RestrictPublicBuckets"]}
    reading = entry(ANONYMOUS, "s3:GetObject", policies={"resource": [PUBLIC_POLICY]}, public_access_blocks=blocks)
    refused = reading | {"allowed": False, "reason": "because of the block"}
    assert judge(write_log(tmp_path / "right", [refused]))[0] == 0
    code, output = judge(write_log(tmp_path / "passed", [reading]))
    assert (code, output.count("the policies do not allow s3:GetObject")) == (1, 1), output
    for kept in ([], ["BlockPublicPolicy"]):
        code, output = judge(
            write_log(tmp_path / "refused", [refused | {"public_access_blocks": blocks | {level: kept}}])
        )
        assert (code, "refused (because of the block) but allowed is" in output) == (1, True), output
    code, output = judge(write_log(tmp_path / "untold", [reading | {"public_access_blocks": None}]))
    assert (code, "the public access blocks are not in the log" in output) == (1, True), output


def test_a_public_policy_that_was_stored_against_the_block_is_found(tmp_path: Path) -> None:
    blocks = {"bucket": ["BlockPublicPolicy"], "account": []}
    own = document(allow("s3:PutBucketPolicy", BUCKET))
    given = {"resource": BUCKET, "public_access_blocks": blocks}

    def storing(text: str, **more: Any) -> dict[str, Any]:
        return entry(USER, "s3:PutBucketPolicy", policies={"identity": [own], "stored": [text]}, **given, **more)

    refused = {"allowed": False, "reason": "because of the block"}
    closed = document(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": USER["arn"]}))
    right = [storing(PUBLIC_POLICY, **refused), storing(closed)]
    assert judge(write_log(tmp_path / "right", right))[0] == 0
    code, output = judge(write_log(tmp_path / "passed", [storing(PUBLIC_POLICY)]))
    assert (code, "the policies do not allow s3:PutBucketPolicy" in output) == (1, True), output
    code, output = judge(write_log(tmp_path / "refused", [storing(closed, **refused)]))
    assert (code, "refused (because of the block) but allowed is" in output) == (1, True), output
    untold = entry(USER, "s3:PutBucketPolicy", policies={"identity": [own]}, **given)
    code, output = judge(write_log(tmp_path / "untold", [untold]))
    assert (code, "the policy that was stored is not in the log" in output) == (1, True), output


def test_a_server_that_forgets_the_block_is_found(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads past RestrictPublicBuckets, and a public policy is stored past BlockPublicPolicy."""
    s3, bucket = cloud.client("s3"), cloud.name("forgotten")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    text = PUBLIC_POLICY.replace(BUCKET, f"arn:aws:s3:::{bucket}")
    reading = call("s3", "GetObject", ANYBODY, Bucket=bucket, Key="key")
    storing = call("s3", "PutBucketPolicy", Bucket=bucket, Policy=text)

    def logged(path: Path) -> tuple[int, str]:
        log = CallLog(path)
        for made in (reading, storing):
            (needed,) = permissions(made)
            decision = decide.decide(made, replace(needed, resource_policy=text if made is reading else None))
            outcome = Outcome(status=200 if decision.allowed else 403, code="", milliseconds=1)
            log.call(made, [log.permission(needed, decision)], outcome)
        log.close()
        return judge(path)

    assert logged(tmp_path / "right")[0] == 0
    monkeypatch.setattr(decide, "_blocked", lambda *_: None)
    code, output = logged(tmp_path / "forgotten")
    assert (code, output.count("the policies do not allow")) == (1, 2), output


def test_real_calls_are_judged_alike(cloud: Cloud, tmp_path: Path) -> None:
    s3, iam, bucket = cloud.client("s3"), cloud.client("iam"), cloud.name("judged")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=bucket, Key="key", Body=b"text")
    s3.get_object(Bucket=bucket, Key="key")
    s3.list_objects_v2(Bucket=bucket, Prefix="k")
    policy = iam.create_policy(PolicyName=cloud.name(), PolicyDocument=document(allow()))["Policy"]["Arn"]
    iam.get_policy(PolicyArn=policy)
    anonymous = cloud.anonymous("s3")
    assert refusal(anonymous.get_object, Bucket=bucket, Key="key") == ("AccessDenied", 403)
    elsewhere = cloud.client("s3", PUBLIC)
    assert refusal(elsewhere.get_object, Bucket=bucket, Key="key") == ("AccessDenied", 403)
    log = cloud.folder.calls
    code, output = judge(log)
    assert code == 0, output


def test_generated_cases_are_judged_alike(tmp_path: Path) -> None:
    """Our verdict is written into a log as the server's, and the other implementation judges it."""
    found: list[dict[str, Any]] = []

    @seed(20_260_101)
    @settings(max_examples=300, database=None)
    @given(cases())
    def collect(made: tuple[str, dict[str, Any]]) -> None:
        gate, case = made
        found.append(case | {"allowed": decided(gate, case), "reason": "generated"})

    collect()
    for action in ("s3:GetObject", "kms:Decrypt", "sts:AssumeRole"):
        allowed = [case["allowed"] for case in found if case["action"] == action]
        assert sum(allowed) > 15, action
        assert len(allowed) - sum(allowed) > 15, action
    code, output = judge(write_log(tmp_path / "generated", found))
    assert code == 0, output

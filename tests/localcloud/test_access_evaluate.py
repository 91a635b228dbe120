"""The policy logic by AWS's documented rules: one table of cases, and properties that hold for any policies."""

from __future__ import annotations

import fnmatch
import json
from typing import Any, Literal

import pytest
from hypothesis import strategies as st

from localcloud.server.access.conditions import holds
from localcloud.server.access.evaluate import Named, Policies, Request, Verdict, context_of, evaluate
from localcloud.server.access.patterns import arn_matches, matches
from localcloud.server.access.policy import Condition, PolicyError, parse
from localcloud.server.access.principals import Principal
from tests.untimed import given

from .conftest import DEV, PUBLIC
from .policies import allow, document, root, trusts

BUCKET, KEY = "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/key"
ROLE = f"arn:aws:iam::{DEV}:role/job"
SESSION = f"arn:aws:sts::{DEV}:assumed-role/job/run"
USER = f"arn:aws:iam::{DEV}:user/ada"
JOB = Principal(kind="assumed-role", account=DEV, arn=SESSION, role_arn=ROLE)
ADA = Principal(kind="user", account=DEV, arn=USER)
OWNER = Principal(kind="root", account=DEV, arn=f"arn:aws:iam::{DEV}:root")
NOBODY = Principal(kind="anonymous")
SERVICE = Principal(kind="service", name="logging.s3.amazonaws.com")
GET = allow("s3:GetObject", f"{BUCKET}/*")
PUT = allow("s3:PutObject", f"{BUCKET}/*")
DENY = GET | {"Effect": "Deny"}


def named(part: str, statements: list[dict[str, Any]] | None) -> Named | None:
    return Named(name=part, policy=parse(document(*statements))) if statements is not None else None


def verdict(
    principal: Principal = JOB,
    *,
    identity: list[dict[str, Any]] | None = None,
    boundary: list[dict[str, Any]] | None = None,
    session: list[dict[str, Any]] | None = None,
    resource: list[dict[str, Any]] | None = None,
    owner: str = DEV,
    gate: Literal["", "trust", "key"] = "",
    action: str = "s3:GetObject",
    arn: str = KEY,
    context: dict[str, list[str]] | None = None,
) -> Verdict:
    own = named("own", identity)
    policies = Policies(
        owner=owner,
        identity=(own,) if own else (),
        boundary=named("boundary", boundary),
        session=named("session", session),
        resource=named("resource", resource),
        gate=gate,
    )
    return evaluate(
        Request(action=action, resource=arn, context=context_of(context or {}), principal=principal), policies
    )


def to(*arns: str) -> dict[str, Any]:
    return GET | {"Principal": {"AWS": list(arns)}}


PUBLIC_GET = GET | {"Principal": "*"}
CASES: dict[str, tuple[dict[str, Any], bool, str]] = {
    "nothing allows": ({}, False, "because no identity-based policy allows the s3:GetObject action"),
    "identity allows": ({"identity": [GET]}, True, "identity-based"),
    "deny wins": ({"identity": [GET, DENY]}, False, "with an explicit deny in an identity-based policy"),
    "boundary without it": (
        {"identity": [GET], "boundary": [PUT]},
        False,
        "because no permissions boundary allows the s3:GetObject action",
    ),
    "deny in the boundary": (
        {"identity": [GET], "boundary": [GET, DENY]},
        False,
        "with an explicit deny in a permissions boundary",
    ),
    "session policy without it": ({"identity": [GET], "session": [PUT]}, False, "because no session policy allows"),
    "deny in the session policy": ({"identity": [GET], "session": [GET, DENY]}, False, "deny in a session policy"),
    "boundary alone gives nothing": ({"boundary": [GET]}, False, "because no identity-based policy"),
    "resource policy names the role": ({"resource": [to(ROLE)]}, True, "resource-based"),
    "… narrowed by the boundary": ({"resource": [to(ROLE)], "boundary": [PUT]}, False, "no permissions boundary"),
    "… narrowed by the session policy": ({"resource": [to(ROLE)], "session": [PUT]}, False, "no session policy"),
    "resource policy names the session": ({"resource": [to(SESSION)], "boundary": [PUT], "session": [PUT]}, True, ""),
    "resource policy names anybody": ({"resource": [PUBLIC_GET], "boundary": [PUT]}, True, ""),
    "resource policy names the account": ({"resource": [to(DEV)]}, False, "because no identity-based policy"),
    "… and identity allows": ({"resource": [to(f"arn:aws:iam::{DEV}:root")], "identity": [GET]}, True, ""),
    "deny in the resource policy": (
        {"identity": [GET], "resource": [DENY | {"Principal": "*"}]},
        False,
        "with an explicit deny in a resource-based policy",
    ),
    "user named, bounded": ({"principal": ADA, "resource": [to(USER)], "boundary": [PUT]}, True, ""),
    "across accounts, identity only": (
        {"identity": [GET], "owner": PUBLIC},
        False,
        "because no resource-based policy allows the s3:GetObject action",
    ),
    "across accounts, resource only": ({"resource": [to(ROLE)], "owner": PUBLIC}, False, "no identity-based policy"),
    "across accounts, both": ({"identity": [GET], "resource": [to(DEV)], "owner": PUBLIC}, True, ""),
    "across accounts, bounded": (
        {"identity": [GET], "resource": [to(SESSION)], "owner": PUBLIC, "boundary": [PUT]},
        False,
        "no permissions boundary",
    ),
    "anybody, public": ({"principal": NOBODY, "resource": [PUBLIC_GET]}, True, ""),
    "anybody, account named": ({"principal": NOBODY, "resource": [to(DEV)]}, False, "no resource-based policy"),
    "anybody, nothing": ({"principal": NOBODY}, False, "no resource-based policy"),
    "root of the account": ({"principal": OWNER}, True, "root"),
    "root, denied": ({"principal": OWNER, "resource": [DENY | {"Principal": "*"}]}, False, "explicit deny"),
    "service named": (
        {"principal": SERVICE, "resource": [GET | {"Principal": {"Service": "logging.s3.amazonaws.com"}}]},
        True,
        "",
    ),
    "another service named": (
        {"principal": SERVICE, "resource": [GET | {"Principal": {"Service": "sns.amazonaws.com"}}]},
        False,
        "no resource-based policy",
    ),
    "NotPrincipal allows others": ({"resource": [GET | {"NotPrincipal": {"AWS": USER}}]}, True, ""),
    "NotPrincipal spares who is named in full": (
        {
            "identity": [GET],
            "resource": [DENY | {"NotPrincipal": {"AWS": [f"arn:aws:iam::{DEV}:root", ROLE, SESSION]}}],
        },
        True,
        "",
    ),
    "NotPrincipal denies who is named in part": (
        {"identity": [GET], "resource": [DENY | {"NotPrincipal": {"AWS": ROLE}}]},
        False,
        "explicit deny",
    ),
    "NotAction": ({"identity": [{"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}]}, True, ""),
    "NotResource": (
        {"identity": [{"Effect": "Allow", "Action": "*", "NotResource": f"{BUCKET}/k*"}]},
        False,
        "no identity-based",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case(case: str) -> None:
    arguments, allowed, reason = CASES[case]
    found = verdict(**arguments)
    assert found.allowed == allowed
    assert reason in found.reason


GATES: dict[str, tuple[dict[str, Any], bool]] = {
    "identity alone": ({"identity": [allow("sts:AssumeRole")]}, False),
    "trust of another": ({"identity": [allow("sts:AssumeRole")], "resource": [trusts(root(PUBLIC))]}, False),
    "trust of the account alone": ({"resource": [trusts(root(DEV))]}, False),
    "trust of the account, identity": (
        {"identity": [allow("sts:AssumeRole")], "resource": [trusts(root(DEV))]},
        True,
    ),
    "trust of the role by name": ({"resource": [trusts({"AWS": ROLE})]}, True),
    "trust of the role by name, bounded": ({"resource": [trusts({"AWS": ROLE})], "boundary": [GET]}, False),
    "root of the account, no trust": ({"principal": OWNER, "resource": [trusts(root(PUBLIC))]}, False),
    "root of the account, trust": ({"principal": OWNER, "resource": [trusts(root(DEV))]}, True),
}


@pytest.mark.parametrize("case", GATES)
def test_trust_and_key_policies_must_allow_by_themselves(case: str) -> None:
    arguments, allowed = GATES[case]
    found = verdict(**arguments, gate="trust", action="sts:AssumeRole", arn=f"arn:aws:iam::{DEV}:role/target")
    assert found.allowed == allowed


def test_the_verdict_names_policy_and_statement() -> None:
    found = verdict(identity=[PUT | {"Sid": "Put"}, GET | {"Sid": "Get"}])
    assert (found.policy, found.statement) == ("own", "Get")
    found = verdict(identity=[GET], resource=[DENY | {"Principal": "*"}])
    assert (found.policy, found.statement) == ("resource", "1")


# Conditions

CONTEXT = context_of(
    {
        "aws:username": ["ada"],
        "aws:SourceIp": ["10.1.2.3"],
        "aws:PrincipalArn": [ROLE],
        "aws:CurrentTime": ["2026-01-02T03:04:05Z"],
        "aws:TagKeys": ["team", "cost"],
        "aws:SecureTransport": ["true"],
        "s3:max-keys": ["10"],
    }
)
CONDITIONS: list[tuple[str, str, Any, bool]] = [
    ("StringEquals", "aws:username", "ada", True),
    ("StringEquals", "AWS:UserName", "ada", True),
    ("StringEquals", "aws:username", "ADA", False),
    ("StringEquals", "aws:username", ["eve", "ada"], True),
    ("StringEquals", "aws:username", "a*", False),
    ("StringEquals", "aws:missing", "x", False),
    ("StringEqualsIfExists", "aws:missing", "x", True),
    ("StringEqualsIfExists", "aws:username", "eve", False),
    ("StringNotEquals", "aws:username", ["eve", "ada"], False),
    ("StringNotEquals", "aws:missing", "x", True),
    ("StringEqualsIgnoreCase", "aws:username", "ADA", True),
    ("StringNotEqualsIgnoreCase", "aws:username", "ADA", False),
    ("StringLike", "aws:username", "a?a", True),
    ("StringLike", "aws:username", "${aws:username}", True),
    ("StringLike", "aws:username", "${aws:missing, 'ada'}", True),
    ("StringLike", "aws:username", "${aws:missing}", False),
    ("StringNotLike", "aws:username", "a*", False),
    ("NumericLessThan", "s3:max-keys", 11, True),
    ("NumericLessThanEquals", "s3:max-keys", "10", True),
    ("NumericGreaterThan", "s3:max-keys", 10, False),
    ("NumericEquals", "s3:max-keys", 10.0, True),
    ("NumericNotEquals", "s3:max-keys", 9, True),
    ("NumericEquals", "aws:username", 9, False),
    ("DateLessThan", "aws:CurrentTime", "2026-01-02T03:04:06Z", True),
    ("DateGreaterThanEquals", "aws:CurrentTime", "1767323045", True),
    ("DateEquals", "aws:CurrentTime", "2026-01-02", False),
    ("Bool", "aws:SecureTransport", True, True),
    ("Bool", "aws:SecureTransport", "false", False),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", "true", True),
    ("IpAddress", "aws:SourceIp", ["192.168.0.0/16", "10.0.0.0/8"], True),
    ("NotIpAddress", "aws:SourceIp", "10.1.2.3", False),
    ("IpAddress", "aws:SourceIp", "2001:db8::/32", False),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/j*", True),
    ("ArnEquals", "aws:PrincipalArn", f"arn:aws:iam::{DEV}:role/*", True),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam*", False),
    ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/other", True),
    ("Null", "aws:username", "true", False),
    ("Null", "aws:username", False, True),
    ("Null", "aws:missing", "true", True),
    ("ForAnyValue:StringEquals", "aws:TagKeys", ["team"], True),
    ("ForAnyValue:StringEquals", "aws:TagKeys", ["other"], False),
    ("ForAnyValue:StringEquals", "aws:missing", ["x"], False),
    ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "cost", "more"], True),
    ("ForAllValues:StringEquals", "aws:TagKeys", ["team"], False),
    ("ForAllValues:StringEquals", "aws:missing", ["x"], True),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["team"], True),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", ["team"], False),
]


@pytest.mark.parametrize(("operator", "key", "value", "expected"), CONDITIONS)
def test_condition(operator: str, key: str, value: Any, expected: bool) -> None:
    (statement,) = parse(document(allow(Condition={operator: {key: value}}))).statements
    assert [holds(condition, CONTEXT) for condition in statement.conditions] == [expected]


def test_variables_stand_for_text_and_only_in_the_newer_version() -> None:
    home = allow("s3:GetObject", f"{BUCKET}/${{aws:username}}")
    for user, arn, allowed in (("key", KEY, True), ("*", KEY, False), ("other", KEY, False)):
        assert verdict(identity=[home], arn=arn, context={"aws:username": [user]}).allowed == allowed
    assert not verdict(identity=[home]).allowed
    old = json.loads(document(home)) | {"Version": "2008-10-17"}
    own = Named(name="own", policy=parse(json.dumps(old)))
    request = Request(action="s3:GetObject", resource=KEY, context=context_of({"aws:username": ["key"]}), principal=JOB)
    assert not evaluate(request, Policies(owner=DEV, identity=(own,))).allowed


@pytest.mark.parametrize(
    "statement",
    [
        allow(Condition={"StringMatches": {"aws:username": "x"}}),
        allow(Condition={"StringEquals": {"username": "x"}}),
        allow(Condition={"StringEquals": {"aws:username": None}}),
        allow(Condition={"StringEquals": {"aws:username": []}}),
        allow(Condition={"NullIfExists": {"aws:username": "true"}}),
        allow(Condition={"SomeValue:StringEquals": {"aws:username": "x"}}),
        allow(Principal={"Aws": "*"}),
        allow(Principal=[]),
        allow() | {"Effect": "allow"},
        allow(NotAction="s3:*"),
        allow(Actions="s3:*"),
        allow([]),
        {"Effect": "Allow", "Resource": "*"},
    ],
)
def test_what_is_no_policy_is_an_error(statement: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        parse(document(statement))


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("NumericLessThan", "s3:max-keys", "many"),
        ("IpAddress", "aws:SourceIp", "here"),
        ("Bool", "aws:SecureTransport", "maybe"),
        ("DateLessThan", "aws:CurrentTime", "today"),
        ("Null", "aws:username", "maybe"),
        ("StringEquals", "aws:TagKeys", "team"),
    ],
)
def test_a_condition_that_cannot_be_evaluated_is_an_error(operator: str, key: str, value: str) -> None:
    condition = Condition(operator=operator, quantifier="", if_exists=False, key=key, values=(value,))
    with pytest.raises(PolicyError):
        holds(condition, CONTEXT)


def test_a_variable_that_is_none_is_an_error() -> None:
    with pytest.raises(PolicyError):
        verdict(identity=[allow(resource="arn:aws:s3:::bucket/${not a variable}")])


# Properties

TEXT = st.text(alphabet="ab/:*?.", max_size=8)


@given(TEXT, TEXT.map(lambda text: text.replace("*", "").replace("?", "")))
def test_wildcards_agree_with_the_shell(pattern: str, value: str) -> None:
    assert matches(pattern, value) == fnmatch.fnmatchcase(value, pattern)


@given(st.lists(st.sampled_from(["a", "*", "a*", "?", "", "b"]), min_size=6, max_size=6))
def test_an_arn_matches_part_by_part(parts: list[str]) -> None:
    arn = "arn:aws:s3:::a"
    pattern = ":".join(["arn", *parts[1:]])
    expected = all(
        fnmatch.fnmatchcase(value, one) for one, value in zip(["arn", *parts[1:]], arn.split(":"), strict=True)
    )
    assert arn_matches(pattern, arn) == expected


STATEMENTS = st.builds(
    lambda effect, action, resource: {"Effect": effect, "Action": action, "Resource": resource},
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["s3:GetObject", "s3:*", "s3:PutObject", "*"]),
    st.sampled_from([KEY, f"{BUCKET}/*", f"{BUCKET}/other", "*"]),
)
LISTS = st.lists(STATEMENTS, min_size=1, max_size=4)


@given(LISTS, LISTS, LISTS)
def test_a_denial_wins_wherever_it_stands(identity: Any, boundary: Any, resource: Any) -> None:
    granted = [block | {"Principal": {"AWS": SESSION}} for block in resource]
    for part in ("identity", "boundary", "session", "resource"):
        policies: dict[str, Any] = {
            "identity": identity,
            "boundary": boundary,
            "session": identity,
            "resource": granted,
        }
        denial = DENY | {"Principal": "*"} if part == "resource" else DENY
        policies[part] = [*policies[part], denial]
        assert not verdict(**policies).allowed


@given(LISTS, LISTS)
def test_a_further_statement_never_takes_a_denial_back(identity: Any, more: Any) -> None:
    before = verdict(identity=identity)
    if "explicit deny" in before.reason:
        assert not verdict(identity=identity + more).allowed


@given(LISTS, LISTS)
def test_a_boundary_only_narrows(identity: Any, boundary: Any) -> None:
    if verdict(identity=identity, boundary=boundary).allowed:
        assert verdict(identity=identity).allowed
        assert verdict(identity=boundary).allowed


@given(LISTS)
def test_across_accounts_identity_and_resource_must_both_allow(blocks: Any) -> None:
    granted = [block | {"Principal": root(DEV)} for block in blocks]
    both = verdict(identity=blocks, resource=granted, owner=PUBLIC).allowed
    assert both == verdict(identity=blocks).allowed
    assert not verdict(identity=blocks, owner=PUBLIC).allowed
    assert not verdict(resource=granted, owner=PUBLIC).allowed

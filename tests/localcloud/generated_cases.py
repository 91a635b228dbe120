"""Requests with their policies, as hypothesis makes them up, and our verdict on each."""

from __future__ import annotations

from typing import Any, Literal

from hypothesis import strategies as st

from localcloud.server.access.evaluate import Named, Policies, Request, context_of, evaluate
from localcloud.server.access.policy import parse
from localcloud.server.access.principals import Principal

from .conftest import DEV, PUBLIC
from .policies import document

GATES: dict[str, Literal["", "trust", "key"]] = {"s3": "", "key": "key", "trust": "trust"}
BUCKET = "arn:aws:s3:::bucket"
USER = {"kind": "user", "account": DEV, "arn": f"arn:aws:iam::{DEV}:user/ada", "role_arn": "", "name": ""}
KEY = f"arn:aws:kms:us-west-2:{DEV}:key/11111111-2222-3333-4444-555555555555"
TARGET = f"arn:aws:iam::{DEV}:role/target"
ROLE = f"arn:aws:iam::{DEV}:role/job"
SESSION = {
    "kind": "assumed-role",
    "account": DEV,
    "arn": f"arn:aws:sts::{DEV}:assumed-role/job/run",
    "role_arn": ROLE,
    "name": "",
}
ANONYMOUS = {"kind": "anonymous", "account": "", "arn": "", "role_arn": "", "name": ""}


def entry(principal: dict[str, str], action: str, **more: Any) -> dict[str, Any]:
    """A permission as the log has it; ``policies`` are documents by part."""
    given = {"resource": f"{BUCKET}/key", "owner_account": DEV, "allowed": True, "reason": "", "context": {}}
    blocks: dict[str, list[str]] = {"bucket": [], "account": []}
    return {"action": action, "principal": principal, "policies": {}, "public_access_blocks": blocks, **given, **more}


S3_RESOURCES = [f"{BUCKET}/*", f"{BUCKET}/key", f"{BUCKET}/other", "*", f"{BUCKET}/${{aws:username}}", f"{BUCKET}/k?y"]
S3_ACTIONS = ["s3:GetObject", "s3:Get*", "s3:*", "s3:PutObject", "*"]
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringEquals": {"aws:PrincipalAccount": DEV}},
    {"StringNotEquals": {"aws:PrincipalAccount": DEV}},
    {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{DEV}:role/*"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/j?b"}},
    {"ArnNotEquals": {"aws:PrincipalArn": ROLE}},
    {"StringEqualsIfExists": {"aws:username": "ada"}},
    {"Null": {"aws:username": "true"}},
    {"Null": {"s3:ExistingObjectTag/a": "false"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"NotIpAddress": {"aws:SourceIp": ["10.1.0.0/16", "192.168.0.0/16"]}},
    {"NumericLessThan": {"aws:EpochTime": "5"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
]
PRINCIPALS: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": DEV},
    {"AWS": f"arn:aws:iam::{DEV}:root"},
    {"AWS": f"arn:aws:iam::{PUBLIC}:root"},
    {"AWS": [ROLE, f"arn:aws:iam::{PUBLIC}:root"]},
    {"AWS": SESSION["arn"]},
    {"AWS": USER["arn"]},
]
DIRECT: list[Any] = ["*", {"AWS": "*"}, {"AWS": SESSION["arn"]}]
"""Those of them that name the session, or anybody."""

KINDS = {
    "s3": (S3_ACTIONS, S3_RESOURCES, "s3:GetObject", f"{BUCKET}/key"),
    "key": (["kms:Decrypt", "kms:*", "kms:Encrypt", "*"], ["*", KEY, f"{KEY}0"], "kms:Decrypt", KEY),
    "trust": (["sts:AssumeRole", "sts:*", "sts:TagSession"], ["*", ROLE, TARGET], "sts:AssumeRole", TARGET),
}
"""Gate -> actions and resources that statements name, the action and resource that is asked for."""


@st.composite
def statements(draw: st.DrawFn, kind: str, part: str, principals: list[Any]) -> dict[str, Any]:
    actions, resources, _, _ = KINDS[kind]
    block: dict[str, Any] = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        "Action": draw(st.lists(st.sampled_from(actions), min_size=1, max_size=2, unique=True)),
    }
    if part != "resource" or kind != "trust":
        block["Resource"] = draw(st.lists(st.sampled_from(resources), min_size=1, max_size=2, unique=True))
    if part == "resource":
        block["Principal"] = draw(st.sampled_from(principals))
    condition = draw(st.sampled_from(CONDITIONS))
    return block | ({"Condition": condition} if condition else {})


def documents(kind: str, part: str, principals: list[Any]) -> st.SearchStrategy[list[str]]:
    """The documents of one part of a case: one policy of up to three statements."""
    return st.lists(statements(kind, part, principals), min_size=1, max_size=3).map(lambda blocks: [document(*blocks)])


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A gate (``s3`` is none), and a permission with its policies that is to be decided."""
    kind = draw(st.sampled_from([*KINDS, "s3"]))
    callers: list[dict[str, str]] = [USER, SESSION, *([ANONYMOUS] if kind == "s3" else [])]
    principal: dict[str, str] = draw(st.sampled_from(callers))
    parts = ["identity"] if principal is not ANONYMOUS else []
    optional = {"resource": kind == "s3", "boundary": bool(parts), "session": principal is SESSION}
    parts += [part for part, maybe in optional.items() if maybe and draw(st.booleans())]
    parts += ["resource"] if kind != "s3" else []
    # The other implementation narrows by a session policy also what a resource's policy gives to the session by name
    # or to anybody; AWS does not ("Session policies" in the IAM user guide).
    principals = [item for item in PRINCIPALS if "session" not in parts or item not in DIRECT]
    _, _, action, resource = KINDS[kind]
    owner = draw(st.sampled_from([DEV, DEV, PUBLIC])) if kind == "s3" else DEV
    return kind, entry(
        principal,
        action,
        resource=resource,
        policies={part: draw(documents(kind, part, principals)) for part in parts},
        owner_account=owner,
        context=_context(principal),
    )


def _context(principal: dict[str, str]) -> dict[str, list[str]]:
    context = {
        "aws:SecureTransport": ["true"],
        "aws:SourceIp": ["10.1.2.3"],
        "aws:EpochTime": ["1700000000"],
        "aws:CurrentTime": ["2023-11-14T22:13:20Z"],
    }
    if principal["account"]:
        context |= {"aws:PrincipalAccount": [DEV], "aws:PrincipalArn": [principal["role_arn"] or principal["arn"]]}
    return context | ({"aws:username": ["ada"]} if principal["kind"] == "user" else {})


def decided(gate: str, case: dict[str, Any]) -> bool:
    """Our verdict."""
    named = {
        part: tuple(Named(name=part, policy=parse(text)) for text in texts) for part, texts in case["policies"].items()
    }
    request = Request(
        action=case["action"],
        resource=case["resource"],
        context=context_of(case["context"]),
        principal=Principal(**case["principal"]),
    )
    first = {part: items[0] for part, items in named.items()}
    return evaluate(
        request,
        Policies(
            owner=case["owner_account"],
            identity=named.get("identity", ()),
            boundary=first.get("boundary"),
            session=first.get("session"),
            resource=first.get("resource"),
            gate=GATES[gate],
        ),
    ).allowed

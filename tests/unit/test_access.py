"""Policy documents: what AWS would refuse raises, and each role may do what its work needs and no more."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from components import names
from components.access import buckets, deployment, roles, trust
from components.access.statements import ANYONE, SIZES, Condition, Kind, Statement, document
from tests.unit.stackfiles import ROOT

A, B = "908710317728", "444455556666"
OK = Statement(sid="Ok", actions=("s3:GetObject",), resources=("*",))


def test_a_document_as_text() -> None:
    condition = Condition(operator="StringEquals", key="aws:SourceAccount", values=(A, B))
    statement = Statement(sid="S", principals=ANYONE, actions=("s3:*",), resources=("r",), conditions=(condition,))
    assert json.loads(document("bucket", (statement,))) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "S",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "r",
                "Condition": {"StringEquals": {"aws:SourceAccount": [A, B]}},
            }
        ],
    }


def test_conditions_of_one_operator_stand_together() -> None:
    conditions = json.loads(document("trust", (trust.github(A, ("repo:o/r:pull_request",)),)))["Statement"][0][
        "Condition"
    ]
    assert conditions == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:o/r:pull_request",
        }
    }


@pytest.mark.parametrize(
    ("kind", "statements", "message"),
    [
        ("identity", (), "at least one statement"),
        ("identity", (OK, OK), "statement names must be unique: Ok"),
        ("identity", (Statement(sid="not-ok", actions=("s3:*",), resources=("*",)),), "letters and digits only"),
        ("identity", (Statement(sid="S", actions=(), resources=("*",)),), "names no action"),
        ("identity", (Statement(sid="S", actions=("s3:*",)),), "must have resources"),
        ("identity", (trust.batch_jobs(A),), "must have principals in a trust or bucket policy, and only there"),
        ("bucket", (OK,), "must have principals in a trust or bucket policy"),
        ("trust", (buckets.tls_only("b"),), "must have resources, except in a trust policy"),
        ("managed", (Statement(sid="S", actions=("s3:*",), resources=("x" * 6_144,)),), "AWS allows 6144"),
    ],
)
def test_refused_as_aws_would(kind: Kind, statements: tuple[Statement, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        document(kind, statements)


def actions(statements: tuple[Statement, ...]) -> set[str]:
    return {action for statement in statements for action in statement.actions}


def test_a_release_copies_and_deletes_and_nothing_else() -> None:
    allowed = buckets.release("from", "to")
    assert {(action, resource) for one in allowed for action in one.actions for resource in one.resources} == {
        ("s3:ListBucket", "arn:aws:s3:::from"),
        ("s3:ListBucket", "arn:aws:s3:::to"),
        ("s3:GetObject", "arn:aws:s3:::from/*"),
        ("s3:GetObjectTagging", "arn:aws:s3:::from/*"),
        ("s3:PutObject", "arn:aws:s3:::to/*"),
        ("s3:PutObjectTagging", "arn:aws:s3:::to/*"),
        ("s3:DeleteObject", "arn:aws:s3:::to/*"),
    }


def test_a_foreign_role_is_named_by_account_and_condition() -> None:
    statement = buckets.receive("to", A, "cryoet-sync-public").as_json()
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{A}:root"}
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/cryoet-sync-public"}}
    assert statement["Resource"] == "arn:aws:s3:::to/*"


def test_identities_of_several_accounts() -> None:
    patterns = (f"arn:aws:iam::{A}:user/a", f"arn:aws:iam::{B}:role/sso/*", f"arn:aws:iam::{A}:role/b")
    statement = trust.identities("Operators", patterns).as_json()
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{B}:root", f"arn:aws:iam::{A}:root"]}
    assert statement["Condition"] == {"ArnLike": {"aws:PrincipalArn": list(patterns)}}


def test_an_ingest_without_sources() -> None:
    assert {one.sid for one in roles.ingest(reads=(), writes=("w",))} == {"OutputList", "OutputRead", "OutputWrite"}


def test_an_import_reads_one_bucket_and_one_secret() -> None:
    allowed = roles.database_import(bucket="public", account=A, region="us-west-2", environment="prod")
    assert allowed[-1].resources == (f"arn:aws:secretsmanager:us-west-2:{A}:secret:prod/v2_db_uri-??????",)
    assert actions(allowed) == {
        "s3:ListBucket",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "secretsmanager:GetSecretValue",
    }


def test_an_operator_without_data_or_environments_may_look_for_buckets() -> None:
    assert actions(roles.operator(account=A, region="r", readable=(), environments=())) == {"s3:ListAllMyBuckets"}


def test_an_operator_submits_to_the_machines_of_its_environments() -> None:
    allowed = {one.sid: one for one in roles.operator(account=A, region="r", readable=("b",), environments=("dev",))}
    assert allowed["Submit"].resources == (f"arn:aws:states:r:{A}:stateMachine:cryoet-ingestion-dev-default-wdl",)
    assert allowed["Submit"].actions == ("states:StartExecution",)
    assert allowed["Find"].resources == allowed["Submit"].resources


def test_an_operator_starts_nothing_in_a_retired_environment() -> None:
    given = roles.operator(account=A, region="r", readable=(), environments=("dev", "qa"), retired=("qa",))
    allowed = {one.sid: one.resources for one in given}
    machines = [f"arn:aws:states:r:{A}:stateMachine:cryoet-ingestion-{name}-default-wdl" for name in ("dev", "qa")]
    assert (allowed["Find"], allowed["Submit"]) == (tuple(machines), (machines[0],))
    assert "Submit" not in {
        one.sid for one in roles.operator(account=A, region="r", readable=(), environments=("qa",), retired=("qa",))
    }


@pytest.mark.parametrize("orchestrators_in", [None, "us-west-2"])
def test_preview_reads_only(orchestrators_in: str | None) -> None:
    reading = ("Get", "List", "Describe", "Validate")
    allowed = actions(deployment.preview(A, orchestrators_in))
    assert {action for action in allowed if not action.split(":")[1].startswith(reading)} == {"sts:AssumeRole"}


@pytest.mark.parametrize("made", [deployment.preview, deployment.deploy, deployment.boundary])
def test_without_orchestrators_nothing_is_granted_for_them(made: Callable[..., tuple[Statement, ...]]) -> None:
    services = {"batch", "ec2", "ecs", "events", "logs", "sns", "sqs"}
    without, with_them = actions(made(A)), actions(made(A, "us-west-2"))
    assert not {action.split(":")[0] for action in without} & services
    assert not without & {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    assert {action.split(":")[0] for action in with_them} >= services


@pytest.mark.parametrize("made", [deployment.preview, deployment.deploy, deployment.boundary])
def test_the_tasks_of_the_programs_machines_can_be_counted(made: Callable[..., tuple[Statement, ...]]) -> None:
    [counted] = [one for one in made(A, "us-west-2") if "ecs:DescribeClusters" in one.actions]
    assert counted.resources == (f"arn:aws:ecs:us-west-2:{A}:cluster/*cryoet-*",)
    assert not {one for one in actions(made(A)) if one.startswith("ecs:")}


def test_what_is_named_is_changed_where_it_has_the_programs_prefix() -> None:
    for one in deployment.deploy(A, "us-west-2"):
        if one.sid.startswith("Change") and one.sid not in ("ChangeEc2", "ChangeEcr"):
            assert all("cryoet-*" in resource for resource in one.resources), one.sid
    assert "ecr:DeleteRepository" not in actions(deployment.deploy(A, "us-west-2"))


def test_deploy_makes_roles_with_the_boundary_alone() -> None:
    allowed = {one.sid: one for one in deployment.deploy(A)}
    boundary_arn = f"arn:aws:iam::{A}:policy/{names.BOUNDARY}"
    bound = allowed["BoundRoles"]
    assert "iam:CreateRole" in bound.actions
    assert bound.conditions == (
        Condition(operator="StringEquals", key="iam:PermissionsBoundary", values=(boundary_arn,)),
    )
    unbound = {
        action for one in allowed.values() if one.effect == "Allow" and not one.conditions for action in one.actions
    }
    assert not unbound & {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:CreatePolicy"}


@pytest.mark.parametrize("statements", [deployment.deploy(A), deployment.boundary(A)])
def test_the_roots_are_out_of_reach(statements: tuple[Statement, ...]) -> None:
    denied = next(one for one in statements if one.sid == "RootsStay")
    assert denied.effect == "Deny"
    assert {resource.rsplit("/")[-1] for resource in denied.resources} == {
        names.ANY_ROLE,
        names.GITHUB_DEPLOY,
        names.GITHUB_PREVIEW,
    }
    assert {"iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:CreatePolicyVersion"} <= set(denied.actions)


def test_no_policy_is_near_its_limit() -> None:
    """Room for what comes later: three quarters of what AWS allows at most."""
    documents: list[tuple[Kind, tuple[Statement, ...]]] = [
        ("identity", deployment.preview(A)),
        ("identity", deployment.deploy(A)),
        ("managed", deployment.boundary(A)),
    ]
    for kind, statements in documents:
        assert len(document(kind, statements)) < 0.75 * SIZES[kind]


def test_no_policy_of_an_account_with_orchestrators_is_at_its_limit() -> None:
    assert len(document("identity", deployment.deploy(A, "ap-southeast-1"))) < 0.9 * SIZES["identity"]
    assert len(document("managed", deployment.boundary(A, "ap-southeast-1"))) < 0.8 * SIZES["managed"]


def test_names_of_roles_are_arns_as_they_are() -> None:
    arn = f"arn:aws:iam::{A}:role/x"
    assert names.role_arn(B, arn) == arn
    assert names.role_arn(A, "x") == arn


def test_no_role_of_the_program_can_change_another_programs_roles() -> None:
    allowed = [one for one in deployment.boundary(A) if one.effect == "Allow"]
    changing = [one for one in allowed if set(one.actions) & {"iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"}]
    assert [one.resources for one in changing] == [(f"arn:aws:iam::{A}:role/cryoet-*",)]


PARTS = {"Statement", "Condition", "Principals"}
"""What policies are made from."""


def constructions(source: str) -> set[str]:
    """The parts of policies that a module makes, or takes in under another name."""
    nodes = list(ast.walk(ast.parse(source)))
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    made = {one.id for one in called if isinstance(one, ast.Name)}
    made |= {one.attr for one in called if isinstance(one, ast.Attribute)}
    renamed = {name.name for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names if name.asname}
    return (made | renamed) & PARTS


def test_every_statement_is_built_in_the_one_package() -> None:
    folders = ("components", "composition", "settings", "portal")
    modules = [ROOT / "__main__.py", *(file for folder in folders for file in Path(ROOT, folder).rglob("*.py"))]
    building = {file for file in modules if constructions(file.read_text())}
    outside = {file for file in building if file.parent != Path(ROOT, "components", "access")}
    assert building
    assert not outside


@pytest.mark.parametrize(
    "source",
    [
        "x = Statement(sid='A', actions=())",
        "from components.access import statements\nx = [statements.Condition(operator='Bool', key='k', values=())]",
        "from components.access.statements import Principals as P",
    ],
)
def test_a_construction_is_seen(source: str) -> None:
    assert len(constructions(source)) == 1

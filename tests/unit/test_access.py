"""Policy documents: what AWS would refuse raises, and each role may do what its work needs and no more."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from components import names
from components.access import (
    boundaries,
    buckets,
    clusters,
    databases,
    deployment,
    orchestration,
    resources,
    roles,
    trust,
)
from components.access.scope import Scope
from components.access.statements import ANYONE, SIZES, Condition, Kind, Statement, document
from localcloud.server.access.patterns import matches
from tests.unit.stackfiles import ROOT

A, B = "908710317728", "444455556666"
EMPTY = Scope(account=A, region="ap-southeast-1", stack="dev", data_buckets=("log",))
FULL = Scope(
    account=A,
    region="ap-southeast-1",
    stack="dev",
    data_buckets=("source", "log"),
    readable_buckets=("public",),
    wdl_buckets=("swipe-wdl-dev",),
    comms_buckets=("swipe-comms-dev",),
    repositories=("images",),
    environments=("dev",),
    networked=True,
    log_buckets=("log",),
    cdn_zones=("Z1",),
    databases={"dev": "cryoet-dev"},
    cluster=True,
)


def all_changes(scope: Scope) -> tuple[Statement, ...]:
    """All statements of the deploy role."""
    return (*deployment.deploy(scope), *(one for more in deployment.further_changes(scope).values() for one in more))


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
    jobs = trust.GitHubJobs(
        subject="repo:o/r:environment:e", repository_id=7, refs=("refs/heads/main",), workflows=("w@x", "w@y")
    )
    conditions = json.loads(document("trust", (trust.github(A, jobs),)))["Statement"][0]["Condition"]
    assert conditions == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:repository_id": "7",
            "token.actions.githubusercontent.com:sub": "repo:o/r:environment:e",
        },
        "StringLike": {
            "token.actions.githubusercontent.com:ref": "refs/heads/main",
            "token.actions.githubusercontent.com:job_workflow_ref": ["w@x", "w@y"],
        },
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


def test_an_alarms_topic_is_reached_over_https_alone() -> None:
    [denied] = [one for one in resources.alarm_topic(A, "us-west-2", "dev") if one.effect == "Deny"]
    assert denied.actions == ("sns:Publish", "sns:Subscribe")
    assert denied.conditions[0].key == "aws:SecureTransport"


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


@pytest.mark.parametrize("scope", [EMPTY, FULL])
@pytest.mark.parametrize("made", [deployment.preview, deployment.drift])
def test_previews_and_drift_detection_read_only(made: Callable[[Scope], tuple[Statement, ...]], scope: Scope) -> None:
    further = (*clusters.lookups(), *clusters.reads(FULL), *databases.reads(FULL))
    reading = ("Get", "List", "Describe", "Validate")
    assert all(action.split(":")[1].startswith(reading) for action in actions((*made(scope), *further)))
    assert "secretsmanager:GetSecretValue" not in actions((*made(scope), *further))


def test_a_preview_asks_for_nothing_but_state_and_lookups() -> None:
    assert {one.sid for one in deployment.preview(EMPTY)} == {"FindState", "ReadState", "FindBootstrap"}
    assert {one.sid for one in deployment.preview(FULL)} == {
        "FindState",
        "ReadState",
        "FindBootstrap",
        "Validate",
        "CdnRecords",
    }
    imported = replace(EMPTY, imported_buckets=("old",))
    [read] = [one for one in deployment.preview(imported) if one.sid == "ReadImported"]
    assert read.resources == ("arn:aws:s3:::old",)
    imported = replace(FULL, imported_repositories=("old",), imported_databases=("older",))
    added = {one.sid: one.resources for one in deployment.preview(imported)}
    assert {sid: resources for sid, resources in added.items() if "Imported" in sid} == {
        "ReadImportedEcr": (imported.arn("ecr", "repository/old"),),
        "ReadImportedDatabases": tuple(
            imported.arn("rds", kind)
            for kind in ("cluster:older", "db:older-*", "cluster-pg:older-*", "subgrp:older-*")
        ),
        "FindImportedLogs": ("*",),
        "ReadImportedLogs": (imported.arn("logs", f"log-group:{names.database_log_group('older')}"),),
    }


@pytest.mark.parametrize("made", [deployment.preview, deployment.drift, all_changes])
def test_without_orchestrators_nothing_is_granted_for_them(made: Callable[[Scope], tuple[Statement, ...]]) -> None:
    without, with_them = made(EMPTY), made(FULL)
    assert len(without) < len(with_them)
    assert not {action for action in actions(without) if action.split(":")[0] in ("ec2", "sns")}
    assert "iam:PassRole" not in actions(without)


def test_who_deploys_alone_counts_the_tasks_of_the_programs_machines() -> None:
    [counted] = [one for one in all_changes(FULL) if "ecs:DescribeClusters" in one.actions]
    assert counted.resources == (f"arn:aws:ecs:ap-southeast-1:{A}:cluster/*cryoet-ingestion-*",)
    assert "ecs:DescribeClusters" not in actions((*deployment.preview(FULL), *deployment.drift(FULL)))


def test_what_is_named_is_changed_by_its_name() -> None:
    for one in (*deployment.deploy(FULL), *orchestration.changes(FULL)):
        if one.sid.startswith("Change"):
            names_it = ("cryoet-", "images")
            assert all(any(name in resource for name in names_it) for resource in one.resources), one.sid


READING = ("BatchGet", "Describe", "Get", "List", "Validate")


def changed_by_deploy(service: str) -> set[str]:
    """What the deploy role calls of a service beside reads."""
    calls = {one.split(":")[1] for one in actions(all_changes(FULL)) if one.startswith(f"{service}:")}
    return {one for one in calls if not one.startswith(READING)}


@pytest.mark.parametrize(
    ("service", "changes"),
    [
        # Who pushes images, which tags move and which images expire decides what other accounts run.
        ("ecr", {"PutImageScanningConfiguration", "TagResource", "UntagResource"}),
        # Who gets into the cluster, its endpoint, its version, its pods' roles.
        ("eks", set[str]()),
        # RDS tells no change of capacity from one of backups, protection, TLS or public access.
        ("rds", set[str]()),
        ("secretsmanager", set[str]()),
    ],
)
def test_what_is_an_administrators_of_a_service(service: str, changes: set[str]) -> None:
    assert changed_by_deploy(service) == changes
    assert "secretsmanager:GetSecretValue" not in actions(all_changes(FULL))


@pytest.mark.parametrize(
    "action",
    [
        "acm:ExportCertificate",
        "acm:ImportCertificate",
        "cloudfront:AssociateDistributionWebACL",
        "cloudfront:CopyDistribution",
        "cloudfront:CreatePublicKey",
        "cloudfront:UpdateDistributionWithStagingConfig",
        "cloudfront:UpdateFunction",
        "cloudfront:UpdateKeyGroup",
        "logs:PutDeliveryDestinationPolicy",
        "wafv2:DisassociateWebACL",
    ],
)
def test_deploy_gets_round_no_closed_cdn(action: str) -> None:
    """No wildcard has more of these services' actions than the provider calls for what CI changes."""
    assert not [one for one in actions(all_changes(FULL)) if matches(one, action, ignore_case=True)]


def test_deploy_keeps_the_logs_of_clusters_and_databases() -> None:
    kept = (names.CLUSTER_LOG_GROUP, names.database_log_group("cryoet-dev"))
    for one in all_changes(FULL):
        if any(resource.endswith(kept) for resource in one.resources):
            assert one.actions == ("logs:ListTagsForResource",), one.sid


def test_hosts_serve_the_clusters_of_their_environment_alone() -> None:
    allowed = {one.sid: one for one in roles.host(A, "r", "dev")}
    cluster = "AWSBatch-cryoet-ingestion-dev-spot-0a1b2c3d-12345678-1234-1234-1234-123456789abc"
    others = (
        cluster.replace("dev", "staging"),
        cluster.replace("dev", "dev-spot"),
        cluster.replace("dev", "dev-x"),
        cluster.replace("cryoet-ingestion-", ""),
        "AWSBatch-of-another-tool-12345678-1234-1234-1234-123456789abc",
    )

    def served(name: str) -> bool:
        return any(matches(one, f"arn:aws:ecs:r:{A}:cluster/{name}") for one in allowed["ServeEcs"].resources)

    assert [served(cluster), *map(served, others)] == [True, *[False] * len(others)]
    assert {one.sid for one in allowed.values() if "*" in one.resources} == {"AskForTasks", "FindEcs"}
    [within] = allowed["AskForTasks"].conditions
    assert (within.key, within.values) == ("ecs:cluster", allowed["ServeEcs"].resources)
    assert set(allowed["FindEcs"].actions) == {"ec2:DescribeTags", "ecs:DiscoverPollEndpoint"}
    assert all(":container-instance/AWSBatch-" in one for one in allowed["TagOnRegister"].resources)


@pytest.mark.parametrize("statements", [orchestration.network_changes(FULL), clusters.changes(FULL)])
def test_what_has_ids_is_changed_where_it_has_the_projects_tag(statements: tuple[Statement, ...]) -> None:
    changing = [one for one in statements if one.sid in ("ChangeEc2", "ChangeBalancers")]
    assert changing
    assert all(one.conditions == (FULL.own(),) for one in changing)
    [tags] = [one for one in statements if one.sid.startswith("TagMade")]
    assert [one.key.split(":")[1] for one in tags.conditions] == ["CreateAction"]


def test_deploy_makes_no_role_and_changes_policies_below_the_delegated_path_alone() -> None:
    changing = [one for one in all_changes(FULL) if any(_changes_roles(action) for action in one.actions)]
    assert {one.sid: (one.actions, one.resources) for one in changing} == {
        "RolePolicies": (("iam:DeleteRolePolicy", "iam:PutRolePolicy"), (f"arn:aws:iam::{A}:role/cryoet/delegated/*",)),
        "RoleTags": (("iam:TagRole", "iam:UntagRole"), (f"arn:aws:iam::{A}:role/cryoet/delegated/*",)),
    }
    boundary_arn = f"arn:aws:iam::{A}:policy/{names.DELEGATED_BOUNDARY}"
    assert changing[0].conditions == (
        Condition(operator="StringEquals", key="iam:PermissionsBoundary", values=(boundary_arn,)),
    )
    forbidden = {"iam:CreatePolicy", "iam:CreatePolicyVersion", "sts:AssumeRole"}
    assert not forbidden & actions(all_changes(FULL))


def _changes_roles(action: str) -> bool:
    reads = ("Get", "List")
    other = ("PassRole", "CreateServiceLinkedRole")
    service, call = action.split(":")
    return service == "iam" and "Role" in call and "Profile" not in call and not call.startswith((*reads, *other))


def test_roles_that_reach_data_are_handed_to_services_and_not_changed() -> None:
    [passed] = [one for one in orchestration.changes(FULL) if "iam:PassRole" in one.actions]
    assert {resource.rpartition("/")[2] for resource in passed.resources} == {
        "*",
        names.HOST_ROLES,
        "cryoet-ingestion-*-ingest",
        "cryoet-ingestion-*-import",
        "cryoet-sync-*",
    }
    assert passed.conditions[0].key == "iam:PassedToService"


def test_deploy_makes_no_way_in() -> None:
    assert {"ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"} <= actions(all_changes(FULL))
    assert "ec2:AuthorizeSecurityGroupIngress" not in actions(all_changes(FULL))


def test_deploy_neither_opens_buckets_nor_lets_data_expire() -> None:
    for one in all_changes(FULL):
        for action in one.actions:
            if action.startswith(("s3:Put", "s3:Delete", "s3:Create")):
                assert action not in ("s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:CreateBucket")
                assert "arn:aws:s3:::*" not in one.resources
                harmless = action in ("s3:PutBucketCORS", "s3:PutBucketLogging", "s3:PutBucketTagging")
                assert harmless or not {"arn:aws:s3:::source", "arn:aws:s3:::source/*"} & set(one.resources), action


def test_the_state_of_one_stack() -> None:
    bucket = f"arn:aws:s3:::{names.STATE_BUCKETS}"
    for one in (*deployment.preview(FULL), *deployment.deploy(FULL)):
        if one.sid in ("ReadState", "WriteState"):
            stacks = [resource for resource in one.resources if not resource.endswith("meta.yaml")]
            assert stacks
            assert all(re.search(r"portal/dev[./]", resource) for resource in stacks)
    [found] = [one for one in deployment.preview(FULL) if one.sid == "FindState"]
    assert (found.actions, found.resources) == (("s3:ListBucket",), (bucket,))


@pytest.mark.parametrize("made", [boundaries.data, boundaries.delegated, boundaries.cluster])
def test_within_no_boundary_is_a_role_assumed_or_changed(made: Callable[[Scope], tuple[Statement, ...]]) -> None:
    allowed = actions(made(FULL))
    assert not {action for action in allowed if action.startswith("sts:") or _changes_roles(action)}
    assert not {"s3:*", "*", "iam:*"} & allowed


def test_what_ci_makes_reaches_no_data() -> None:
    reached = {
        resource
        for one in boundaries.delegated(FULL)
        for resource in one.resources
        if any("s3:" in a for a in one.actions)
    }
    assert reached == {f"arn:aws:s3:::swipe-{kind}-dev{end}" for kind in ("wdl", "comms") for end in ("", "/*")}
    assert not {action for action in actions(boundaries.delegated(FULL)) if action.startswith("secretsmanager:")}


def test_versions_and_settings_of_buckets_are_beyond_the_boundary_of_data() -> None:
    allowed = {action for action in actions(boundaries.data(FULL)) if action.startswith("s3:")}
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= allowed
    assert not {action for action in allowed if "Version" in action or action.startswith("s3:PutBucket")}


def test_no_policy_is_at_its_limit() -> None:
    documents: list[tuple[Kind, tuple[Statement, ...]]] = [
        ("identity", deployment.drift(FULL)),
        ("identity", deployment.deploy(FULL)),
        ("managed", boundaries.data(FULL)),
        ("managed", boundaries.delegated(FULL)),
        ("managed", boundaries.cluster(FULL)),
        *(("managed", statements) for statements in deployment.further_changes(FULL).values()),
    ]
    for kind, statements in documents:
        assert len(document(kind, statements)) < 0.9 * SIZES[kind]


def test_names_of_roles_are_arns_as_they_are() -> None:
    arn = f"arn:aws:iam::{A}:role/x"
    assert names.role_arn(B, arn) == arn
    assert names.role_arn(A, "x") == arn


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

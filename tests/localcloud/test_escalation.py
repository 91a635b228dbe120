"""Ways up from GitHub's roles are searched, by program, in the accounts as the stack files describe them (tests/iam):
chains of up to three changes of roles, policies, boundaries and trusts, with another tool's administrator around."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components import names
from tests.localcloud.evaluator import EVALUATOR
from tests.unit.conftest import deployed, whole_account
from tests.unit.recording import Registered

World = dict[str, Any]
STACKS = {"dev": "908710317728", "public": "444455556666", "prod": "111122223333"}
ROLES = (names.GITHUB_PREVIEW, names.GITHUB_DRIFT, names.GITHUB_DEPLOY)
CHANGES = 3
OTHER_TOOL = "other-tool-admin"
ANYTHING: World = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OBJECTS = (
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
)
SETTINGS = (
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)


KEYS = ("kms:CreateGrant", "kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")
CLUSTERS = {
    "eks:AssociateAccessPolicy": "access-entry/{}/role/1/x/00000000-0000-0000-0000-000000000000",
    "eks:CreateAccessEntry": "cluster/{}",
    "eks:DeleteCluster": "cluster/{}",
    "eks:UpdateClusterConfig": "cluster/{}",
    "eks:UpdateClusterVersion": "cluster/{}",
}
DATABASES = {
    "rds:DeleteDBCluster": "cluster:cryoet-staging",
    "rds:ModifyDBCluster": "cluster:cryoet-staging",
    "rds:ModifyDBClusterParameterGroup": "cluster-pg:cryoet-staging-1",
    "rds:ModifyDBInstance": "db:cryoet-staging-1",
}
REPOSITORIES = (
    "ecr:BatchDeleteImage",
    "ecr:DeleteRepository",
    "ecr:PutImage",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:SetRepositoryPolicy",
)


def world(stack: str, attacker: str) -> World:
    """The roles and boundaries that a stack and its bootstrap register, and another tool's administrator, whom every
    identity of the account may enter."""
    graph, account = whole_account(stack), STACKS[stack]
    policies = {one.name: one for one in graph.of("iam/policy:Policy")}
    inline = {one.inputs["role"]: one.json("policy") for one in graph.of("iam/rolePolicy:RolePolicy")}
    attached = list(graph.of("iam/rolePolicyAttachment:RolePolicyAttachment"))
    roles = [
        {
            "arn": names.role_arn(account, role.inputs["name"], role.inputs["path"]),
            "trust": role.json("assumeRolePolicy"),
            "policies": [inline[role.inputs["name"]]] if role.inputs["name"] in inline else [],
            "attached": [
                names.policy_arn(account, policies[one.name].inputs["name"])
                for one in attached
                if one.inputs["role"] == role.inputs["name"] and one.name in policies
            ],
            "boundary": _boundary(role, policies, account),
        }
        for role in graph.of("iam/role:Role")
    ]
    trust = {"Effect": "Allow", "Principal": {"AWS": names.account_arn(account)}, "Action": "sts:AssumeRole"}
    other = {"arn": names.role_arn(account, OTHER_TOOL), "trust": {**ANYTHING, "Statement": [trust]}}
    return {
        "account": account,
        "attacker": names.role_arn(account, attacker),
        "changes": CHANGES,
        "roles": [*roles, {**other, "policies": [ANYTHING], "boundary": None}],
        "policies": {names.policy_arn(account, one.inputs["name"]): one.json("policy") for one in policies.values()},
        "forbidden": forbidden(stack),
    }


def _boundary(role: Registered, policies: dict[str, Registered], account: str) -> str | None:
    arn = role.inputs.get("permissionsBoundary")
    assert arn is None or arn in {names.policy_arn(account, one.inputs["name"]) for one in policies.values()}
    return arn


def forbidden(stack: str) -> list[dict[str, str]]:
    """What nobody may reach from the role: data and its settings, other things of the account, and IAM itself."""
    account, graph = STACKS[stack], deployed(stack)
    environments = graph.exports["environments"].values()
    workflows = {one["wdl_bucket"] for one in environments}
    results = {one["comms_bucket"] for one in environments}
    buckets = {one.inputs["bucket"] for one in graph.of("s3/bucket:Bucket")} - workflows - results
    buckets |= {"another-tools-bucket", "cryoet-data-portal-public"}
    wanted = [(action, f"{names.bucket_arn(one)}/key") for one in buckets for action in OBJECTS]
    wanted += [(action, names.bucket_arn(one)) for one in buckets for action in SETTINGS]
    states = names.bucket_arn("cryoet-pulumi-state-x")
    wanted += [(action, f"{states}/.pulumi/stacks/portal/other.json") for action in OBJECTS]
    region = f"us-west-2:{account}"
    # Who writes a bootstrap's state, or another stack's, has the rights of whoever runs its next update.
    for state in (f"portal-bootstrap/{stack}", "portal/other"):
        keys = (f"stacks/{state}.json", f"history/{state}/x.json", f"backups/{state}/x.json")
        wanted += [
            (action, f"{states}/.pulumi/{key}") for key in keys for action in ("s3:DeleteObject", "s3:PutObject")
        ]
    wanted += [(action, states) for action in SETTINGS]
    wanted += [(action, f"arn:aws:kms:{region}:key/1") for action in KEYS]
    wanted += [
        (action, f"arn:aws:eks:{region}:{resource.format(names.CLUSTER)}") for action, resource in CLUSTERS.items()
    ]
    wanted += [(action, f"arn:aws:rds:{region}:{resource}") for action, resource in DATABASES.items()]
    wanted += [(action, f"arn:aws:ecr:{region}:repository/cryoet-staging") for action in REPOSITORIES]
    wanted += [
        ("batch:SubmitJob", f"arn:aws:batch:{region}:job-definition/cryoet-ingestion-staging-main"),
        ("batch:DeleteJobQueue", f"arn:aws:batch:{region}:job-queue/another-tools"),
        ("ec2:DeleteVpc", f"arn:aws:ec2:{region}:vpc/vpc-1"),
        ("ec2:TerminateInstances", f"arn:aws:ec2:{region}:instance/i-1"),
        ("iam:CreateAccessKey", f"arn:aws:iam::{account}:user/engineer"),
        ("iam:CreateUser", f"arn:aws:iam::{account}:user/x"),
        ("iam:DeleteRole", f"arn:aws:iam::{account}:role/{OTHER_TOOL}"),
        ("iam:PassRole", f"arn:aws:iam::{account}:role/{OTHER_TOOL}"),
        ("kms:CreateGrant", f"arn:aws:kms:{region}:key/1"),
        ("lambda:CreateFunction", f"arn:aws:lambda:{region}:function:x"),
        ("rds:DeleteDBCluster", f"arn:aws:rds:{region}:cluster:another-tools"),
        ("sqs:DeleteQueue", f"arn:aws:sqs:{region}:another-tools"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{region}:secret:another-tools-abcdef"),
        ("states:StartExecution", names.state_machine_arn(account, "us-west-2", "staging")),
    ]
    for secret in map(names.database_secret, ("staging", "prod")):
        wanted.append(("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{region}:secret:{secret}-abcdef"))
    return [{"action": action, "resource": resource} for action, resource in wanted]


def search(tmp_path: Path, content: World) -> tuple[int, str]:
    """Exit code and output of the search."""
    file = tmp_path / "world.json"
    file.write_text(json.dumps(content))
    node = shutil.which("node")
    assert node, "Node.js is needed"
    command = [node, "escalate.mjs", str(file)]
    run = subprocess.run(command, cwd=EVALUATOR, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode in (0, 1), run.stderr
    return run.returncode, run.stdout


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stack", STACKS)
def test_no_chain_of_changes_leads_up(tmp_path: Path, stack: str, role: str) -> None:
    code, output = search(tmp_path, world(stack, role))
    assert code == 0, output
    if role == names.GITHUB_DEPLOY and stack != "public":
        assert " 0 changes" not in output, "the roles that CI may change were not found"


def statements(content: World, role: str) -> list[dict[str, Any]]:
    """Statements of a role's first policy."""
    [found] = [one for one in content["roles"] if one["arn"].endswith(f"/{role}")]
    return found["policies"][0]["Statement"]


def trust_of_every_role(content: World) -> None:
    statements(content, names.GITHUB_DEPLOY).append(
        {"Effect": "Allow", "Action": "iam:UpdateAssumeRolePolicy", "Resource": "arn:aws:iam::*:role/cryoet-*"}
    )


def roles_entered_within_the_boundary(content: World) -> None:
    boundary = content["policies"][names.policy_arn(content["account"], names.DELEGATED_BOUNDARY)]
    boundary["Statement"].append({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    [tags] = [one for one in statements(content, names.GITHUB_DEPLOY) if one["Sid"] == "RoleTags"]
    tags["Action"] += ["iam:UpdateAssumeRolePolicy"]


def any_boundary(content: World) -> None:
    [bound] = [one for one in statements(content, names.GITHUB_DEPLOY) if one["Sid"] == "RolePolicies"]
    bound["Action"] += ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy"]
    del bound["Condition"]


def policies_of_its_name(content: World) -> None:
    statements(content, names.GITHUB_DEPLOY).append(
        {"Effect": "Allow", "Action": "iam:CreatePolicyVersion", "Resource": "arn:aws:iam::*:policy/cryoet-*"}
    )


@pytest.mark.parametrize(
    ("weaken", "reached"),
    [
        (trust_of_every_role, "s3:PutObject on arn:aws:s3:::cryoet-data-portal-public/key as"),
        (roles_entered_within_the_boundary, "iam:CreateUser on"),
        (any_boundary, "iam:CreateUser on"),
        (policies_of_its_name, "s3:GetObject on arn:aws:s3:::cryoet-data-portal-embargo/key as"),
    ],
)
def test_a_way_up_is_found(tmp_path: Path, weaken: Callable[[World], None], reached: str) -> None:
    content = copy.deepcopy(world("dev", names.GITHUB_DEPLOY))
    weaken(content)
    code, output = search(tmp_path, content)
    assert (code, reached in output) == (1, True), output

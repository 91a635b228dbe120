"""What AWS refuses about compute environments, row by row of docs/refusals.md, with its code and words."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import World, refused, until
from .clouds import REGION

pytestmark = pytest.mark.usefixtures("plain_batch")

REFUSED = "ClientException"


@pytest.fixture(scope="module")
def bare_template(world: World) -> str:
    """The name of a launch template without image, groups and user data."""
    return world.template({"InstanceType": "r5d.large"})


def unmanaged(world: World, **more: Any) -> str:
    name = world.cloud.name("ce")
    world.batch.create_compute_environment(computeEnvironmentName=name, type="UNMANAGED", **more)
    return name


def test_bat_01_errors_of_business_rules_have_one_form(world: World) -> None:
    with refused(REFUSED, "Error executing request, Exception : ") as _:
        world.create(state="DISABLED")
    with refused(REFUSED, ", RequestId: "):
        world.create(state="DISABLED")


def test_bat_02_environment_created_disabled(world: World) -> None:
    with refused(REFUSED, "must be created in ENABLED state"):
        world.create(state="DISABLED")


def test_bat_03_no_service_role_means_the_service_linked_one(world: World, environment: str) -> None:
    found = world.settled_environment(environment)
    linked = found["serviceRole"]
    assert linked.endswith(":role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch")
    assert world.iam.get_role(RoleName="AWSServiceRoleForBatch")["Role"]["Path"] == (
        "/aws-service-role/batch.amazonaws.com/"
    )
    with refused(REFUSED, "ServiceRole is required"):
        unmanaged(world)
    with refused(REFUSED, "Service-linked role cannot be used with UNMANAGED"):
        unmanaged(world, serviceRole=linked)
    own = unmanaged(world, serviceRole=world.role("batch.amazonaws.com"))
    assert world.settled_environment(own)["status"] == "VALID"


ORDERED, PRIORITIZED = "BEST_FIT_PROGRESSIVE_ORDERED", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED"


@pytest.mark.parametrize(
    ("kind", "strategy", "text"),
    [
        ("EC2", "SPOT_CAPACITY_OPTIMIZED", "is not supported for compute type EC2"),
        ("EC2", PRIORITIZED, "is not supported for compute type EC2"),
        ("SPOT", ORDERED, "is not supported for compute type SPOT"),
        ("EC2", ORDERED, "Instance type bundle optimal is not allowed"),
        ("SPOT", PRIORITIZED, "Instance type bundle optimal is not allowed"),
    ],
)
def test_bat_04_strategies(world: World, kind: str, strategy: str, text: str) -> None:
    with refused(REFUSED, text):
        world.create(type=kind, allocationStrategy=strategy, instanceTypes=["r5d", "optimal"])


def test_bat_04_ordered_strategies_of_the_right_type(world: World) -> None:
    assert world.environment(type="EC2", allocationStrategy=ORDERED)
    assert world.environment(type="SPOT", allocationStrategy=PRIORITIZED)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ({"launchTemplateId": "lt-1", "launchTemplateName": "x"}, "but not both"),
        ({"version": "1"}, "Either launchTemplateId or launchTemplateName"),
        ({"launchTemplateName": "x", "version": "newest"}, "version newest is invalid"),
        ({"launchTemplateName": "{bare}", "userdataType": "EKS_NODEADM"}, "only allowed when the launch template has"),
    ],
)
def test_bat_05_launch_templates(world: World, bare_template: str, template: dict[str, str], text: str) -> None:
    given = {key: value.replace("{bare}", bare_template) for key, value in template.items()}
    with refused(REFUSED, text):
        world.create(launchTemplate=given)


def test_bat_05_overrides_of_a_launch_template_are_not_modelled(world: World, bare_template: str) -> None:
    overrides = [{"launchTemplateName": bare_template, "targetInstanceTypes": ["r5d"]}]
    with refused("NotImplemented", "launchTemplate.overrides"):
        world.create(launchTemplate={"launchTemplateName": bare_template, "overrides": overrides})


def invalid(world: World, service_role: str = "", **more: Any) -> str:
    """The reason for which an environment is INVALID some moments after it was accepted."""
    found = world.settled_environment(world.create(service_role=service_role, **more))
    assert found["status"] == "INVALID"
    return str(found["statusReason"])


def test_bat_07_roles_that_cannot_serve(world: World) -> None:
    role = world.role("ec2.amazonaws.com")
    assert invalid(world, service_role=role).startswith(
        f"CLIENT_ERROR - User: batch.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: {role} ("
    )
    assert invalid(world, instanceRole=role) == f"CLIENT_ERROR - Invalid IamInstanceProfile: {role.rpartition('/')[2]}"
    by_fleet = {"type": "SPOT", "allocationStrategy": "BEST_FIT"}
    assert invalid(world, **by_fleet, spotIamFleetRole=role).startswith(
        "CLIENT_ERROR - Parameter: SpotFleetRequestConfig.IamFleetRole is invalid. (Service: AmazonEC2; "
    )
    assert world.environment(**by_fleet, spotIamFleetRole=world.role("spotfleet.amazonaws.com"))


def test_bat_07_security_group_of_another_network(world: World) -> None:
    vpc = world.ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    group = world.ec2.create_security_group(GroupName="other", Description="other", VpcId=vpc)["GroupId"]
    assert "are not linked to the VPCs configured" in invalid(world, securityGroupIds=[group])


def test_bat_07_launch_template_that_cannot_serve(world: World, bare_template: str) -> None:
    plain = world.template({"UserData": base64.b64encode(b"#!/bin/sh\ntrue\n").decode()})
    assert invalid(world, launchTemplate={"launchTemplateName": plain}) == (
        "CLIENT_ERROR - Launch Template UserData is not MIME multipart format"
    )
    named = {"launchTemplateName": bare_template}
    assert "specified version 7" in invalid(world, launchTemplate=named | {"version": "7"})
    assert "nowhere, does not exist" in invalid(world, launchTemplate={"launchTemplateName": "nowhere"})
    assert world.environment(launchTemplate=named)


def test_bat_07_service_role_that_went_before_its_environment(world: World) -> None:
    role = world.role("batch.amazonaws.com")
    name = world.create(service_role=role)
    assert world.settled_environment(name)["status"] == "VALID"
    world.iam.delete_role(RoleName=role.rpartition("/")[2])
    world.batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
    assert world.settled_environment(name)["status"] == "INVALID"


def test_bat_08_environment_that_a_queue_lists(world: World, environment: str, queue: str) -> None:
    assert queue
    with refused(REFUSED, "Cannot delete, found existing JobQueue relationship"):
        world.batch.delete_compute_environment(computeEnvironment=environment)


def test_bat_09_and_10_what_is_enabled_or_settles(world: World) -> None:
    environment = world.environment()
    queue = world.queue(environment)
    environments = {"computeEnvironment": environment}
    with refused(REFUSED, "must be DISABLED"):
        world.batch.delete_job_queue(jobQueue=queue)
    world.batch.update_job_queue(jobQueue=queue, state="DISABLED")
    with refused(REFUSED, "Cannot delete, resource is being modified"):
        world.batch.delete_job_queue(jobQueue=queue)
    with refused(REFUSED, "Cannot update, resource is being modified"):
        world.batch.update_job_queue(jobQueue=queue, state="ENABLED")
    world.settled_queue(queue)
    world.batch.delete_job_queue(jobQueue=queue)
    until(lambda: world.settled_queue(queue)["status"] == "gone")
    with refused(REFUSED, "must be DISABLED"):
        world.batch.delete_compute_environment(**environments)
    world.batch.update_compute_environment(**environments, state="DISABLED")
    with refused(REFUSED, "Cannot delete, resource is being modified"):
        world.batch.delete_compute_environment(**environments)
    with refused(REFUSED, "Cannot update, resource is being modified"):
        world.batch.update_compute_environment(**environments, state="ENABLED")
    assert world.settled_environment(environment)["state"] == "DISABLED"
    world.batch.delete_compute_environment(**environments)
    assert world.settled_environment(environment)["status"] == "gone"


def test_bat_11_update_of_the_infrastructure_under_best_fit(world: World) -> None:
    fixed = {"computeEnvironment": world.environment(type="EC2", allocationStrategy="BEST_FIT")}
    update = world.batch.update_compute_environment
    changes = ({"instanceTypes": ["m6i"]}, {"type": "SPOT"}, {"allocationStrategy": "BEST_FIT_PROGRESSIVE"})
    for change in changes:
        with refused(REFUSED, "BEST_FIT is not supported when updating"):
            update(**fixed, computeResources=change)
    update(**fixed, computeResources={"maxvCpus": 4})


def test_bat_11_update_of_types_and_roles(world: World) -> None:
    update, own = world.batch.update_compute_environment, world.role("batch.amazonaws.com")
    linked = world.environment()
    with refused(REFUSED, "type SPOT cannot be changed to FARGATE"):
        update(computeEnvironment=linked, computeResources={"type": "FARGATE"})
    with refused(REFUSED, "Value 'BEST_FIT' at 'computeResources.allocationStrategy'"):
        update(computeEnvironment=linked, computeResources={"allocationStrategy": "BEST_FIT"})
    with refused(REFUSED, "one of them is the service-linked role"):
        update(computeEnvironment=linked, serviceRole=own)
    with_own = world.create(service_role=own)
    assert world.settled_environment(with_own)["status"] == "VALID"
    with refused(REFUSED, "only be updated with the service linked role"):
        update(computeEnvironment=with_own, computeResources={"instanceRole": world.instance_profile})
    with refused(REFUSED, "one of them is the service-linked role"):
        update(computeEnvironment=with_own, serviceRole=world.settled_environment(linked)["serviceRole"])
    update(computeEnvironment=with_own, serviceRole=world.role("batch.amazonaws.com"))


@pytest.mark.parametrize("member", ["subnets", "instanceRole", "instanceTypes", "securityGroupIds"])
def test_bat_28_what_a_managed_environment_needs(world: World, bare_template: str, member: str) -> None:
    lacking: dict[str, Any] = {member: "" if member == "instanceRole" else []}
    with refused(REFUSED, f"{member} is required"):
        world.create(**lacking)
    with refused(REFUSED, f"{member} is required"):
        world.create(**lacking, launchTemplate={"launchTemplateName": bare_template})


def test_bat_28_no_resources_and_groups_of_the_template(world: World) -> None:
    with refused(REFUSED, "computeResources must be provided"):
        world.batch.create_compute_environment(computeEnvironmentName="bare", type="MANAGED")
    grouped = world.template({"SecurityGroupIds": [world.group]})
    assert world.environment(securityGroupIds=[], launchTemplate={"launchTemplateName": grouped})


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ({"minvCpus": 20}, "minvCpus must be less than or equal to maxvCpus"),
        ({"minvCpus": -1}, "minvCpus must be greater than or equal to 0"),
        ({"desiredvCpus": 99}, "desiredvCpus must be between"),
    ],
)
def test_bat_29_vcpus(world: World, resources: dict[str, Any], text: str) -> None:
    with refused(REFUSED, text):
        world.create(**resources)


def test_bat_30_best_fit_on_spot_without_its_role(world: World) -> None:
    with refused(REFUSED, "spotIamFleetRole is required"):
        world.create(type="SPOT", allocationStrategy="BEST_FIT")


@pytest.mark.parametrize("percentage", [-1, 101])
def test_bat_31_bids(world: World, percentage: int) -> None:
    with refused(REFUSED, "bidPercentage must be between 0 and 100"):
        world.create(bidPercentage=percentage)


def test_bat_32_architectures_are_not_mixed(world: World, environment: str) -> None:
    with refused(REFUSED, "arm-based instance type cannot be used with other"):
        world.create(instanceTypes=["m6g", "m6i"])
    with refused(REFUSED, "different architectures cannot be mixed"):
        world.queue(environment, world.environment(instanceTypes=["m6g"]))


@pytest.mark.parametrize(("kind", "text"), [("ECS_AL2", "end-of-life"), ("WINDOWS", "invalid imageType")])
def test_bat_33_images(world: World, kind: str, text: str) -> None:
    with refused(REFUSED, text):
        world.create(ec2Configuration=[{"imageType": kind}])


def test_bat_34_names(world: World, environment: str, queue: str) -> None:
    order = [{"order": 1, "computeEnvironment": environment}]
    for name in ("a b", "a.b", "ä", "x" * 129):
        with refused(REFUSED, "Compute environment name should match valid pattern"):
            world.create(name=name)
        with refused(REFUSED, "Job queue name should match valid pattern"):
            world.create_queue(order, jobQueueName=name)
    with refused(REFUSED, "Object already exists"):
        world.create(name=environment.rpartition("/")[2])
    with refused(REFUSED, "Object already exists"):
        world.create_queue(order, jobQueueName=queue.rpartition("/")[2])
    assert world.create(name="a") == "a"


def test_bat_35_unmanaged_environments_have_no_resources(world: World) -> None:
    role = world.role("batch.amazonaws.com")
    with refused(REFUSED, "computeResources cannot be given for an UNMANAGED"):
        unmanaged(world, serviceRole=role, computeResources=world.resources())
    name = unmanaged(world, serviceRole=role)
    assert world.settled_environment(name)["status"] == "VALID"
    with refused(REFUSED, "computeResources cannot be updated for an UNMANAGED"):
        world.batch.update_compute_environment(computeEnvironment=name, computeResources={"maxvCpus": 2})


def test_instance_type_that_is_none(world: World) -> None:
    with refused(REFUSED, "nonsense"):
        world.create(instanceTypes=["nonsense"])


def test_what_is_not_modelled_is_refused_by_name(world: World, queue: str) -> None:
    policy = f"arn:aws:batch:{REGION}:{world.account}:scheduling-policy/x"
    with refused("NotImplemented", "schedulingPolicyArn"):
        world.batch.update_job_queue(jobQueue=queue, schedulingPolicyArn=policy)
    with refused("NotImplemented", "DeleteSchedulingPolicy"):
        world.batch.delete_scheduling_policy(arn=policy)
    for kind in ("FARGATE", "ECS_MANAGED_INSTANCES"):
        with refused("NotImplemented", f"of type {kind}"):
            world.create(type=kind)


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("Batch", "BAT")

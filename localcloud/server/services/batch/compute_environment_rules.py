"""What AWS refuses about compute environments, at once (ClientException) and some moments later (status INVALID).

Sources: the API reference of CreateComputeEnvironment and UpdateComputeEnvironment, and the user guide's *Invalid
compute environment* and *Updating compute environments*.
"""

from __future__ import annotations

from typing import Any

from localcloud.server import registry
from localcloud.server.access import resources
from localcloud.server.call import Call, Params, Refusal

from . import instances, templates
from .model import client_error

SERVICE_LINKED_ROLE = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
ON_EITHER = ("BEST_FIT", "BEST_FIT_PROGRESSIVE")
ORDERED = ("BEST_FIT_PROGRESSIVE_ORDERED", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED")
"""Strategies that take instance types in the order in which they are given."""
STRATEGIES = {
    "EC2": (*ON_EITHER, "BEST_FIT_PROGRESSIVE_ORDERED"),
    "SPOT": (
        *ON_EITHER,
        "SPOT_CAPACITY_OPTIMIZED",
        "SPOT_PRICE_CAPACITY_OPTIMIZED",
        "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED",
    ),
}
NO_REQUEST = "00000000-0000-0000-0000-000000000000"
IMAGE_TYPES = ("ECS_AL2023", "ECS_AL2023_NVIDIA", "ECS_AL2_NVIDIA", "EKS_AL2023", "EKS_AL2023_NVIDIA")
INFRASTRUCTURE = (
    "allocationStrategy", "bidPercentage", "ec2Configuration", "ec2KeyPair", "imageId", "instanceRole",
    "instanceTypes", "launchTemplate", "placementGroup", "securityGroupIds", "subnets", "tags", "type",
    "updateToLatestImageVersion",
)  # fmt: skip
"""Members whose update replaces instances; the others (vCPU counts) only scale."""


def check_create(call: Call, service_linked: bool) -> None:
    """Refuses a CreateComputeEnvironment that AWS refuses at once."""
    params = call.params
    kind = params["type"]
    if params.get("state") == "DISABLED":
        raise client_error(call, "Compute environment must be created in ENABLED state")
    if params.get("eksConfiguration"):
        raise Refusal("NotImplemented", "compute environments on EKS are not implemented here.", 501)
    if kind == "UNMANAGED":
        if not params.get("serviceRole"):
            raise client_error(call, "ServiceRole is required.")
        if service_linked:
            raise client_error(call, "Service-linked role cannot be used with UNMANAGED compute environments")
        if params.get("computeResources"):
            raise client_error(call, "computeResources cannot be given for an UNMANAGED compute environment")
        return
    given = params.get("computeResources")
    if not given:
        raise client_error(call, "computeResources must be provided for a MANAGED compute environment")
    if given["type"] not in STRATEGIES:
        raise Refusal("NotImplemented", f"compute environments of type {given['type']} are not implemented here.", 501)
    check_resources(call, given)


def check_resources(call: Call, given: Params) -> None:
    """The computeResources of an EC2 or SPOT environment, complete (after an update: merged)."""
    template = given.get("launchTemplate")
    if template:
        templates.check(call, template)
    for name in ("subnets", "instanceRole", "instanceTypes"):
        if not given.get(name):
            raise client_error(call, f"computeResource {name} is required.")
    if not given.get("securityGroupIds") and not templates.has_groups(call, template):
        raise client_error(call, "computeResource securityGroupIds is required.")
    _check_vcpus(call, given)
    _check_strategy(call, given)
    _check_instances(call, given["instanceTypes"])
    if not 0 <= given.get("bidPercentage", 100) <= 100:
        raise client_error(call, "bidPercentage must be between 0 and 100")
    for item in given.get("ec2Configuration", []):
        if item["imageType"] not in IMAGE_TYPES and item["imageType"] != "ECS_AL2":
            raise client_error(call, f"{item['imageType']} is an invalid imageType.")
        if item["imageType"] == "ECS_AL2":
            raise client_error(call, "imageType ECS_AL2 cannot be used: Amazon Linux 2 is end-of-life.")


def _check_vcpus(call: Call, given: Params) -> None:
    least, most = given.get("minvCpus", 0), given.get("maxvCpus")
    if most is None:
        raise client_error(call, "computeResource maxvCpus is required.")
    if least < 0:
        raise client_error(call, "minvCpus must be greater than or equal to 0")
    if least > most:
        raise client_error(call, "minvCpus must be less than or equal to maxvCpus")
    desired = given.get("desiredvCpus")
    if desired is not None and not least <= desired <= most:
        raise client_error(call, "desiredvCpus must be between minvCpus and maxvCpus")


def _check_strategy(call: Call, given: Params) -> None:
    kind, strategy = given["type"], given.get("allocationStrategy", "BEST_FIT")
    if strategy not in STRATEGIES[kind]:
        raise client_error(call, f"Allocation strategy {strategy} is not supported for compute type {kind}")
    if kind == "SPOT" and strategy == "BEST_FIT" and not given.get("spotIamFleetRole"):
        raise client_error(call, "computeResource spotIamFleetRole is required.")
    bundles = [entry for entry in given["instanceTypes"] if entry in instances.OPTIMAL]
    if strategy in ORDERED and bundles:
        raise client_error(call, f"Instance type bundle {bundles[0]} is not allowed for {strategy} allocation strategy")


def _check_instances(call: Call, entries: list[str]) -> None:
    for entry in entries:
        if not instances.types_of(entry):
            raise client_error(call, f"Instance type can only be one of [{entry}] is not a known type or family")
    architectures = {frozenset(instances.architectures(entry)) for entry in entries}
    if frozenset({"arm64"}) in architectures and len(architectures) > 1:
        raise client_error(call, "arm-based instance type cannot be used with other instance types")


def invalid_reason(account: str, region: str, service_role: str, given: Params) -> str:
    """Why the environment turns INVALID after it was accepted, or the empty string."""
    if service_role and SERVICE_LINKED_ROLE not in service_role and not _trusts(service_role, "batch.amazonaws.com"):
        return (
            "CLIENT_ERROR - User: batch.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: "
            f"{service_role} (Service: AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied; "
            f"Request ID: {NO_REQUEST}; Proxy: null)"
        )
    if not given:
        return ""
    role = str(given["instanceRole"])
    if not _is_profile(account, role):
        return f"CLIENT_ERROR - Invalid IamInstanceProfile: {role.rpartition('/')[2]}"
    by_fleet = given["type"] == "SPOT" and given.get("allocationStrategy", "BEST_FIT") == "BEST_FIT"
    if by_fleet and not _trusts(str(given["spotIamFleetRole"]), "spotfleet.amazonaws.com"):
        return (
            "CLIENT_ERROR - Parameter: SpotFleetRequestConfig.IamFleetRole is invalid. (Service: AmazonEC2; "
            f"Status Code: 400; Error Code: InvalidSpotFleetRequestConfig; Request ID: {NO_REQUEST})"
        )
    return _invalid_network(account, region, given) or templates.invalid_reason(
        account, region, given.get("launchTemplate")
    )


def _trusts(role_arn: str, service: str) -> bool:
    role: Any = resources.by_arn(role_arn)
    return role is not None and service in str(getattr(role, "assume_role_policy_document", ""))


def _is_profile(account: str, name_or_arn: str) -> bool:
    backend = resources.iam(account)
    profiles = list(backend.instance_profiles.values()) if backend else []
    return any(name_or_arn in (profile.arn, profile.name) for profile in profiles)


def _invalid_network(account: str, region: str, given: Params) -> str:
    networks = set[str]()
    for name in given["subnets"]:
        subnet = registry.resource(f"arn:aws:ec2:{region}:{account}:subnet/{name}")
        if subnet is None:
            return f"CLIENT_ERROR - The subnet ID '{name}' does not exist"
        networks.add(subnet.facts["vpc"])
    for name in given.get("securityGroupIds", []):
        group = registry.resource(f"arn:aws:ec2:{region}:{account}:security-group/{name}")
        if group is None:
            return f"CLIENT_ERROR - The security group '{name}' does not exist"
        if group.facts["vpc"] not in networks:
            return (
                "CLIENT_ERROR - One or more security groups in the launch template are not linked to the VPCs "
                "configured in the Auto Scaling group"
            )
    return ""


def check_role_update(call: Call, old: str, new: str) -> None:
    """AWS fact: the service-linked role is not changed to another role, nor another one to it."""
    if (SERVICE_LINKED_ROLE in old) != (SERVICE_LINKED_ROLE in new):
        raise client_error(
            call, f"Service role {old} cannot be changed to {new}: one of them is the service-linked role"
        )


def check_infrastructure_update(call: Call, service_role: str, old: Params, changed: Params) -> None:
    """Refuses an update that needs a new environment.

    AWS fact: instances can only be replaced under the service-linked role and an allocation strategy that is not
    BEST_FIT, to which no update changes either.
    """
    if not any(name in INFRASTRUCTURE for name in changed):
        return
    if changed.get("type", old["type"]) not in STRATEGIES:
        raise client_error(call, f"Compute environment type {old['type']} cannot be changed to {changed['type']}")
    if old.get("allocationStrategy", "BEST_FIT") == "BEST_FIT":
        raise client_error(call, "Allocation strategy BEST_FIT is not supported when updating compute resources")
    if SERVICE_LINKED_ROLE not in service_role:
        raise client_error(
            call, "Compute environments can only be updated with the service linked role AWSServiceRoleForBatch"
        )

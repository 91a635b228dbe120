"""What AWS refuses about compute environments, at once (ClientException) and some moments later (status INVALID).

Sources: the API reference of CreateComputeEnvironment and UpdateComputeEnvironment, and the user guide's *Invalid
compute environment* and *Updating compute environments*.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from localcloud.server.access import resources
from localcloud.server.call import Call, Params, Refusal

from . import instances
from .model import client_error

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
SERVICE_LINKED_ROLE = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
FARGATE = ("FARGATE", "FARGATE_SPOT")
STRATEGIES = {
    "EC2": ("BEST_FIT", "BEST_FIT_PROGRESSIVE"),
    "SPOT": ("BEST_FIT", "BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED"),
}
IMAGE_TYPES = ("ECS_AL2023", "ECS_AL2023_NVIDIA", "ECS_AL2_NVIDIA", "EKS_AL2023", "EKS_AL2023_NVIDIA")
UPDATABLE_STRATEGIES = ("BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED")
INFRASTRUCTURE = (
    "allocationStrategy", "bidPercentage", "ec2Configuration", "ec2KeyPair", "imageId", "instanceRole",
    "instanceTypes", "launchTemplate", "placementGroup", "securityGroupIds", "subnets", "tags", "type",
    "updateToLatestImageVersion",
)  # fmt: skip
"""Members whose update replaces instances; the others (vCPU counts) only scale."""


def check_name(call: Call, name: str) -> None:
    if not NAME.fullmatch(name):
        text = "Compute environment name should match valid pattern"
        raise client_error(call, f"{text}: ^[0-9A-Za-z_-]{{1,128}}$")


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
        return
    given = params.get("computeResources")
    if not given:
        raise client_error(call, "computeResources must be provided for a MANAGED compute environment")
    if given["type"] in FARGATE:
        raise Refusal("NotImplemented", "compute environments on Fargate are not implemented here.", 501)
    check_resources(call, given)


def check_resources(call: Call, given: Params) -> None:
    """The computeResources of an EC2 or SPOT environment, complete (after an update: merged)."""
    template = given.get("launchTemplate")
    needed = ("subnets", "instanceRole", "instanceTypes") if template else (
        "subnets", "instanceRole", "instanceTypes", "securityGroupIds",
    )  # fmt: skip
    for name in needed:
        if not given.get(name):
            raise client_error(call, f"computeResource {name} is required.")
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
    if template:
        _check_template(call, template)


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


def _check_instances(call: Call, entries: list[str]) -> None:
    for entry in entries:
        if not instances.types_of(entry):
            raise client_error(call, f"Instance type can only be one of [{entry}] is not a known type or family")
    found = {frozenset(instances.architectures(entry)) for entry in entries}
    if frozenset({"arm64"}) in found and len(found) > 1:
        raise client_error(call, "arm-based instance type cannot be used with other instance types")


def _check_template(call: Call, template: Params) -> None:
    by_id, by_name = template.get("launchTemplateId"), template.get("launchTemplateName")
    if bool(by_id) == bool(by_name):
        raise client_error(call, "Either launchTemplateId or launchTemplateName must be specified, but not both")
    version = template.get("version", "$Default")
    if version and version not in ("$Latest", "$Default") and not version.isdigit():
        raise client_error(call, f"Launch template version {version} is invalid")
    if template.get("overrides"):
        raise Refusal("NotImplemented", "launchTemplate.overrides is not implemented here.", 501)


def invalid_reason(account: str, region: str, service_role: str, given: Params) -> str:
    """Why the environment turns INVALID after it was accepted, or the empty string."""
    if service_role and SERVICE_LINKED_ROLE not in service_role and not _trusts_batch(service_role):
        return (
            "CLIENT_ERROR - User: batch.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: "
            f"{service_role} (Service: AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied; "
            "Request ID: 00000000-0000-0000-0000-000000000000; Proxy: null)"
        )
    if not given:
        return ""
    role = str(given["instanceRole"])
    if not _is_profile(account, role):
        return f"CLIENT_ERROR - Invalid IamInstanceProfile: {role.rpartition('/')[2]}"
    return _invalid_network(account, region, given) or _invalid_user_data(account, region, given.get("launchTemplate"))


def _trusts_batch(role_arn: str) -> bool:
    role: Any = resources.by_arn(role_arn)
    return role is not None and "batch.amazonaws.com" in str(getattr(role, "assume_role_policy_document", ""))


def _is_profile(account: str, name_or_arn: str) -> bool:
    backend = resources.iam(account)
    profiles = list(backend.instance_profiles.values()) if backend else []
    return any(name_or_arn in (profile.arn, profile.name) for profile in profiles)


def _invalid_network(account: str, region: str, given: Params) -> str:
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[account][region]
    subnets = {item.id: item for items in backend.subnets.values() for item in items.values()}
    missing = [name for name in given["subnets"] if name not in subnets]
    if missing:
        return f"CLIENT_ERROR - The subnet ID '{missing[0]}' does not exist"
    networks = {subnets[name].vpc_id for name in given["subnets"]}
    for name in given.get("securityGroupIds", []):
        group = backend.get_security_group_from_id(name)
        if group is None:
            return f"CLIENT_ERROR - The security group '{name}' does not exist"
        if group.vpc_id not in networks:
            return (
                "CLIENT_ERROR - One or more security groups in the launch template are not linked to the VPCs "
                "configured in the Auto Scaling group"
            )
    return ""


def _invalid_user_data(account: str, region: str, template: Params | None) -> str:
    if not template:
        return ""
    from moto.ec2.models import ec2_backends

    held = ec2_backends[account][region].launch_templates
    found = next(
        (
            item
            for item in held.values()
            if template.get("launchTemplateId") == item.id or template.get("launchTemplateName") == item.name
        ),
        None,
    )
    if found is None:
        name = template.get("launchTemplateId") or template.get("launchTemplateName")
        return f"CLIENT_ERROR - The specified launch template, with template ID or name {name}, does not exist."
    wanted = template.get("version") or "$Default"
    number = {"$Latest": found.latest_version_number, "$Default": found.default_version_number}.get(wanted)
    try:
        version = found.get_version(number if number is not None else int(wanted))
        data: Any = version.data.get("UserData") or b""
        encoded = data if isinstance(data, (bytes, str)) else data.as_bytes()
        text = base64.b64decode(encoded).decode("utf-8", "replace")
    except (binascii.Error, KeyError, IndexError, ValueError):
        return f"CLIENT_ERROR - Could not find the specified version {wanted} for the launch template"
    if text and not re.match(r"(?is)\s*(MIME-Version:|Content-Type:\s*multipart/)", text):
        return "CLIENT_ERROR - Launch Template UserData is not MIME multipart format"
    return ""


def check_infrastructure_update(call: Call, service_role: str, old: Params, changed: Params) -> None:
    """Refuses an update that needs a new environment.

    AWS fact: instances can only be replaced under the service-linked role and an updatable allocation strategy.
    """
    if not any(name in INFRASTRUCTURE for name in changed):
        return
    strategy = changed.get("allocationStrategy", old.get("allocationStrategy", "BEST_FIT"))
    if strategy not in UPDATABLE_STRATEGIES:
        raise client_error(call, f"Allocation strategy {strategy} is not supported when updating compute resources")
    if SERVICE_LINKED_ROLE not in service_role:
        raise client_error(
            call, "Compute environments can only be updated with the service linked role AWSServiceRoleForBatch"
        )

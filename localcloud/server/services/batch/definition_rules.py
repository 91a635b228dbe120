"""What AWS refuses about job definitions, retry strategies and timeouts.

Sources: the API reference of RegisterJobDefinition, EvaluateOnExit and JobTimeout, and the service limits.
"""

from __future__ import annotations

import json
import re
from typing import Any

from localcloud.server.call import Call, Params, Refusal

from .labels import check_name, check_tags
from .model import client_error

LARGEST_REQUEST = 24 * 1024
LEAST_TIMEOUT_SECONDS = 60
LEAST_MEMORY_MIB = 4
NOT_RUN = ("eksProperties", "ecsProperties", "nodeProperties", "consumableResourceProperties")
FARGATE_ONLY = ("networkConfiguration", "fargatePlatformConfiguration", "runtimePlatform", "ephemeralStorage")
LEGACY = {"vcpus": "VCPU", "memory": "MEMORY"}
"""Members of containerProperties that resourceRequirements took the place of."""
VOLUMES = ("host", "efsVolumeConfiguration", "s3filesVolumeConfiguration")
DIGITS_GLOB = re.compile(r"\d*\*?")
REASON_GLOB = re.compile(r"[A-Za-z0-9.:\s]*\*?")
AWSLOGS_OPTIONS = frozenset(
    [
        "awslogs-region",
        "awslogs-group",
        "awslogs-stream-prefix",
        "awslogs-datetime-format",
        "awslogs-multiline-pattern",
        "awslogs-create-group",
        "mode",
        "max-buffer-size",
    ]
)


def check_definition(call: Call) -> None:
    """Refuses a RegisterJobDefinition that AWS refuses, and what is not run here by name."""
    params = call.params
    if len(json.dumps(params)) > LARGEST_REQUEST:
        raise client_error(call, "RegisterJobDefinition payload size exceeds the limit of 24 KiB")
    check_name(call, "Job definition", params["jobDefinitionName"])
    check_tags(call)
    if params["type"] != "container" or any(params.get(name) for name in NOT_RUN):
        if params.get("containerProperties") and any(params.get(name) for name in NOT_RUN):
            raise client_error(call, "containerProperties cannot be used together with ecsProperties or eksProperties")
        kinds = [name for name in NOT_RUN if params.get(name)] or [f"type {params['type']}"]
        raise Refusal("NotImplemented", f"job definitions with {', '.join(kinds)} are not implemented here.", 501)
    capabilities = params.get("platformCapabilities", ["EC2"])
    if len(capabilities) != 1:
        raise client_error(call, "platformCapabilities must contain exactly 1 capability")
    if capabilities == ["FARGATE"]:
        raise Refusal("NotImplemented", "job definitions for Fargate are not implemented here.", 501)
    check_container(call, params.get("containerProperties") or {})
    check_retry(call, params.get("retryStrategy"))
    check_timeout(call, params.get("timeout"))


def check_container(call: Call, container: Params) -> None:
    if not container.get("image"):
        raise client_error(call, "image must be provided for a container job definition")
    _check_requirements(call, container)
    size = sizes(container)
    if size["VCPU"] is None:
        raise client_error(call, "Container properties vCPU is required.")
    if size["MEMORY"] is None:
        raise client_error(call, "Container properties memory is required.")
    check_sizes(call, size)
    for name in FARGATE_ONLY:
        if container.get(name):
            raise client_error(call, f"{name} is not applicable for EC2.")
    for volume in container.get("volumes", []):
        _check_volume(call, volume)
    options = container.get("logConfiguration", {})
    secret = container.get("secrets") or options.get("secretOptions")
    if secret and not container.get("executionRoleArn"):
        raise client_error(call, "executionRoleArn cannot be empty when using secrets")
    if secret:
        raise Refusal("NotImplemented", "containers with secrets are not implemented here.", 501)
    _check_log(call, options)


def _check_requirements(call: Call, container: Params) -> None:
    requirements = container.get("resourceRequirements", [])
    kinds = [item["type"] for item in requirements]
    for name, kind in LEGACY.items():
        if container.get(name) and kind in kinds:
            text = f"Cannot use both ECS containerProperties {name} and resourceRequirement {kind}"
            raise client_error(call, text)
    if len(set(kinds)) < len(kinds):
        raise client_error(call, "resourceRequirements contains duplicate types")
    if "GPU" in kinds:
        raise Refusal("NotImplemented", "resourceRequirements of type GPU are not implemented here.", 501)


def _check_volume(call: Call, volume: Params) -> None:
    given = [name for name in VOLUMES if volume.get(name)]
    if len(given) > 1:
        raise client_error(call, f"volume {volume.get('name')}: only one volume configuration type should be used")
    files = volume.get("efsVolumeConfiguration", {})
    access = files.get("authorizationConfig", {})
    if access.get("accessPointId") and files.get("rootDirectory", "/") not in ("", "/"):
        raise client_error(call, 'When using an EFS access point, the root directory must be "/" or omitted')
    if (access.get("accessPointId") or access.get("iam") == "ENABLED") and files.get("transitEncryption") != "ENABLED":
        raise client_error(call, "EFS access points and IAM authorization require TransitEncryption to be enabled")
    if given and given != ["host"]:
        raise Refusal("NotImplemented", f"volumes with {given[0]} are not implemented here.", 501)


def _check_log(call: Call, options: Params) -> None:
    if not options:
        return
    if options["logDriver"] != "awslogs":
        raise Refusal("NotImplemented", f"log driver {options['logDriver']} is not implemented here.", 501)
    unknown = sorted(set(options.get("options", {})) - AWSLOGS_OPTIONS)
    if unknown:
        raise client_error(call, f"Log driver awslogs disallows options: {', '.join(unknown)}")


def check_sizes(call: Call, size: dict[str, float | None]) -> None:
    vcpus, memory = size["VCPU"], size["MEMORY"]
    if vcpus is not None and (vcpus < 1 or vcpus != int(vcpus)):
        raise client_error(call, f"VCPU {vcpus:g}: vcpus must be an integer of at least 1")
    if memory is not None and memory < LEAST_MEMORY_MIB:
        raise client_error(call, f"MEMORY {memory:g}: must be at least {LEAST_MEMORY_MIB}")


def sizes(container: Params) -> dict[str, float | None]:
    """vCPUs and MiB that a container asks for, however it says so."""
    members: dict[str, float | None] = {"VCPU": container.get("vcpus"), "MEMORY": container.get("memory")}
    for item in container.get("resourceRequirements", []):
        if item["type"] in members:
            try:
                members[item["type"]] = float(item["value"])
            except ValueError:
                text = f"resourceRequirements {item['type']} value {item['value']} is not a number"
                raise Refusal("ClientException", text, 400) from None
    return members


def check_retry(call: Call, strategy: Params | None) -> None:
    if strategy is None:
        return
    attempts = strategy.get("attempts")
    if attempts is None:
        raise client_error(call, "RetryAttempts must be provided with retry strategy")
    if not 1 <= attempts <= 10:
        raise client_error(call, "RetryAttempts must be between 1 and 10")
    conditions: list[Any] = strategy.get("evaluateOnExit", [])
    if len(conditions) > 5:
        raise client_error(call, "evaluateOnExit can contain at most 5 entries")
    for condition in conditions:
        _check_condition(call, condition)


def _check_condition(call: Call, condition: Params) -> None:
    if condition["action"].upper() not in ("RETRY", "EXIT"):
        raise client_error(call, f"evaluateOnExit action {condition['action']} must be RETRY or EXIT")
    given = [name for name in ("onExitCode", "onReason", "onStatusReason") if condition.get(name)]
    if not given:
        raise client_error(call, "evaluateOnExit needs one of onExitCode, onReason, onStatusReason")
    for name in given:
        glob = DIGITS_GLOB if name == "onExitCode" else REASON_GLOB
        if len(condition[name]) > 512 or not glob.fullmatch(condition[name]):
            raise client_error(call, f"evaluateOnExit {name} {condition[name]} should match valid pattern")


def check_timeout(call: Call, timeout: Params | None) -> None:
    if timeout and timeout.get("attemptDurationSeconds", LEAST_TIMEOUT_SECONDS) < LEAST_TIMEOUT_SECONDS:
        raise client_error(call, f"attemptDurationSeconds must be at least {LEAST_TIMEOUT_SECONDS} seconds")

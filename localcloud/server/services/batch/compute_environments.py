"""Compute environments: create, update, delete, describe.

AWS facts: the service role is optional (the service-linked one is then used, and made at first use); one that a queue
lists, that is ENABLED or in transition cannot be deleted; a merge of ``computeResources`` into what is there is an
update, and changes of the infrastructure leave running jobs the time of the update policy before their hosts end.
"""

from __future__ import annotations

import json
import uuid
from typing import cast

from localcloud.server.access import resources
from localcloud.server.call import HOOKS, Call, Params

from . import compute_environment_rules as rules
from . import hosts, placement, scheduler
from .labels import check_name, check_tags
from .model import LOCK, ComputeEnvironment, Store, client_error, copied, store_of
from .pages import page
from .texts import COMPUTE_ENVIRONMENT_HEALTHY

UPDATE_POLICY = {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 30}


@HOOKS.instead("batch", "CreateComputeEnvironment")
def create(call: Call) -> Params:
    params = copied(call.params)
    name = params["computeEnvironmentName"]
    given_role = str(params.get("serviceRole", ""))
    with LOCK:
        batch = store_of(call)
        check_name(call, "Compute environment", name)
        check_tags(call)
        rules.check_create(call, rules.SERVICE_LINKED_ROLE in given_role)
        if batch.environment(name):
            raise client_error(call, "Object already exists")
        role = given_role or service_linked_role(batch.account)
        environment = ComputeEnvironment(
            name=name,
            arn=batch.arn(f"compute-environment/{name}"),
            kind=params["type"],
            state="ENABLED",
            service_role=_full_role(batch, role),
            resources=_with_defaults(params.get("computeResources", {})),
            update_policy=dict(UPDATE_POLICY),
            tags=params.get("tags", {}),
            ecs_cluster_arn=f"arn:aws:ecs:{batch.region}:{batch.account}:cluster/AWSBatch-{name}-{uuid.uuid4()}",
            uuid=str(uuid.uuid4()),
            context=params.get("context"),
        )
        _settle(batch, environment, "CREATING")
        batch.environments[name] = environment
    return {"computeEnvironmentName": name, "computeEnvironmentArn": environment.arn}


def _with_defaults(given: Params) -> Params:
    if not given:
        return {}
    members = {"minvCpus": 0} | ({"bidPercentage": 100} if given.get("type") == "SPOT" else {}) | given
    members.setdefault("desiredvCpus", members["minvCpus"])
    return members


def service_linked_role(account: str) -> str:
    """AWSServiceRoleForBatch of the account, made if it isn't there."""
    arn = f"arn:aws:iam::{account}:role/{rules.SERVICE_LINKED_ROLE}"
    if resources.by_arn(arn) is None:
        statement = {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": "batch.amazonaws.com"},
        }
        resources.iam_backend(account).create_role(
            role_name="AWSServiceRoleForBatch",
            assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            path="/aws-service-role/batch.amazonaws.com/",
            permissions_boundary=None,
            description="",
            tags=[],
            max_session_duration="3600",
            linked_service="batch.amazonaws.com",
        )
    return arn


def _full_role(batch: Store, role: str) -> str:
    return role if role.startswith("arn:") else f"arn:aws:iam::{batch.account}:role/{role}"


def _settle(batch: Store, environment: ComputeEnvironment, status: str) -> None:
    invalid = rules.invalid_reason(batch.account, batch.region, environment.service_role, environment.resources)
    settled = ("INVALID", invalid) if invalid else ("VALID", COMPUTE_ENVIRONMENT_HEALTHY)
    environment.change(status, *settled)
    scheduler.wake_after_settling()


def _existing(call: Call, batch: Store, verb: str) -> ComputeEnvironment:
    name = call.params["computeEnvironment"]
    environment = batch.environment(name)
    if environment is None:
        raise client_error(call, f"Compute environment {name} does not exist")
    if environment.in_transition:
        raise client_error(call, f"Cannot {verb}, resource is being modified.")
    return environment


@HOOKS.instead("batch", "UpdateComputeEnvironment")
def update(call: Call) -> Params:
    params = copied(call.params)
    with LOCK:
        batch = store_of(call)
        environment = _existing(call, batch, "update")
        changed = cast("Params", params.get("computeResources", {}))
        if environment.kind == "UNMANAGED" and changed:
            raise client_error(call, "computeResources cannot be updated for an UNMANAGED compute environment")
        role = _full_role(batch, params["serviceRole"]) if params.get("serviceRole") else environment.service_role
        rules.check_role_update(call, environment.service_role, role)
        merged = environment.resources | changed
        if merged and changed:
            rules.check_infrastructure_update(call, role, environment.resources, changed)
            rules.check_resources(call, merged)
        environment.service_role = role
        environment.resources = merged
        environment.state = params.get("state", environment.state)
        environment.context = params.get("context", environment.context)
        environment.update_policy |= params.get("updatePolicy", {})
        _settle(batch, environment, "UPDATING")
        if any(name in rules.INFRASTRUCTURE for name in changed):
            hosts.replace_hosts(environment)
    return {"computeEnvironmentName": environment.name, "computeEnvironmentArn": environment.arn}


@HOOKS.instead("batch", "DeleteComputeEnvironment")
def delete(call: Call) -> Params:
    with LOCK:
        batch = store_of(call)
        name = call.params["computeEnvironment"]
        if batch.environment(name) is None:
            return {}
        environment = _existing(call, batch, "delete")
        if any(environment.arn in queue.order for queue in batch.queues.values() if batch.queue(queue.name)):
            raise client_error(call, "Cannot delete, found existing JobQueue relationship")
        if environment.state == "ENABLED":
            raise client_error(call, "Cannot delete, state must be DISABLED")
        environment.change("DELETING", "DELETED", "")
        hosts.end_hosts(environment)
    return {}


@HOOKS.instead("batch", "DescribeComputeEnvironments")
def describe(call: Call) -> Params:
    with LOCK:
        batch = store_of(call)
        wanted = call.params.get("computeEnvironments") or list(batch.environments)
        environments = [item for item in map(batch.environment, wanted) if item]
        items, token = page(call, [described(item) for item in environments], 1000)
    return {"computeEnvironments": items} | token


def described(environment: ComputeEnvironment) -> Params:
    environment.settle()
    members: Params = {
        "computeEnvironmentName": environment.name,
        "computeEnvironmentArn": environment.arn,
        "ecsClusterArn": environment.ecs_cluster_arn,
        "tags": environment.tags,
        "type": environment.kind,
        "state": environment.state,
        "status": environment.status,
        "statusReason": environment.status_reason,
        "serviceRole": environment.service_role,
        "containerOrchestrationType": "ECS",
        "uuid": environment.uuid,
    }
    if environment.resources:
        members["computeResources"] = copied(environment.resources)
        members["computeResources"]["desiredvCpus"] = placement.desired_vcpus(environment)
        members["updatePolicy"] = dict(environment.update_policy)
    if environment.context is not None:
        members["context"] = environment.context
    return members

"""Job definitions: each registration is a new revision; a deregistered one is INACTIVE and can be described still."""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Params

from .definition_rules import check_definition
from .model import LOCK, JobDefinition, client_error, copied, store_of
from .pages import page

NOT_OF_THE_CONTAINER = ("jobDefinitionName", "tags")


@HOOKS.instead("batch", "RegisterJobDefinition")
def register(call: Call) -> Params:
    check_definition(call)
    params = copied(call.params)
    name = params["jobDefinitionName"]
    with LOCK:
        held = store_of(call)
        revisions = held.definitions.setdefault(name, [])
        made = JobDefinition(
            name=name,
            revision=len(revisions) + 1,
            arn=held.arn(f"job-definition/{name}:{len(revisions) + 1}"),
            request=params,
            tags=params.get("tags", {}),
        )
        revisions.append(made)
    return {"jobDefinitionName": name, "jobDefinitionArn": made.arn, "revision": made.revision}


@HOOKS.instead("batch", "DeregisterJobDefinition")
def deregister(call: Call) -> Params:
    with LOCK:
        found = store_of(call).definition(call.params["jobDefinition"])
        if found is None:
            raise client_error(call, f"JobDefinition {call.params['jobDefinition']} does not exist")
        found.status = "INACTIVE"
    return {}


@HOOKS.instead("batch", "DescribeJobDefinitions")
def describe(call: Call) -> Params:
    params = call.params
    with LOCK:
        held = store_of(call)
        if wanted := params.get("jobDefinitions"):
            found = [item for reference in wanted for item in [held.definition(reference)] if item]
        else:
            found = [item for revisions in held.definitions.values() for item in reversed(revisions)]
        if name := params.get("jobDefinitionName"):
            found = [item for item in found if item.name == name]
        if status := params.get("status"):
            found = [item for item in found if item.status == status]
        items, token = page(call, [described(item) for item in found], 100)
    return {"jobDefinitions": items} | token


def described(definition: JobDefinition) -> Params:
    given = {name: value for name, value in definition.request.items() if name not in NOT_OF_THE_CONTAINER}
    made: Params = copied(given) | {
        "jobDefinitionName": definition.name,
        "jobDefinitionArn": definition.arn,
        "revision": definition.revision,
        "status": definition.status,
        "type": "container",
        "tags": definition.tags,
        "containerOrchestrationType": "ECS",
    }
    made.setdefault("parameters", {})
    container: Params = made["containerProperties"]
    for name in ("command", "volumes", "environment", "mountPoints", "ulimits", "resourceRequirements", "secrets"):
        container.setdefault(name, [])
    return made

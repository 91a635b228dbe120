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
        batch = store_of(call)
        revisions = batch.definitions.setdefault(name, [])
        job_definition = JobDefinition(
            name=name,
            revision=len(revisions) + 1,
            arn=batch.arn(f"job-definition/{name}:{len(revisions) + 1}"),
            request=params,
            tags=params.get("tags", {}),
        )
        revisions.append(job_definition)
    return {"jobDefinitionName": name, "jobDefinitionArn": job_definition.arn, "revision": job_definition.revision}


@HOOKS.instead("batch", "DeregisterJobDefinition")
def deregister(call: Call) -> Params:
    with LOCK:
        definition = store_of(call).definition(call.params["jobDefinition"])
        if definition is None:
            raise client_error(call, f"JobDefinition {call.params['jobDefinition']} does not exist")
        definition.status = "INACTIVE"
    return {}


@HOOKS.instead("batch", "DescribeJobDefinitions")
def describe(call: Call) -> Params:
    params = call.params
    with LOCK:
        batch = store_of(call)
        if wanted := params.get("jobDefinitions"):
            definitions = [item for reference in wanted for item in [batch.definition(reference)] if item]
        else:
            definitions = [item for revisions in batch.definitions.values() for item in reversed(revisions)]
        if name := params.get("jobDefinitionName"):
            definitions = [item for item in definitions if item.name == name]
        if status := params.get("status"):
            definitions = [item for item in definitions if item.status == status]
        items, token = page(call, [described(item) for item in definitions], 100)
    return {"jobDefinitions": items} | token


def described(definition: JobDefinition) -> Params:
    given = {name: value for name, value in definition.request.items() if name not in NOT_OF_THE_CONTAINER}
    members: Params = copied(given) | {
        "jobDefinitionName": definition.name,
        "jobDefinitionArn": definition.arn,
        "revision": definition.revision,
        "status": definition.status,
        "type": "container",
        "tags": definition.tags,
        "containerOrchestrationType": "ECS",
    }
    members.setdefault("parameters", {})
    container: Params = members["containerProperties"]
    for name in ("command", "volumes", "environment", "mountPoints", "ulimits", "resourceRequirements", "secrets"):
        container.setdefault(name, [])
    return members

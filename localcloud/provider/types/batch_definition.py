"""aws:batch/jobDefinition:JobDefinition. Its id is the ARN of the revision that was made first.

AWS facts: a registered definition is never changed: each update is a new revision, and the ones before stay until they
are deregistered; a name without revision stands for the latest active one, which is what is read here. The container
comes back with empty lists for what was left out.
"""

import json
from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.plan import FLAGS, RECOMPUTED
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.types.batch import first_tags, retag
from localcloud.provider.types.batch_names import from_batch, to_batch

_BLOCKS: Final = ("retry_strategy", "timeout")
_PLAIN: Final = {
    "parameters": "parameters",
    "platform_capabilities": "platformCapabilities",
    "propagate_tags": "propagateTags",
    "scheduling_priority": "schedulingPriority",
}
_REGISTERED: Final = frozenset({"container_properties", "type", *_BLOCKS, *_PLAIN})


class JobDefinition(Resource):
    """What jobs run in: a container on EC2 machines."""

    tf = "aws_batch_job_definition"
    pulumi = "aws:batch/jobDefinition:JobDefinition"
    handles = frozenset({"name", *_REGISTERED})
    steers: ClassVar = {"deregister_on_new_revision": True}
    recomputed = frozenset({"arn", "revision"})
    autoname = Autoname("name", 128)
    plan_rules = (
        ("change in container/ecs/node/eks properties", RECOMPUTED),
        ("only name", FLAGS),
    )

    def create(self, op: Operation) -> str:
        return self._register(op)

    def read(self, op: Operation) -> State | None:
        active = self._active(op)
        if not active:
            return None
        found = max(active, key=lambda item: item["revision"])
        container = found.get("containerProperties")
        return {
            "arn": found["jobDefinitionArn"],
            "arn_prefix": found["jobDefinitionArn"].rpartition(":")[0],
            "name": found["jobDefinitionName"],
            "revision": found["revision"],
            "type": found["type"],
            "container_properties": json.dumps(container, sort_keys=True) if container else None,
            **{name: from_batch(found[name_]) for name, name_ in _API_BLOCKS.items() if found.get(name_)},
            **{name: found.get(api) for name, api in _PLAIN.items()},
            "tags_all": found.get("tags", {}),
        }

    def update(self, op: Operation) -> None:
        if op.changed & _REGISTERED:
            before = [item["jobDefinitionArn"] for item in self._active(op)]
            self._register(op)
            if op.new.get("deregister_on_new_revision") is not False:
                self._deregister(op, before)
        else:
            retag(op)

    def delete(self, op: Operation) -> None:
        self._deregister(op, [item["jobDefinitionArn"] for item in self._active(op)])

    def _register(self, op: Operation) -> str:
        container = op.new.get("container_properties")
        values = {api: op.new.get(name) for name, api in _PLAIN.items()}
        blocks = {api: to_batch(op.new.get(name)) for name, api in _API_BLOCKS.items()}
        made = op.client("batch").register_job_definition(
            jobDefinitionName=op.new["name"],
            type=str(op.new["type"]).lower(),
            **first_tags(op),
            **({"containerProperties": json.loads(container)} if container else {}),
            **{api: value for api, value in {**values, **blocks}.items() if value not in (None, {}, [])},
        )
        return str(made["jobDefinitionArn"])

    def _deregister(self, op: Operation, arns: list[str]) -> None:
        for arn in arns:
            op.client("batch").deregister_job_definition(jobDefinition=arn)

    def _active(self, op: Operation) -> list[dict[str, Any]]:
        name = op.resource_id.rpartition("/")[2].partition(":")[0]
        pages = op.client("batch").get_paginator("describe_job_definitions")
        found = pages.paginate(jobDefinitionName=name, status="ACTIVE")
        return [item for page in found for item in page["jobDefinitions"]]


_API_BLOCKS: Final = {"retry_strategy": "retryStrategy", "timeout": "timeout"}

"""aws:batch/computeEnvironment:ComputeEnvironment (its id is its name) and aws:batch/jobQueue:JobQueue (its ARN).

AWS facts: both are in transition for a while after each call and take no other meanwhile; only what is DISABLED can be
deleted; maxvCpus goes with every update of an environment. Which updates AWS carries out in place hangs together with
the allocation strategy and the service role: see `replaces`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import FLAGS, REFUSED, REPLACES, Faults, Plan
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.types.batch_names import from_batch, to_batch
from localcloud.provider.types.iam_common import name_of

SETTLED: Final = ("VALID", "INVALID", "")
"""In no transition; "" is gone."""
SETTLED_SECONDS: Final = 60.0
"""How long an environment or queue may be in transition. pulumi-aws waits 20 and 10 minutes."""
STRATEGIES: Final = ("BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED")
"""Those under which AWS replaces machines in place."""
SERVICE_ROLE: Final = "role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
MACHINES: Final = (
    "allocation_strategy", "bid_percentage", "ec2_configuration", "ec2_key_pair", "image_id", "instance_role",
    "instance_type", "launch_template", "tags",
)  # fmt: skip
Found = dict[str, Any]


def until(op: Operation, find: Callable[[], Found | None], *states: str) -> None:
    """Wait for one of the states; "" is gone. Raises ProviderError with AWS's reason for INVALID."""
    from botocore.exceptions import ClientError

    def look() -> None:
        found = find() or {"status": ""}
        if found["status"] == "INVALID" and "INVALID" not in states:
            raise ProviderError(f"is INVALID: {found.get('statusReason', '')}")
        if found["status"] not in states:
            text = f"is {found['status']} still"
            raise ClientError({"Error": {"Code": "Pending", "Message": text}}, "Describe")

    op.retry(look, has_code("Pending"), SETTLED_SECONDS)


def disable_and_delete(
    op: Operation,
    find: Callable[[], Found | None],
    update: Callable[..., Any],
    delete: Callable[..., Any],
    **named: str,
) -> None:
    """``named`` is the argument by which both calls name the resource. Nothing is done if it is gone already."""
    found = find()
    if found is None:
        return
    until(op, find, *SETTLED)
    update(**named, state="DISABLED")
    until(op, find, *SETTLED)
    delete(**named)
    until(op, find, "")


def first_tags(op: Operation) -> dict[str, Any]:
    """Tags of what is created. AWS refuses an empty map."""
    return {"tags": op.new["tags_all"]} if op.new["tags_all"] else {}


def retag(op: Operation) -> None:
    """Bring changed tags to what the program says. A queue's id is its ARN."""
    batch, arn = op.client("batch"), op.old.get("arn", op.resource_id)
    op.retag(
        lambda keys: batch.untag_resource(resourceArn=arn, tagKeys=keys),
        lambda tags: batch.tag_resource(resourceArn=arn, tags=tags),
    )


def _unmanaged(plan: Plan) -> Faults:
    wrong = str(plan.new.get("type")).upper() == "UNMANAGED" and plan.new.get("compute_resources")
    return [("compute_resources", "is not for environments of type UNMANAGED")] if wrong else []


class ComputeEnvironment(Resource):
    """Machines that jobs run on."""

    tf = "aws_batch_compute_environment"
    pulumi = "aws:batch/computeEnvironment:ComputeEnvironment"
    handles = frozenset({"name", "name_prefix", "compute_resources", "service_role", "state", "type", "update_policy"})
    refuses = frozenset({"compute_resources.ec2_configuration.image_kubernetes_version"})
    recomputed = frozenset({"status", "status_reason"})
    autoname = Autoname("name", 128)
    plan_rules = (
        ("type UNMANAGED with", _unmanaged),
        ("'updatable' =", REPLACES),
        ("not updatable", REPLACES),
        ("Fargate has no allocation_strategy", REPLACES),
        ("always replace:", FLAGS),
        ("never replace:", FLAGS),
    )

    def replaces(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
        """AWS replaces machines in place under its own role and some strategies only; else it is a new environment."""
        if _updatable(old) and _updatable(new):
            return ()
        kinds = {str(_resources(one).get("type")) for one in (old, new)}
        network = () if kinds & {"FARGATE", "FARGATE_SPOT"} else ("security_group_ids", "subnets")
        return tuple(f"compute_resources.{name}" for name in (*MACHINES, *network))

    def create(self, op: Operation) -> str:
        name, role, resources = name_of(op.new), op.new.get("service_role"), op.new.get("compute_resources")
        op.client("batch").create_compute_environment(
            computeEnvironmentName=name,
            type=str(op.new["type"]).upper(),
            state=str(op.new["state"]).upper(),
            **first_tags(op),
            **({"serviceRole": role} if role else {}),
            **({"computeResources": to_batch(resources)} if resources else {}),
        )
        return name

    def settle(self, op: Operation) -> None:
        until(op, lambda: self._find(op), "VALID")
        if op.new.get("update_policy"):
            self._send(op, updatePolicy=to_batch(op.new["update_policy"]))

    def read(self, op: Operation) -> State | None:
        found = self._find(op)
        if found is None:
            return None
        resources, policy = found.get("computeResources"), found.get("updatePolicy")
        return {
            "arn": found["computeEnvironmentArn"],
            "name": found["computeEnvironmentName"],
            "ecs_cluster_arn": found.get("ecsClusterArn", ""),
            "service_role": found.get("serviceRole", ""),
            "state": found["state"],
            "status": found["status"],
            "status_reason": found.get("statusReason", ""),
            "type": found["type"],
            "compute_resources": from_batch(resources) if resources else None,
            "update_policy": from_batch(policy) if policy else None,
            "tags_all": found.get("tags", {}),
        }

    def update(self, op: Operation) -> None:
        changes: Found = {}
        if "state" in op.changed:
            changes["state"] = str(op.new["state"]).upper()
        if "service_role" in op.changed:
            changes["serviceRole"] = op.new["service_role"]
        if "update_policy" in op.changed:
            changes["updatePolicy"] = to_batch(op.new["update_policy"])
        if "compute_resources" in op.changed:
            changes["computeResources"] = self._changed_resources(op)
        if changes:
            self._send(op, **changes)
        retag(op)

    def delete(self, op: Operation) -> None:
        batch = op.client("batch")
        calls = batch.update_compute_environment, batch.delete_compute_environment
        disable_and_delete(op, lambda: self._find(op), *calls, computeEnvironment=op.resource_id)

    def _changed_resources(self, op: Operation) -> Found:
        old, new = _resources(op.old), _resources(op.new)
        differing = {name: value for name, value in new.items() if not _alike(old.get(name), value)}
        gone = {name: _EMPTY[name] for name in old if name in _EMPTY and old[name] and new.get(name) is None}
        return to_batch({**gone, **differing, "max_vcpus": new["max_vcpus"]})

    def _send(self, op: Operation, **changes: Any) -> None:
        until(op, lambda: self._find(op), *SETTLED)
        op.client("batch").update_compute_environment(computeEnvironment=op.resource_id, **changes)
        until(op, lambda: self._find(op), "VALID")

    def _find(self, op: Operation) -> Found | None:
        asked = {"computeEnvironments": [op.resource_id]}
        found = op.client("batch").describe_compute_environments(**asked)["computeEnvironments"]
        return found[0] if found and found[0]["status"] != "DELETED" else None


_EMPTY: Final[dict[str, Any]] = {
    "bid_percentage": 0, "ec2_key_pair": "", "image_id": "", "min_vcpus": 0, "security_group_ids": [], "tags": {},
}  # fmt: skip
"""What AWS is sent for a setting of the machines that the program no longer gives."""


def _resources(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values.get("compute_resources") or {}


def _updatable(values: Mapping[str, Any]) -> bool:
    role, strategy = values.get("service_role") or "", _resources(values).get("allocation_strategy")
    return (not role or str(role).endswith(SERVICE_ROLE)) and strategy in STRATEGIES


def _alike(old: Any, new: Any) -> bool:
    """Sets of texts come in any order."""
    if isinstance(old, list) and isinstance(new, list) and all(isinstance(item, str) for item in [*old, *new]):
        return sorted(old) == sorted(new)
    return bool(old == new)


class JobQueue(Resource):
    """Where jobs wait for a compute environment."""

    tf = "aws_batch_job_queue"
    pulumi = "aws:batch/jobQueue:JobQueue"
    handles = frozenset({"name", "priority", "state", "compute_environment_order", "job_state_time_limit_action"})
    steers: ClassVar = {}
    autoname = Autoname("name", 128)
    plan_rules = (
        ("only name", FLAGS),
        ("removing scheduling_policy_arn", REFUSED),
    )

    def create(self, op: Operation) -> str:
        made = op.client("batch").create_job_queue(jobQueueName=op.new["name"], **first_tags(op), **self._settings(op))
        return str(made["jobQueueArn"])

    def settle(self, op: Operation) -> None:
        until(op, lambda: self._find(op), "VALID")

    def read(self, op: Operation) -> State | None:
        found = self._find(op)
        if found is None:
            return None
        return {
            "arn": found["jobQueueArn"],
            "name": found["jobQueueName"],
            "priority": found["priority"],
            "state": found["state"],
            "compute_environment_order": from_batch(found["computeEnvironmentOrder"]),
            "job_state_time_limit_action": from_batch(found.get("jobStateTimeLimitActions", [])),
            "tags_all": found.get("tags", {}),
        }

    def update(self, op: Operation) -> None:
        if op.changed - {"tags", "tags_all"}:
            until(op, lambda: self._find(op), *SETTLED)
            op.client("batch").update_job_queue(jobQueue=op.resource_id, **self._settings(op))
            until(op, lambda: self._find(op), "VALID")
        retag(op)

    def delete(self, op: Operation) -> None:
        batch = op.client("batch")
        calls = batch.update_job_queue, batch.delete_job_queue
        disable_and_delete(op, lambda: self._find(op), *calls, jobQueue=op.resource_id)

    def _settings(self, op: Operation) -> Found:
        return {
            "priority": op.new["priority"],
            "state": str(op.new["state"]).upper(),
            "computeEnvironmentOrder": to_batch(op.new.get("compute_environment_order") or []),
            "jobStateTimeLimitActions": to_batch(op.new.get("job_state_time_limit_action") or []),
        }

    def _find(self, op: Operation) -> Found | None:
        found = op.client("batch").describe_job_queues(jobQueues=[op.resource_id])["jobQueues"]
        return found[0] if found and found[0]["status"] != "DELETED" else None

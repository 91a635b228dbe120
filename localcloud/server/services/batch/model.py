"""What an account holds in Batch, in memory, and the errors that Batch gives.

AWS facts: Batch knows two errors, ClientException (400) and ServerException (500); business errors read ``Error
executing request, Exception : ..., RequestId: ...``. A compute environment or queue takes a moment to settle after
each change (CREATING, UPDATING, DELETING) and is not to be changed meanwhile.
"""

from __future__ import annotations

import copy
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from localcloud.server.arns import HasArn
from localcloud.server.call import Call, Params, Refusal

SETTLE_SECONDS = 0.2
"""How long a compute environment or queue is in transition, in real seconds."""
LOCK = threading.RLock()
"""Held while anything of Batch is read or changed."""


def now_ms() -> int:
    return int(time.time() * 1000)


def client_error(call: Call, sentence: str) -> Refusal:
    """ClientException as Batch words errors of its business rules."""
    return Refusal("ClientException", f"Error executing request, Exception : {sentence}, RequestId: {call.id}", 400)


@dataclass(kw_only=True)
class Settling:
    """A resource whose status settles some time after it was changed."""

    status: str = "CREATING"
    status_reason: str = ""
    settles_at: float = 0.0
    settled_status: str = "VALID"
    settled_reason: str = ""

    def change(self, status: str, settled_status: str, settled_reason: str) -> None:
        self.status, self.status_reason = status, ""
        self.settled_status, self.settled_reason = settled_status, settled_reason
        self.settles_at = time.monotonic() + SETTLE_SECONDS

    def settle(self) -> None:
        if self.settles_at and time.monotonic() >= self.settles_at:
            self.status, self.status_reason, self.settles_at = self.settled_status, self.settled_reason, 0.0

    @property
    def in_transition(self) -> bool:
        self.settle()
        return self.status in ("CREATING", "UPDATING", "DELETING")


@dataclass(kw_only=True)
class ComputeEnvironment(Settling, HasArn):
    """``resources`` are the computeResources as given and updated; ``service_role`` may be the service-linked one."""

    name: str
    arn: str
    kind: str
    state: str
    service_role: str
    resources: Params
    update_policy: Params
    tags: dict[str, str]
    ecs_cluster_arn: str
    uuid: str
    context: str | None = None


@dataclass(kw_only=True)
class JobQueue(Settling):
    name: str
    arn: str
    state: str
    priority: int
    order: list[str]
    """ARNs of compute environments, first choice first."""
    order_numbers: list[int]
    time_limits: list[Params]
    tags: dict[str, str]


@dataclass(kw_only=True)
class JobDefinition:
    """One revision. ``request`` is RegisterJobDefinition's input as given, normalised by nothing."""

    name: str
    revision: int
    arn: str
    request: Params
    tags: dict[str, str]
    status: str = "ACTIVE"

    @property
    def container(self) -> Params:
        return self.request["containerProperties"]


@dataclass(kw_only=True)
class Attempt:
    """One run of a job's container. Times are epoch milliseconds."""

    number: int
    instance_id: str
    container_instance_arn: str
    task_arn: str
    log_stream: str
    compute_environment: str
    started_at: int | None = None
    stopped_at: int | None = None
    exit_code: int | None = None
    reason: str | None = None
    status_reason: str | None = None


@dataclass(kw_only=True)
class Job(HasArn):
    """``request`` is SubmitJob's input; ``container`` is the definition's with the overrides applied."""

    id: str
    arn: str
    name: str
    queue: str
    definition: str
    request: Params
    container: Params
    platform: list[str]
    retry: Params
    timeout: Params | None
    parameters: dict[str, str]
    tags: dict[str, str]
    created_at: int
    order: int
    vcpus: float
    memory_mib: int
    status: str = "SUBMITTED"
    status_reason: str | None = None
    started_at: int | None = None
    stopped_at: int | None = None
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    current: Attempt | None = None
    is_cancelled: bool = False
    is_terminated: bool = False
    stop_reason: str | None = None
    """Why the running attempt is being stopped by a caller."""
    blocked: str | None = None
    """The code for which the job cannot start."""
    blocked_since: float = 0.0
    array_size: int | None = None
    array_index: int | None = None
    parent: str | None = None
    children: list[str] = field(default_factory=list[str])

    @property
    def finished(self) -> bool:
        return self.status in ("SUCCEEDED", "FAILED")


@dataclass
class Store:
    """Everything of Batch in one account and region."""

    account: str
    region: str
    environments: dict[str, ComputeEnvironment] = field(default_factory=dict[str, ComputeEnvironment])
    queues: dict[str, JobQueue] = field(default_factory=dict[str, JobQueue])
    definitions: dict[str, list[JobDefinition]] = field(default_factory=dict[str, list[JobDefinition]])
    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    pending: dict[str, Job] = field(default_factory=dict[str, Job])
    """SUBMITTED and PENDING jobs."""
    runnable: dict[str, list[Job]] = field(default_factory=dict[str, list[Job]])
    """RUNNABLE jobs by queue ARN, in their order; some may have moved on since."""
    running: dict[str, Job] = field(default_factory=dict[str, Job])
    """STARTING and RUNNING jobs."""
    submitted: int = 0

    def arn(self, resource: str) -> str:
        return f"arn:aws:batch:{self.region}:{self.account}:{resource}"

    def environment(self, name_or_arn: str) -> ComputeEnvironment | None:
        """The compute environment of that name or ARN; None too if it has just ended DELETING."""
        environment = self._find(self.environments, name_or_arn, "compute-environment/")
        return environment if isinstance(environment, ComputeEnvironment) else None

    def queue(self, name_or_arn: str) -> JobQueue | None:
        queue = self._find(self.queues, name_or_arn, "job-queue/")
        return queue if isinstance(queue, JobQueue) else None

    def _find(self, by_name: dict[str, Any], name_or_arn: str, kind: str) -> Settling | None:
        name = name_or_arn
        if name.startswith("arn:"):
            prefix = self.arn(kind)
            if not name.startswith(prefix):
                return None
            name = name.removeprefix(prefix)
        settling: Settling | None = by_name.get(name)
        if settling is None:
            return None
        settling.settle()
        if settling.status == "DELETED":
            del by_name[name]
            return None
        return settling

    def definition(self, reference: str) -> JobDefinition | None:
        """By name (the latest ACTIVE revision), ``name:revision`` or ARN with or without a revision."""
        name = reference.removeprefix(self.arn("job-definition/"))
        if name.startswith("arn:"):
            return None
        name, _, revision = name.partition(":")
        definitions = self.definitions.get(name, [])
        if revision:
            return next((item for item in definitions if str(item.revision) == revision), None)
        active = [item for item in definitions if item.status == "ACTIVE"]
        return active[-1] if active else None


_STORES: dict[tuple[str, str], Store] = {}


def store(account: str, region: str) -> Store:
    with LOCK:
        return _STORES.setdefault((account, region), Store(account, region))


def store_of(call: Call) -> Store:
    return store(call.caller.account_id, call.region)


def stores() -> Iterator[Store]:
    return iter(list(_STORES.values()))


def reset() -> None:
    """Forgets everything, for tests in one process."""
    _STORES.clear()


def copied(params: Params) -> Params:
    return copy.deepcopy(params)


def new_id() -> str:
    return str(uuid.uuid4())

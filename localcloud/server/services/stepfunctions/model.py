"""What an account holds in Step Functions, in memory."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localcloud.server.arns import HasArn
from localcloud.server.call import Call, Params
from localcloud.server.control import on_reset
from localcloud.server.service import Resource

from .history import History
from .tokens import Token

MOST_BYTES = 262_144
"""Of an input, an output, a state's data, a variable, and the variables of one Assign."""
MOST_VARIABLES_BYTES = 10 * 1024 * 1024
"""Of all variables of an execution."""
TERMINAL = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
LOCK = threading.RLock()
"""Held while the books are read or changed; never while a state runs or a call is made."""


def now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def dumps(value: Any) -> str:
    """Raises ValueError for a number that JSON does not have."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(text: str) -> Any:
    """Raises ValueError for what is no JSON, or can't be written as JSON in UTF-8 again, which Python would take."""
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_number)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    text.encode()
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON value")


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is out of range")
    return number


def size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


@dataclass(kw_only=True)
class StateMachine:
    """``definition`` is the text as given, ``parsed`` what it says."""

    name: str
    arn: str
    kind: str
    definition: str
    parsed: Params
    role_arn: str
    logging: Params
    tracing: Params
    encryption: Params
    tags: dict[str, str]
    revision_id: str
    created: datetime
    status: str = "ACTIVE"
    label: str | None = None


@dataclass(kw_only=True)
class MapRun:
    """One run of a Distributed Map state and the child executions of it."""

    arn: str
    execution_arn: str
    started: datetime
    max_concurrency: int
    tolerated_percentage: float
    tolerated_count: int
    total: int = 0
    status: str = "RUNNING"
    stopped: datetime | None = None
    children: list[Execution] = field(default_factory=lambda: list[Execution]())  # noqa: PLW0108 - the class is defined below
    redrive_count: int = 0


@dataclass(kw_only=True)
class Resume:
    """Where a branch that did not succeed stands, for a redrive: the state it was in, with its data."""

    state: str
    value: Any
    variables: dict[str, Any]
    done: bool = False


@dataclass(kw_only=True)
class Execution(HasArn):
    """One execution. ``machine`` is the state machine as it was when the execution began."""

    arn: str
    name: str
    machine: StateMachine
    input: Any
    started: datetime
    status: str = "RUNNING"
    stopped: datetime | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    history: History = field(default_factory=History)
    token: Token = field(default_factory=Token)
    resume: dict[tuple[Any, ...], Resume] = field(default_factory=dict[tuple[Any, ...], Resume])
    redrive_count: int = 0
    redriven: datetime | None = None
    map_run_arn: str | None = None
    item_count: int | None = None
    map_runs: list[MapRun] = field(default_factory=list[MapRun])
    trace_header: str | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Called once the execution has ended."""


@dataclass
class Store:
    """Everything of Step Functions in one account and region."""

    machines: dict[str, StateMachine] = field(default_factory=dict[str, StateMachine])
    executions: dict[str, Execution] = field(default_factory=dict[str, Execution])
    map_runs: dict[str, MapRun] = field(default_factory=dict[str, MapRun])


_STORES: dict[tuple[str, str], Store] = {}


def store(account: str, region: str) -> Store:
    with LOCK:
        return _STORES.setdefault((account, region), Store())


def store_of(call: Call) -> Store:
    return store(call.caller.account_id, call.region)


def stores() -> list[Store]:
    return list(_STORES.values())


def resource(arn: str) -> Resource | None:
    """A state machine, an execution or a map run."""
    _, _, _, region, account, _ = arn.split(":", 5)
    with LOCK:
        store = _STORES.get((account, region), Store())
        if machine := store.machines.get(arn):
            return Resource(owner=account, tags=dict(machine.tags))
        return Resource(owner=account) if arn in store.executions or arn in store.map_runs else None


def inventory(account: str) -> list[str]:
    with LOCK:
        stores = [store for (owner, _), store in _STORES.items() if owner == account]
        return [arn for store in stores for arn in (*store.machines, *store.executions, *store.map_runs)]


@on_reset
def forget() -> None:
    """Stops every execution and forgets everything."""
    with LOCK:
        for states in _STORES.values():
            for execution in states.executions.values():
                execution.token.cancel()
        _STORES.clear()

"""Previews and searches for drift on a copy of the state (``state_copy``), by whoever may read the state and look at
the account. Nothing is changed, and no secret is decrypted.

Rests on the engine's log of events, which its Automation API reads too: ``--event-log`` is an option where
``PULUMI_DEBUG_COMMANDS`` is set.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from portal.errors import PortalError
from portal.pulumi_cli import Pulumi, changes
from portal.state_check import refuse_foreign_state
from portal.state_copy import state_copy

EVENTS: Final = {"PULUMI_DEBUG_COMMANDS": "true"}
PLANNED, READ = "resourcePreEvent", "resOutputsEvent"
"""Events: a step of a preview is about to be taken; a resource was read."""
NOTHING: Final = frozenset({"same", "read", "refresh"})
"""Operations that change nothing."""
NOT_READ: Final = "**secretsmanager/secretVersion:SecretVersion**"
"""The provider reads a version of a secret with its value."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """An operation on a resource, as the engine plans it or as the account shows it."""

    operation: str
    """The engine's word: ``create``, ``update``, ``delete``, ``replace`` and others."""
    urn: str
    type: str
    properties: tuple[str, ...]
    """Paths of the properties that differ, for an update or a replacement."""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the resource is to have; of one that goes, what it had. The engine masks secrets in its log."""

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of a hash over all of it."""
        content = [self.operation, self.urn, sorted(self.properties), self.inputs]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def preview(pulumi: Pulumi, account: str) -> Sequence[Step]:
    """Print what an update would change, and return its steps. Raises PulumiError, and PortalError for a state that is
    not the program's own."""
    deployment = pulumi.deployment()
    refuse_foreign_state(pulumi.stack, account, deployment or {})
    if deployment is None:
        print(f"  {pulumi.stack}: the backend has no such stack yet: an update would make all of this")
    with state_copy(pulumi, deployment or {}) as copy:
        events = _events(copy, "preview")
    return [*_steps(events, PLANNED)]


def drift(pulumi: Pulumi, account: str) -> Sequence[Step]:
    """Print what in the account is not as the last update left it, and return it. Raises PulumiError, and PortalError
    for a stack that is not there or whose state is not the program's own."""
    deployment = pulumi.deployment()
    if not deployment:
        raise PortalError(f"{pulumi.stack}: was never brought up, so that nothing can differ from it")
    refuse_foreign_state(pulumi.stack, account, deployment)
    with state_copy(pulumi, deployment) as copy:
        events = _events(copy, "refresh", "--preview-only", "--run-program", "--exclude", NOT_READ)
    return [step for step in _steps(events, READ) if step.operation != "update" or step.properties]


def _events(pulumi: Pulumi, *command: str) -> Sequence[Mapping[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="portal-") as scratch:
        log = Path(scratch) / "events"
        logged = replace(pulumi, variables={**pulumi.variables, **EVENTS})
        logged.stream(*command, "--diff", "--suppress-outputs", "--event-log", str(log), shown=changes)
        return [json.loads(line) for line in log.read_text().splitlines()]


def _steps(events: Sequence[Mapping[str, Any]], kind: str) -> Iterator[Step]:
    """Those that change something."""
    for event in events:
        if kind not in event:
            continue
        about = event[kind]["metadata"]
        if about["op"] in NOTHING:
            continue
        yield Step(
            operation=about["op"],
            urn=about["urn"],
            type=about["type"],
            properties=tuple(about.get("detailedDiff") or about.get("diffs") or ()),
            inputs=((about.get("new") or about.get("old") or {}).get("inputs")) or {},
        )

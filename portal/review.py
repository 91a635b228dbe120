"""A deployment by CI does what its reviewers have seen, and nothing that is an administrator's.

The preview that reviewers read hands on a digest of each of its steps; the deployment makes the same preview, of a copy
of the state again, and refuses before its first change where the steps are others (decision 37).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from components import names
from components.access.administrators import reserved
from portal.errors import PortalError
from portal.previewing import Step
from settings import Portal
from settings.scope import scope_of

NONE: Final = "none"
"""The digests of a preview without a step: an output that is empty is no answer."""
ROLE: Final = "aws:iam/role:Role"
CHANGES: Final = {
    "create": "create",
    "create-replacement": "create",
    "delete": "delete",
    "delete-replaced": "delete",
    "replace": "create",
    "update": "update",
}
"""What a step does in the account, by the engine's word for it."""


def digests(steps: Sequence[Step]) -> str:
    """One word a step, in an order that does not depend on the engine's."""
    return " ".join(sorted(step.digest for step in steps)) or NONE


def refuse_unreviewed(stack: str, steps: Sequence[Step], approved: str) -> None:
    """Raises PortalError where the steps are others than those whose ``digests`` were approved."""
    if not approved.strip():
        raise PortalError(f"--approved: {stack}: is empty: its preview failed, so that nobody could approve it")
    known = set(approved.split()) - {NONE}
    new = [step for step in steps if step.digest not in known]
    gone = len(known - {step.digest for step in steps})
    if new or gone:
        named = "".join(f"\n  {described(step)}" for step in new)
        rule = f"this is not what was approved: {len(new)} steps are new or others, and {gone} approved ones are gone"
        raise PortalError(f"--approved: {stack}: {rule}; preview and approve again{named}")


def refuse_administrators(portal: Portal, steps: Sequence[Step], deployment: Mapping[str, Any]) -> None:
    """Under CI's deploy role: raises PortalError that names every step which is an administrator's."""
    if os.environ.get(names.ROLE_VARIABLE) != names.GITHUB_DEPLOY:
        return
    resources = deployment.get("resources") or []
    roles = (one.get("inputs") or {} for one in resources if one["type"] == ROLE)
    delegated = [role["name"] for role in roles if role.get("path") == names.DELEGATED_PATH]
    workspaces = scope_of(portal).workspaces
    refused: list[str] = []
    for step in steps:
        change = CHANGES.get(step.operation)
        reason = change and reserved(
            step.type, change, step.inputs, step.properties, workspaces=workspaces, delegated=delegated
        )
        if reason:
            refused.append(f"\n  {described(step)}: {reason}")
    if refused:
        rule = f"an administrator brings this up: portal up {portal.stack}; {names.GITHUB_DEPLOY} may not"
        raise PortalError(f"{portal.stack}: {rule}{''.join(refused)}")


def described(step: Step) -> str:
    changed = f" ({', '.join(step.properties)})" if step.properties else ""
    return f"{step.operation} of {step.type} {step.urn.rpartition('::')[2]}{changed}"

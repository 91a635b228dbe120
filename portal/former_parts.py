"""What earlier versions made with an account's stack, and its bootstrap has now: out of one state and into the other.

In the account nothing changes. Rests on: `pulumi state move` takes what hangs on a component with it, and takes
dependencies on what it moves from what stays.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from components import names
from portal.agreement import agree
from portal.errors import PortalError
from portal.pulumi_cli import Pulumi, PulumiError, engine
from settings.yamlfile import read

COMPONENTS: Final = frozenset({
    "portal:accounts:AccountPublicAccess",
    "portal:accounts:ClosedAccount",
    "portal:identity:Boundaries",
    "portal:identity:GitHubIssuer",
})  # fmt: skip
ROLE: Final = "portal:identity:Role"


def former_parts(deployment: Mapping[str, Any]) -> list[str]:
    """URNs of the components in a stack's state that are the bootstrap's now."""
    return [
        one["urn"]
        for one in deployment.get("resources") or []
        if one["type"] in COMPONENTS or (one["type"] == ROLE and one["urn"].rpartition("::")[2] in names.roles_of_ci())
    ]


def refuse_former_parts(stack: str, deployment: Mapping[str, Any]) -> None:
    """Raises PortalError where an update would delete them."""
    if parts := former_parts(deployment):
        rule = f"has {len(parts)} components that the account's bootstrap has now, and an update would delete"
        raise PortalError(f"{stack}: its state {rule}; portal bootstrap {stack} moves them")


def move_former_parts(stack: Pulumi, program: Pulumi, *, yes: bool) -> bool:
    """Into the state of the bootstrap's ``program``, which the backend knows; whether there were any. Raises
    PortalError and PulumiError."""
    parts = former_parts(stack.deployment() or {})
    if not parts:
        return False
    question = f"Move {len(parts)} components from the state of {stack.stack} into that of its account's bootstrap?"
    agree(question, yes=yes, otherwise=f"{stack.stack} was not bootstrapped")
    to = _seen_from(stack, program)
    _run(stack, "state", "move", "--yes", "--source", stack.stack, "--dest", to, *parts)
    print(f"  {len(parts)} components moved from the state of {stack.stack}")
    return True


def _seen_from(stack: Pulumi, program: Pulumi) -> str:
    """By what name, with organization and project, the project of ``stack`` refers to the stack of ``program``."""
    project: Any = read(program.root / "Pulumi.yaml")[0]
    rows = json.loads(_run(stack, "stack", "ls", "--all", "--json"))
    return next(row["name"] for row in rows if row["name"].endswith(f"/{project['name']}/{program.stack}"))


def _run(stack: Pulumi, *arguments: str) -> str:
    """A command that takes no option ``--stack``; its standard output. Raises PulumiError."""
    command = [engine(), *arguments, "--non-interactive", "--color", "never"]
    process = subprocess.run(command, cwd=stack.root, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise PulumiError(command, process.stdout + process.stderr)
    return process.stdout

"""What a deployed role may do, one grant at a time; and the same role without some of its grants."""

from __future__ import annotations

import itertools
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.journey.conftest import Cloud

Grant = tuple[str, str]
"""An action and one of the resources that it is granted on."""


@dataclass
class Granted:
    """The roles of the dev account: none of their own statements has a condition."""

    cloud: Cloud
    _since: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.iam = self.cloud.client("iam")

    def document(self, role: str) -> tuple[str, dict[str, Any]]:
        """The name of the role's one policy, and the policy."""
        (name,) = self.iam.list_role_policies(RoleName=role)["PolicyNames"]
        return name, self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]

    def granted(self, role: str) -> set[Grant]:
        found = [(each(one["Action"]), each(one["Resource"])) for one in self.document(role)[1]["Statement"]]
        return {grant for actions, resources in found for grant in itertools.product(actions, resources)}

    @contextmanager
    def without(self, role: str, *grants: Grant) -> Generator[None]:
        """The role has all of its grants but these."""
        name, document = self.document(role)
        left = sorted(self.granted(role) - set(grants))
        statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in left]
        fewer = json.dumps({"Version": document["Version"], "Statement": statements})
        self.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=fewer)
        self._since = self.cloud.folder.calls.stat().st_size
        try:
            yield
        finally:
            self.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    def refusals(self, role: str) -> list[Grant]:
        """What the role was refused, since grants of it were taken away: the last permission of each call."""
        with self.cloud.folder.calls.open("rb") as log:
            log.seek(self._since)
            lines = [line for line in log if f"{role}/".encode() in line and b'"allowed": false' in line]
        asked = [json.loads(line)["permissions"][-1] for line in lines]
        return [(str(one["action"]), str(one["resource"])) for one in asked]


def each(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)

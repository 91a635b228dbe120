"""One stack's resources, by what they say of each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from portal.diagram.model import Deployed, Resource

WRITE: Final = "s3:PutObject"
_DRAWN_BUCKETS: Final = ("source", "embargo", "staging", "public")
_JOBS: Final = "ecs-tasks.amazonaws.com"
DEPLOYMENT: Final = "kubernetes:apps/v1:Deployment"


class State:
    """
    Attributes:
        environments: by name, those that have an orchestrator or pods
        buckets: the keys of the buckets that are drawn, by the buckets' names
        job_roles: the roles that jobs have
    """

    def __init__(self, stack: Deployed) -> None:
        self.stack = stack
        self.buckets = {
            str(bucket.outputs["bucket"]): self.key(bucket)
            for bucket in self.of("aws:s3/bucket:Bucket")
            if bucket_kind(bucket) in _DRAWN_BUCKETS
        }
        namespaces = [namespace(each) for each in self.of(DEPLOYMENT)]
        orchestrators = [each.name for each in self.of("portal:orchestration:Orchestrator")]
        self.environments = sorted({*namespaces, *orchestrators})
        self.job_roles = [role for role in self.of("aws:iam/role:Role") if self.environment_of_jobs(role)]

    def of(self, *types: str) -> list[Resource]:
        return sorted((each for each in self.stack.resources if each.type in types), key=lambda each: each.name)

    def key(self, resource: Resource) -> str:
        return f"{self.stack.stack}/{resource.type.rpartition(':')[2]}/{resource.name}"

    def environment(self, resource: Resource) -> str:
        """The one whose name the resource's own, or its parent's, begins with."""
        names = (resource.name, resource.parent)
        return next((one for one in self.environments for name in names if f"{name}-".startswith(f"{one}-")), "")

    def environment_of_jobs(self, role: Resource) -> str:
        """The environment whose workspace a role of jobs writes; empty: it is no such role."""
        if _JOBS not in str(role.outputs.get("assumeRolePolicy")):
            return ""
        workspaces = {
            str(each.outputs["bucket"]): self.environment(each)
            for each in self.of("aws:s3/bucket:Bucket")
            if bucket_kind(each) == "workspace"
        }
        written = self.allowed(role, WRITE, workspaces)
        return next((workspaces[bucket] for bucket in sorted(written)), "")

    def allowed(self, role: Resource, action: str, buckets: Iterable[str]) -> set[str]:
        """The buckets in which a role may do something to every object."""
        statements = [on for actions, on in self.statements(role) if action in actions]
        return {bucket for bucket in buckets if any(f"arn:aws:s3:::{bucket}/*" in on for on in statements)}

    def statements(self, role: Resource) -> Iterator[tuple[list[str], list[str]]]:
        """Actions and resources that the role's own policies allow."""
        for policy in self.of("aws:iam/rolePolicy:RolePolicy"):
            if policy.outputs["role"] in (role.id, role.outputs.get("name")):
                for statement in json.loads(policy.outputs["policy"])["Statement"]:
                    if statement["Effect"] == "Allow":
                        yield _list(statement.get("Action")), _list(statement.get("Resource"))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def bucket_kind(bucket: Resource) -> str:
    return str((bucket.outputs.get("tags") or {}).get("kind", ""))


def metadata(resource: Resource) -> Mapping[str, Any]:
    return resource.outputs.get("metadata") or {}


def namespace(resource: Resource) -> str:
    return str(metadata(resource).get("namespace", ""))

"""What the clients send where the user doesn't say, in both of their generations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from components import names, rules
from portal.errors import PortalError
from settings.project import Registry


class Generation(IntEnum):
    """Of the portal's client: it decides the workflows' files, and what a sync gets."""

    OLDER = 1
    NEWER = 2


class Command(Enum):
    """What can be submitted."""

    QUEUE = "queue"
    DB_IMPORT = "db-import"
    SYNC = "sync"
    VALIDATE = "validate"
    SOURCE_VALIDATE = "source-validate"
    RESTORE_DRILL = "restore-drill"


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """Of one command, by generation: the older's, the newer's."""

    workflows: tuple[str, str]
    memory_mib: int = 4_000
    vcpus: tuple[int, int] = (1, 1)

    def workflow(self, generation: Generation) -> str:
        return self.workflows[generation - 1]

    def vcpu(self, generation: Generation) -> int:
        return self.vcpus[generation - 1]


_INGEST: Final = "standardize_dirs.wdl-v0.0.1.wdl"
_VALIDATION: Final = "validate_dataset-v0.0.2.wdl"
_DRILL: Final = "db_import_restore_drill-v0.0.1.wdl"
DEFAULTS: Final = {
    Command.QUEUE: Defaults(workflows=(_INGEST, _INGEST), memory_mib=24_000),
    Command.DB_IMPORT: Defaults(workflows=("db_import-v0.0.3.wdl", "db_import-v0.0.4.wdl")),
    Command.SYNC: Defaults(workflows=("sync-v0.0.1.wdl", "sync-v0.0.2.wdl"), vcpus=(1, 4)),
    Command.VALIDATE: Defaults(workflows=(_VALIDATION, _VALIDATION)),
    Command.SOURCE_VALIDATE: Defaults(workflows=(_VALIDATION, _VALIDATION)),
    Command.RESTORE_DRILL: Defaults(workflows=(_DRILL, _DRILL)),
}
ENVIRONMENT: Final = "staging"
PRODUCTION: Final = "prod"
TAG: Final = "main"
PARALLELISM: Final = 20
VALIDATIONS: Final = {"staging": "staging_validation", "prod": "prod_validation", "source": "source_validation"}
"""Folders of reports in the staging bucket."""


def image(registry: Registry, region: str, repository: str, tag: str) -> str:
    """In the registry's account. Raises PortalError for what ECR does not take."""
    for argument, value, rule in (("--ecr-repo", repository, rules.repository), ("--ecr-tag", tag, rules.image_tag)):
        if fault := rule(value):
            raise PortalError(f"{argument}: {value!r}: {fault}")
    return f"{names.registry_host(registry.account, region)}/{repository}:{tag}"

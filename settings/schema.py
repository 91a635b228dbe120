"""The schema of a stack file: strict, frozen, every key known. docs/stack-file.md and the JSON Schema are made from it.

Here stands what can be said of one value or one entry; what concerns several (names that collide, references, address
ranges) is in ``settings.checks``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from components import rules

BucketKind = Literal["source", "staging", "embargo", "public", "log", "workspace"]
PROTECTED_KINDS: Final = frozenset({"source", "staging", "embargo", "public", "log"})
OWN_TAGS: Final = frozenset({"project", "stack", "managed-by", "environment", "kind"})
MOST_TAGS: Final = 10 - len(OWN_TAGS)
"""S3 allows an object ten tags; those that the program sets itself come first."""


def _rule(check: Callable[[str], str | None]) -> AfterValidator:
    """A rule of ``components.rules`` as a validator. A lenient reading skips it: its fault is known by then."""

    def validate(value: str, info: ValidationInfo) -> str:
        fault = None if info.context == "lenient" else check(value)
        if fault:
            raise PydanticCustomError("rule", "{rule}", {"rule": fault})
        return value

    return AfterValidator(validate)


def _tag_key(key: str) -> str | None:
    return "the program sets this tag itself" if key in OWN_TAGS else rules.tag_key(key)


def _pattern(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": pattern})


Word = Annotated[str, _rule(rules.word), _pattern("^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
BucketName = Annotated[str, _rule(rules.bucket_name), _pattern("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
AccountId = Annotated[str, _rule(rules.account_id), _pattern("^[0-9]{12}$")]
Region = Annotated[str, _rule(rules.region), Field(json_schema_extra={"enum": [*sorted(rules.REGIONS)]})]
Principal = Annotated[str, _rule(rules.principal_pattern), _pattern("^arn:aws:iam::[0-9]{12}:(user|role)/.+$")]
TagKey = Annotated[str, _rule(_tag_key)]
TagValue = Annotated[str, _rule(rules.tag_value)]
Days = Annotated[int, Field(ge=1, le=3650)]


class Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class Account(Model):
    """The AWS account that this stack fills."""

    id: AccountId
    """Twelve digits, in quotes. The provider works in this account alone."""
    region: Region
    """Where everything is that is not global."""
    role: Annotated[str, _rule(rules.role)] = "OrganizationAccountAccessRole"
    """The role that the program assumes in the account: a name, or an ARN of this account."""


class Network(Model):
    """The account's addresses."""

    cidr: Annotated[str, _rule(rules.network)]
    """/16 to /20, private, and unlike every other account's, so that the networks can be joined."""


class BucketRef(Model):
    """A bucket of this or another stack."""

    bucket: str
    """The bucket's key under ``buckets``."""
    stack: str | None = None
    """The stack that holds it; left out: this one."""


class Cors(Model):
    """Which web pages may read the bucket from a browser (GET, HEAD, with Range)."""

    origins: Annotated[tuple[Annotated[str, _rule(rules.cors_origin)], ...], Field(min_length=1, max_length=100)]
    """``"*"`` or origins like ``https://portal.example.org``."""


class Lifecycle(Model):
    """When S3 moves and deletes by itself. Unfinished uploads and lone delete markers always go."""

    abort_multipart_days: Days = 7
    """Unfinished uploads are deleted after this many days."""
    noncurrent_days: Days = 30
    """An overwritten or deleted object can be brought back for this many days."""
    expire_days: Days | None = None
    """Objects are deleted after this many days; for ``log`` and ``workspace`` alone. Left out: never."""
    tier_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """Objects move to Intelligent-Tiering after this many days. Left out: never."""


class Bucket(Model):
    """One bucket and all that makes it safe."""

    kind: BucketKind
    """What it holds; encryption, access and protection follow from it."""
    name: BucketName
    """Unique in all of AWS; a bucket cannot be renamed."""
    import_id: str | None = None
    """Take in the bucket that has this name already, instead of making one. Remove it after the first ``up``."""
    retire: bool = False
    """Let go of the bucket: it is no longer protected, and removing the entry deletes nothing from AWS."""
    lifecycle: Lifecycle = Lifecycle()
    cors: Cors | None = None
    readers: tuple[str, ...] = ()
    """Names under ``access.readers`` that may list and read this bucket; for ``embargo`` alone."""
    receives_from: BucketRef | None = None
    """The staging bucket of another stack that is released into this ``public`` one."""

    @property
    def protected(self) -> bool:
        """Deleting it is refused."""
        return self.kind in PROTECTED_KINDS and not self.retire


class Ingest(Model):
    """What the ingestion jobs of an environment may touch."""

    reads: tuple[BucketRef, ...]
    """Buckets to list and read; of other stacks' only public ones."""
    writes: Annotated[tuple[BucketRef, ...], Field(min_length=1)]
    """Buckets of this stack of kind staging, embargo or workspace: list, read, write and delete."""


class Environment(Model):
    """One deployment of the ingestion workflows, as the clients know it by name."""

    workflows: str
    """Folder of the WDL files, from the stack file's own; each is uploaded to the root of ``wdl_bucket``."""
    wdl_bucket: BucketName
    """Contains ``swipe-wdl`` and the environment's name once: clients find it by that."""
    comms_bucket: BucketName
    """Contains ``swipe-comms`` and the environment's name once."""
    results_days: Days = 90
    """What jobs leave in ``comms_bucket`` is deleted after this many days."""
    ingest: Ingest | None = None
    import_from: BucketRef | None = Field(default=None, alias="import")
    """The bucket whose metadata the database import reads."""


class Reader(Model):
    """A role for someone outside who may read what is not public."""

    principals: Annotated[tuple[Principal, ...], Field(min_length=1)]
    """Who may assume it."""


class GitHub(Model):
    """GitHub Actions without stored keys: one role to preview, one to deploy."""

    repository: Annotated[str, _rule(rules.github_repository)]
    """``owner/name``; its pull requests and its branch may preview."""
    branch: Annotated[str, _rule(rules.github_name)] = "main"
    """Its pushes and scheduled runs may preview."""
    environment: Annotated[str, _rule(rules.github_name)]
    """Jobs of this GitHub environment, and no others, may deploy."""

    @property
    def preview_subjects(self) -> tuple[str, ...]:
        """The subjects of the tokens that may preview."""
        return (f"repo:{self.repository}:pull_request", f"repo:{self.repository}:ref:refs/heads/{self.branch}")

    @property
    def deploy_subjects(self) -> tuple[str, ...]:
        return (f"repo:{self.repository}:environment:{self.environment}",)


class Access(Model):
    """Who may enter the account."""

    operators: tuple[Principal, ...] = ()
    """Who may assume the operator's and the release roles. ``*`` and ``?`` are allowed in the name."""
    readers: dict[Word, Reader] = {}
    github: GitHub | None = None


class Settings(Model):
    """What one account holds."""

    account: Account
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=MOST_TAGS)] = {}
    """On every resource, beside those that the program sets."""
    network: Network
    buckets: dict[Word, Bucket] = {}
    environments: dict[Word, Environment] = {}
    access: Access = Access()


class Config(Model):
    """The stack's configuration; nothing else may stand in it."""

    settings: Settings = Field(alias="portal:settings")
    disabled: tuple[Literal["aws"], Literal["kubernetes"]] = Field(alias="pulumi:disable-default-providers")
    """``[aws, kubernetes]``: so that no resource lands in an account by accident."""


class StackFile(Model):
    """A stack file."""

    config: Config
    encryptionsalt: str | None = None
    """Written by ``pulumi``, as are the next two; the program has no use for them."""
    secretsprovider: str | None = None
    encryptedkey: str | None = None

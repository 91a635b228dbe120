"""The schema of a stack file: strict, frozen, every key known. docs/stack-file.md and the JSON Schema are made from it.

Here stands what can be said of one value or one entry; what concerns several (names that collide, references, address
ranges) is in ``settings.checks``.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from components import names, rules
from components.kinds import BucketKind, protected
from components.zones import MOST as MOST_ZONES
from settings.base import AccountId, BucketRef, Days, LogDays, Model, Word, bounded, pattern, rule, several
from settings.cdn import DataCdn
from settings.cluster import Cluster
from settings.database import Database
from settings.orchestration import Orchestrator
from settings.service import Api, Frontend, Service, Site

OWN_TAGS: Final = frozenset({"project", "stack", "managed-by", "environment", "kind"})
MOST_TAGS: Final = 10 - len(OWN_TAGS)
"""S3 allows an object ten tags; those that the program sets itself come first."""


def _tag_key(key: str) -> str | None:
    return "the program sets this tag itself" if key in OWN_TAGS else rules.tag_key(key)


BucketName = Annotated[str, rule(rules.bucket_name), pattern("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
Region = Annotated[str, rule(rules.region), Field(json_schema_extra={"enum": [*sorted(rules.REGIONS)]})]
Principal = Annotated[str, rule(rules.principal_pattern), pattern("^arn:aws:iam::[0-9]{12}:(user|role)/.+$")]
Percent = Annotated[int, bounded(rules.ALERT_PERCENT)]
Email = Annotated[str, rule(rules.email), pattern("^[^@ ]+@[^@ ]+\\.[A-Za-z]+$")]
TagKey = Annotated[str, rule(_tag_key)]
TagValue = Annotated[str, rule(rules.tag_value)]


class Budget(Model):
    """What the account may cost a month, and who hears when that is used up: it stops nothing. The account's bootstrap
    makes it."""

    monthly_usd: Annotated[int, bounded(rules.MONTHLY_USD)]
    """US dollars: what the account costs idle (README), and what jobs, storage and readers are expected to cost."""
    notify: Annotated[tuple[Email, ...], rule(rules.alert_addresses), several(rules.MOST_ADDRESSES)]
    """E-mail addresses of each alert, 10 at most. A team's rather than a person's: the file is in the repository."""
    at_percent: Annotated[tuple[Percent, ...], rule(rules.alert_percents), several(rules.MOST_ALERTS - 1)] = (80, 100)
    """An alert once the month has cost more than each of these parts of the sum, 4 at most, 1 to 1000. Another is sent
    where AWS forecasts more than all of it."""


class Account(Model):
    """The AWS account that this stack fills."""

    id: AccountId
    """Twelve digits, in quotes. The provider works in this account alone."""
    region: Region
    """Where everything is that is not global."""
    role: Annotated[str, rule(rules.role)] = "OrganizationAccountAccessRole"
    """The role by which an administrator's commands enter the account: a name, or an ARN of this account."""
    block_public_access: bool
    """AWS's block of the whole account: while ``true``, nobody outside reads any bucket, whatever its own policy says.
    ``false`` is needed for ``public`` buckets, and for retired ones that anyone is to read on."""
    budget: Budget | None = None


class Network(Model):
    """The account's addresses, and the network of its orchestrators and its cluster: it is made if there are any."""

    cidr: Annotated[str, rule(rules.network)]
    """/16 to /20, private, and unlike every other account's, so that the networks can be joined."""
    zones: Annotated[tuple[Annotated[str, rule(rules.zone)], ...], Field(max_length=MOST_ZONES)] = ()
    """Two or three zones of the region, for a network. Their order stays: a zone's place decides its addresses."""
    nat_gateways: Annotated[int, Field(ge=1, le=MOST_ZONES)] = 1
    """At most one a zone. Fewer are cheaper, and one that fails is felt beyond its own zone."""
    flow_log_days: LogDays = 30
    """How long the record of connections is kept; one of CloudWatch's numbers."""

    @property
    def key(self) -> str:
        """Another text whenever the network or its subnets are others."""
        return " ".join((self.cidr, *self.zones))


class Cors(Model):
    """Which web pages may read the bucket from a browser (GET, HEAD, with Range)."""

    origins: Annotated[tuple[Annotated[str, rule(rules.cors_origin)], ...], Field(min_length=1, max_length=100)]
    """``"*"`` or origins like ``https://portal.example.org``."""


class Lifecycle(Model):
    """When S3 moves and deletes by itself. Unfinished uploads and lone delete markers always go."""

    abort_multipart_days: Days = 7
    """Unfinished uploads are deleted after this many days."""
    noncurrent_days: Days = 30
    """An overwritten or deleted object can be brought back for this many days."""
    expire_days: Days | None = None
    """Objects are deleted after this many days; for ``log`` and ``workspace`` alone. Left out: never."""
    tier_days: Annotated[int, bounded(rules.TIER_DAYS)] | None = None
    """Objects move to Intelligent-Tiering after this many days. Left out: never."""


class Bucket(Model):
    """One bucket and all that makes it safe."""

    kind: BucketKind
    """What it holds; encryption, access and protection follow from it."""
    name: BucketName
    """Unique in all of AWS; a bucket cannot be renamed."""
    import_id: str | None = None
    """Take in the bucket that has this name already, instead of making one. While this is set, none of its settings
    change; remove it after the first ``up``, and a preview shows what the rest of the entry changes."""
    retire: bool = False
    """Let go of the bucket: it is no longer protected, and removing the entry deletes nothing from AWS."""
    lifecycle: Lifecycle = Lifecycle()
    cors: Cors | None = None
    readers: tuple[str, ...] = ()
    """Names under ``access.readers`` that may list and read this bucket; for ``embargo`` alone."""
    open_contents_to: tuple[str, ...] = ()
    """Who may read what is in a deployed bucket and could not before. Needed where a change of ``kind`` or of readers
    opens it, or it is taken in: ``anyone``, ``operators``, ``releases`` or a reader's principal. Then to be removed."""
    receives_from: BucketRef | None = None
    """The staging bucket of another stack that is released into this ``public`` one."""
    large_deletion_percent: Annotated[int, Field(ge=0, le=100)] = 10
    """A release that deletes more than this part of its destination's objects must have their number repeated
    (``--delete-count``); for buckets with ``receives_from`` alone."""

    @property
    def protected(self) -> bool:
        """Deleting it is refused."""
        return protected(self.kind) and not self.retire


class Ingest(Model):
    """What the ingestion jobs of an environment may touch."""

    reads: tuple[BucketRef, ...]
    """Buckets to list and read; of other stacks' only public ones."""
    writes: Annotated[tuple[BucketRef, ...], Field(min_length=1)]
    """Buckets of this stack of kind staging, embargo or workspace: list, read, write and delete."""


class Environment(Model):
    """One deployment of the ingestion workflows, as the clients know it by name."""

    workflows: str
    """Folder, from the stack file's, of ``.wdl`` and ``.wdl.zip`` files; each goes to the root of ``wdl_bucket``."""
    wdl_bucket: BucketName
    """Contains ``client_buckets.wdl`` of portal.yaml and the environment's name once: clients find it by that."""
    comms_bucket: BucketName
    """Contains ``client_buckets.comms`` of portal.yaml and the environment's name once."""
    results_days: Days = 90
    """What jobs leave in ``comms_bucket`` is deleted after this many days."""
    ingest: Ingest | None = None
    import_from: BucketRef | None = Field(default=None, alias="import")
    """The bucket whose metadata the database import reads."""
    orchestrator: Orchestrator | None = None
    database: Database | None = None
    api: Api | None = None
    frontend: Frontend | None = None
    site: Site | None = None
    retire: bool = False
    """Let go of the environment: no run can be started in it, and removing the entry deletes its orchestrator and both
    buckets, with all objects in them, and its services and site."""

    @property
    def services(self) -> dict[str, Service]:
        """By key, those that it has."""
        by_key = {"api": self.api, "frontend": self.frontend}
        return {key: one for key, one in by_key.items() if one}

    def deployed_names(self, name: str) -> dict[str, str]:
        """By key, what the environment of that name deploys and may not lose without ``retire``."""
        buckets = {"wdl_bucket": self.wdl_bucket, "comms_bucket": self.comms_bucket}
        return {**buckets, **({"orchestrator": names.state_machine(name)} if self.orchestrator else {})}


class Images(Model):
    """A repository of the images that jobs' tasks or services run in; in the account that clients have written into
    them."""

    repository: Annotated[str, rule(rules.repository)]
    """Its name, which clients have written into them too."""
    import_id: str | None = None
    """Take in the repository that has this name already, instead of making one. While this is set, none of its settings
    change; remove it after the first ``up``, and a preview shows what the rest of the entry changes."""
    moving_tags: bool | None = None
    """Whether a tag can be pushed again, as another image. Left out: in the repositories that ``registry`` of
    ``portal.yaml`` names, where clients do so, and in no other: what a stack file names by a tag stays the same
    image."""
    untagged_days: Days = 14
    """An image that lost its tag to a newer one is deleted after this many days."""
    retire: bool = False
    """Let go of the repository: it is no longer protected, and removing the entry deletes nothing from AWS."""


class Reader(Model):
    """A role for someone outside who may read what is not public."""

    principals: Annotated[tuple[Principal, ...], Field(min_length=1)]
    """Who may assume it."""


class GitHub(Model):
    """GitHub Actions without stored keys: one role to preview, one to look for drift, one to deploy."""

    repository: Annotated[str, rule(rules.github_repository)]
    """``owner/name``."""
    repository_id: Annotated[int, Field(ge=1)]
    """The repository's number: ``gh api repos/OWNER/NAME --jq .id``. A repository that is made anew under the same name
    has another, and its jobs enter no role."""
    subject_prefix: Annotated[str, rule(rules.github_subject_prefix)] | None = None
    """How the subjects of its jobs' tokens begin. Left out: ``repo:owner/name``. GitHub adds the ids of owner and
    repository to the names of those that were made, renamed or transferred since July 2026, or that opted in:
    ``repo:owner@123456/name@456789``."""
    branch: Annotated[str, rule(rules.github_name)] = "main"
    """Jobs on this branch that name no GitHub environment, as a schedule starts them, may look for drift."""
    preview_environment: Annotated[str, rule(rules.github_name)] = "preview"
    """Jobs of this GitHub environment may preview. Give it reviewers: whoever can push a branch can edit a workflow."""
    environment: Annotated[str, rule(rules.github_name)]
    """Jobs of this GitHub environment, and no others, may deploy. Give it reviewers, and the branch as its only one."""

    @property
    def prefix(self) -> str:
        """How the subjects of its jobs' tokens begin."""
        return self.subject_prefix or f"repo:{self.repository}"

    @property
    def branch_ref(self) -> str:
        return f"refs/heads/{self.branch}"


class Access(Model):
    """Who may enter the account."""

    operators: tuple[Principal, ...] = ()
    """Who may assume the operator's and the release roles. ``*`` and ``?`` are allowed in the name."""
    readers: dict[Word, Reader] = Field(default={})
    github: GitHub | None = None


class Settings(Model):
    """What one account holds."""

    account: Account
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=MOST_TAGS)] = Field(default={})
    """On every resource, beside those that the program sets."""
    network: Network
    buckets: dict[Word, Bucket] = Field(default={})
    environments: dict[Word, Environment] = Field(default={})
    data_cdn: dict[Word, DataCdn] = Field(default={})
    """By the key of the bucket that is served, of kind ``staging`` or ``public``."""
    images: dict[Word, Images] = Field(default={})
    cluster: Cluster | None = None
    access: Access = Access()

    @property
    def orchestrators(self) -> dict[str, Orchestrator]:
        """By environment."""
        return {name: one.orchestrator for name, one in self.environments.items() if one.orchestrator}

    @property
    def sites(self) -> dict[str, Site]:
        """By environment."""
        return {name: one.site for name, one in self.environments.items() if one.site}

    @property
    def networked(self) -> bool:
        """Whether the account has a network: its orchestrators and its cluster share it."""
        return bool(self.orchestrators or self.cluster)

    @property
    def databases(self) -> dict[str, Database]:
        """By environment."""
        return {name: one.database for name, one in self.environments.items() if one.database}


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

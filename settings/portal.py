"""All stacks together: one is current, the others say what it needs to know of other accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components import names
from settings import audience, checks, databases, services
from settings.audience import Deployed
from settings.base import BucketRef
from settings.cdn_audience import Readers
from settings.environments import dropped_from_environments
from settings.faults import SettingsError, fault_at
from settings.project import Project
from settings.schema import Bucket, Settings
from settings.service import ServiceImage


@dataclass(frozen=True, kw_only=True)
class Release:
    """Data of a staging bucket goes to a public bucket of another account."""

    source: Bucket
    source_account: str
    key: str
    """The public bucket's key, which names the role."""
    destination: Bucket


@dataclass(frozen=True, kw_only=True)
class Portal:
    """The settings of the stack at hand, and of its siblings."""

    stack: str
    current: Settings
    siblings: Mapping[str, Settings]
    project: Project
    directory: Path = field(repr=False)

    @property
    def stacks(self) -> dict[str, Settings]:
        return {self.stack: self.current, **self.siblings}

    def bucket(self, ref: BucketRef, stack: str | None = None) -> Bucket:
        """The bucket that an entry of the current (or the named) stack refers to."""
        return self.stacks[ref.stack or stack or self.stack].buckets[ref.bucket]

    def image(self, image: ServiceImage, stack: str | None = None) -> str:
        """The image that a service of the current (or the named) stack runs, as Docker names it."""
        holder = self.stacks[image.stack or stack or self.stack]
        account, repository = holder.account, holder.images[image.key].repository
        end = f":{image.tag}" if image.tag else f"@{image.digest}"
        return f"{names.registry_host(account.id, account.region)}/{repository}{end}"

    def releases(self) -> Iterator[Release]:
        """Every release between the stacks; ``receives_from`` of the public bucket is the one place that says so."""
        for stack, settings in self.stacks.items():
            for key, bucket in settings.buckets.items():
                if bucket.receives_from:
                    holder = bucket.receives_from.stack or stack
                    yield Release(
                        source=self.bucket(bucket.receives_from, stack),
                        source_account=self.stacks[holder].account.id,
                        key=key,
                        destination=bucket,
                    )

    def refuse_accidents(
        self,
        protected: Mapping[str, str],
        deployed: Mapping[str, Deployed],
        environments: Mapping[str, Mapping[str, str]],
        clusters: Mapping[str, Mapping[str, Any]] | None = None,
        kubernetes: Mapping[str, Any] | None = None,
        sites: Mapping[str, Readers | None] | None = None,
    ) -> None:
        """``protected``: bucket names by key; ``deployed``: all buckets by name; ``environments``: names of their parts
        by environment and key; ``clusters``: protected databases by environment; ``kubernetes``: what was put out of
        the cluster; ``sites``: whom they serve, by environment; all as this stack was last brought up.

        Raises SettingsError where the file lets go of what is protected, or of an environment, without ``retire``,
        would make another database of one, skips a version of Kubernetes, or opens a bucket, a CDN or a site without
        ``open_contents_to``.
        """
        faults = [
            *checks.dropped(self.stack, self.current, protected),
            *audience.opened(self.stack, self.current, deployed),
            *audience.opened_sites(self.stack, self.current, sites or {}),
            *dropped_from_environments(self.stack, self.current, environments),
            *databases.changed(self.stack, self.current, clusters or {}),
            *services.changed(self.stack, self.current, kubernetes or {}),
        ]
        if faults:
            raise SettingsError(faults)

    def import_fault(self, section: checks.Section, key: str, reason: str) -> SettingsError:
        """What stands there cannot be taken in."""
        name = getattr(self.current, section)[key].import_id
        rule = f"must be a {checks.IMPORTED[section]} of the account that its role can read: {reason}"
        return SettingsError([fault_at(self.stack, (section, key, "import_id"), name, rule)])

    def account_fault(self, reason: str) -> SettingsError:
        """The credentials at hand don't lead into this stack's account."""
        account = self.current.account
        rule = (
            f"must be the account that the credentials at hand lead into: {reason}. portal up {self.stack} enters it "
            "through account.role; pulumi itself needs a profile of the account, in PORTAL_AWS_PROFILE"
        )
        return SettingsError([fault_at(self.stack, ("account", "id"), account.id, rule)])

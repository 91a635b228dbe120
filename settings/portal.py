"""All stacks together: one is current, the others say what it needs to know of other accounts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components import names
from settings import audience, checks, databases, services, sizes
from settings.audience import Deployed
from settings.base import BucketRef
from settings.cdn_audience import Readers
from settings.environments import dropped_from_environments
from settings.faults import Fault, SettingsError, fault_at, file_of
from settings.project import Project, read_project
from settings.reading import Reading, read_config, read_data
from settings.schema import Bucket, Settings
from settings.service import ServiceImage
from settings.yamlfile import read

_FILE = re.compile(r"Pulumi\.([A-Za-z0-9_.-]{1,100})\.yaml")


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


def load(stack: str, directory: Path, config: Mapping[str, str] | None = None, secret: Iterable[str] = ()) -> Portal:
    """Reads and checks all stack files of a directory and what holds for all of them; from then on names begin with the
    project's prefix.

    ``config`` is the current stack's configuration as the engine hands it over (JSON texts by key), ``secret`` the keys
    whose values are secret; without ``config`` the current stack is read from its file like the others. Raises
    SettingsError with every fault of every file.
    """
    readings = {
        name: read_data(file.name, *read(file))
        for name, file in files_of_stacks(directory).items()
        if name != stack or not config
    }
    if config:
        readings[stack] = read_config(file_of(stack), config, secret)
    faults = [fault for reading in readings.values() for fault in reading.faults]
    faults += _misnamed(directory)
    if stack not in readings:
        rule = "no such stack file; stacks here: " + (", ".join(sorted(readings)) or "none")
        faults.append(Fault(file=file_of(stack), key="", value="", rule=rule))
    known = {name: reading.settings for name, reading in sorted(readings.items()) if reading.settings}
    project, wrong = read_project(directory)
    faults += wrong
    if project:
        faults += checks.across(project, known, frozenset(_unread(readings)))
    for name, settings in known.items():
        faults += checks.folders(name, settings, directory)
    if faults or project is None:
        raise SettingsError(faults)
    names.use_prefix(project.prefix)
    siblings = {name: settings for name, settings in known.items() if name != stack}
    portal = Portal(stack=stack, current=known[stack], siblings=siblings, project=project, directory=directory)
    if too_long := [*sizes.faults(portal)]:
        raise SettingsError(too_long)
    return portal


def files_of_stacks(directory: Path) -> dict[str, Path]:
    """The stacks that have a file, by their names and in the names' order. A name may have dots in it."""
    files = {match[1]: file for file in directory.glob("Pulumi.*.yaml") if (match := _FILE.fullmatch(file.name))}
    return dict(sorted(files.items()))


def _misnamed(directory: Path) -> Iterator[Fault]:
    """What looks like a stack's file and is none: the engine looks for the ending of Pulumi.yaml alone."""
    for file in sorted(directory.glob("Pulumi.*.y*ml")):
        if file.suffix in (".yaml", ".yml") and not _FILE.fullmatch(file.name):
            rule = "must be Pulumi.NAME.yaml, NAME of letters, digits, '.', '_', '-': the engine reads no other name"
            yield Fault(file=file.name, key="", value="", rule=rule)


def _unread(readings: Mapping[str, Reading]) -> Iterator[str]:
    return (name for name, reading in readings.items() if not reading.settings)

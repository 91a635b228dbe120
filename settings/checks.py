"""Rules that concern more than one entry or more than one stack file.

Each check is a generator of faults over all stacks as read; a stack that could not be read is left out, and what would
refer to it is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Final, Literal

from components import names, rules
from settings import audience, cdns, databases, orchestrators, references, services, workflows
from settings.faults import Fault, fault_at, file_of, path
from settings.project import ClientBuckets, Project
from settings.schema import Bucket, Images, Settings

Stacks = Mapping[str, Settings]
EXPIRING = frozenset({"log", "workspace"})
Section = Literal["buckets", "images"]
IMPORTED: Final[Mapping[Section, str]] = {"buckets": "bucket", "images": "repository"}
"""Sections of a stack file whose entries may have ``import_id``, and what that takes in."""


def across(project: Project, stacks: Stacks, unread: frozenset[str]) -> Iterator[Fault]:
    """Every check over every stack; ``unread`` are stacks whose files could not be understood."""
    for stack, settings in stacks.items():
        yield from _account(stack, settings)
        yield from _buckets(stack, settings)
        yield from _images(stack, settings)
        yield from _readers(stack, settings)
        yield from _github(stack, settings)
        yield from audience.declared(stack, settings)
        yield from _environments(stack, settings, project.client_buckets)
        yield from _discovery(stack, settings, project.client_buckets)
        yield from references.check(stack, settings, stacks, unread)
        yield from orchestrators.check(stack, settings, stacks, project.registry)
        yield from cdns.check(stack, settings)
        yield from databases.check(stack, settings)
        yield from services.check(stack, settings, stacks, unread)
    yield from _distinct_accounts(stacks)
    yield from _distinct_buckets(stacks)
    yield from _distinct_networks(stacks)
    yield from _distinct_releases(stacks)
    yield from cdns.distinct_hosts(stacks)


def _account(stack: str, settings: Settings) -> Iterator[Fault]:
    role, account = settings.account.role, settings.account.id
    if rule := rules.role_of_account(role, account):
        yield fault_at(stack, ("account", "role"), role, f"{rule} (account.id)")
    public = [key for key, bucket in settings.buckets.items() if bucket.kind == "public"]
    if public and settings.account.block_public_access:
        rule = f"must be false: it would close the buckets of kind public: {', '.join(public)}"
        yield fault_at(stack, ("account", "block_public_access"), True, rule)


def _buckets(stack: str, settings: Settings) -> Iterator[Fault]:
    for key, bucket in settings.buckets.items():
        at = ("buckets", key)
        days = bucket.lifecycle
        yield from _adopted(stack, "buckets", key, bucket, bucket.name)
        if bucket.readers and bucket.kind != "embargo":
            yield fault_at(stack, (*at, "readers"), bucket.readers, "only an embargo bucket is shared by name")
        if bucket.cors and bucket.kind not in ("staging", "public"):
            yield fault_at(stack, (*at, "cors"), None, "only staging and public buckets are read by web pages")
        if days.expire_days and bucket.kind not in EXPIRING:
            rule = f"only {' and '.join(sorted(EXPIRING))} buckets may delete by themselves"
            yield fault_at(stack, (*at, "lifecycle", "expire_days"), days.expire_days, rule)
        if rule := rules.tiering(days.tier_days, days.expire_days):
            yield fault_at(stack, (*at, "lifecycle", "tier_days"), days.tier_days, rule)
    logs = [key for key, bucket in settings.buckets.items() if bucket.kind == "log"]
    if len(logs) != 1:
        rule = "exactly one bucket of the account is of kind log: the access logs of the others go there"
        yield fault_at(stack, ("buckets",), logs, rule)


def _images(stack: str, settings: Settings) -> Iterator[Fault]:
    for key, image in settings.images.items():
        yield from _adopted(stack, "images", key, image, image.repository)


def _adopted(stack: str, section: Section, key: str, entry: Bucket | Images, name: str) -> Iterator[Fault]:
    """``import_id`` is the name of what ``entry`` stands for."""
    at = (section, key, "import_id")
    if entry.import_id not in (None, name):
        yield fault_at(stack, at, entry.import_id, f"must be the {IMPORTED[section]}'s name, {name}")
    elif rule := rules.taken_in(adopt=bool(entry.import_id), retire=entry.retire):
        yield fault_at(stack, at, entry.import_id, rule)


def _readers(stack: str, settings: Settings) -> Iterator[Fault]:
    named = {reader for bucket in settings.buckets.values() for reader in bucket.readers}
    for key, bucket in settings.buckets.items():
        for index, reader in enumerate(bucket.readers):
            if reader not in settings.access.readers:
                yield fault_at(stack, ("buckets", key, "readers", index), reader, "not a name under access.readers")
    for reader in settings.access.readers:
        if reader not in named:
            yield fault_at(
                stack, ("access", "readers", reader), None, "no bucket names this reader: it could read nothing"
            )


def _github(stack: str, settings: Settings) -> Iterator[Fault]:
    github = settings.access.github
    if github is None:
        return
    if github.preview_environment == github.environment:
        rule = "is the environment that deploys too (environment): whoever may preview could deploy"
        yield fault_at(stack, ("access", "github", "preview_environment"), github.preview_environment, rule)
    prefix = github.subject_prefix
    if prefix and re.sub(r"@[0-9]+(?=/|$)", "", prefix) != f"repo:{github.repository}":
        rule = f"must name the repository {github.repository}, with or without ids"
        yield fault_at(stack, ("access", "github", "subject_prefix"), prefix, rule)
    elif (
        prefix
        and (id_in_prefix := re.search(r"/[^@]+@([0-9]+)$", prefix))
        and int(id_in_prefix[1]) != github.repository_id
    ):
        rule = f"names the repository {id_in_prefix[1]}, and repository_id is {github.repository_id}"
        yield fault_at(stack, ("access", "github", "subject_prefix"), prefix, rule)


def _environments(stack: str, settings: Settings, words: ClientBuckets) -> Iterator[Fault]:
    for one, other in combinations(settings.environments, 2):
        if one in other or other in one:
            inner, outer = sorted((one, other), key=len)
            rule = f"contains the name of the environment {inner!r}: clients look for names that contain it"
            yield fault_at(stack, ("environments", outer), outer, rule)
    for name, environment in settings.environments.items():
        for key in {f"{name}-wdl", f"{name}-comms"} & settings.buckets.keys():
            rule = f"the environment {name!r} puts out a bucket under this key; use another"
            yield fault_at(stack, ("buckets", key), key, rule)
        for key, word in (("wdl_bucket", words.wdl), ("comms_bucket", words.comms)):
            bucket = str(getattr(environment, key))
            if word not in bucket or bucket.count(name) != 1:
                rule = f"must contain {word!r} and the environment's name {name!r} once: clients find it by that"
                yield fault_at(stack, ("environments", name, key), bucket, rule)


def _all_buckets(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every bucket of an account: where the file names it, and its name."""
    for key, bucket in settings.buckets.items():
        yield ("buckets", key, "name"), bucket.name
    for name, environment in settings.environments.items():
        yield ("environments", name, "wdl_bucket"), environment.wdl_bucket
        yield ("environments", name, "comms_bucket"), environment.comms_bucket


def _discovery(stack: str, settings: Settings, words: ClientBuckets) -> Iterator[Fault]:
    """A client takes the last bucket whose name contains the word and the environment's name."""
    for name in settings.environments:
        own = {words.wdl: ("environments", name, "wdl_bucket"), words.comms: ("environments", name, "comms_bucket")}
        for at, bucket in _all_buckets(settings):
            for word, place in own.items():
                if word in bucket and name in bucket and at != place:
                    rule = f"contains {word!r} and {name!r}: clients would take it for that of the environment {name!r}"
                    yield fault_at(stack, at, bucket, rule)


def _distinct_accounts(stacks: Stacks) -> Iterator[Fault]:
    for (one, first), (other, second) in combinations(stacks.items(), 2):
        if first.account.id == second.account.id:
            rule = f"is the account of the stack {one!r} too: each stack fills an account of its own"
            yield fault_at(other, ("account", "id"), second.account.id, rule)


def _distinct_buckets(stacks: Stacks) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for stack, settings in stacks.items():
        for at, bucket in _all_buckets(settings):
            where = f"{file_of(stack)}: {path(*at)}"
            if bucket in taken:
                rule = f"has this name in {taken[bucket]} already; bucket names are unique in all of AWS"
                yield fault_at(stack, at, bucket, rule)
            taken.setdefault(bucket, where)


def _distinct_networks(stacks: Stacks) -> Iterator[Fault]:
    valid = {stack: one.network.cidr for stack, one in stacks.items() if rules.network(one.network.cidr) is None}
    for (one, first), (other, second) in combinations(valid.items(), 2):
        if IPv4Network(first).overlaps(IPv4Network(second)):
            yield fault_at(other, ("network", "cidr"), second, f"overlaps {first} of {file_of(one)}")


def _distinct_releases(stacks: Stacks) -> Iterator[Fault]:
    taken: dict[tuple[str | None, str], str] = {}
    for stack, settings in stacks.items():
        for key, bucket in settings.buckets.items():
            if not bucket.receives_from:
                continue
            role = (bucket.receives_from.stack, names.sync_role(key))
            if role in taken:
                rule = (
                    f"the stack {taken[role]!r} releases into a bucket of this key from there too: the role {role[1]}"
                )
                yield fault_at(stack, ("buckets", key), key, f"{rule} can serve one; rename a key")
            taken.setdefault(role, stack)


def folders(stack: str, settings: Settings, directory: Path) -> Iterator[Fault]:
    """The workflow folders exist beside the stack file and hold WDL files that can be uploaded."""
    for name, environment in settings.environments.items():
        for value, rule in _folder(environment.workflows, directory):
            yield fault_at(stack, ("environments", name, "workflows"), value, rule)


def _folder(name: str, directory: Path) -> Iterator[tuple[str, str]]:
    """What is wrong with a folder or with a file in it, and the rule."""
    try:
        folder = (directory / name).resolve()
        if not folder.is_relative_to(directory.resolve()):
            yield name, "must be a folder of this repository"
            return
        if not folder.is_dir():
            yield name, "no such folder"
            return
        files = [*workflows.workflow_files(folder)]
    except (OSError, ValueError):
        yield name, "not a folder's name"
        return
    if not files:
        yield name, f"no {' or '.join(workflows.ENDINGS)} file in this folder"
    for file in files:
        try:
            workflows.content(file)
        except ValueError as error:
            yield f"{name}/{file.name}", str(error)


def dropped(stack: str, settings: Settings, protected: Mapping[str, str]) -> Iterator[Fault]:
    """Buckets protected when this stack was last brought up, and let go of by its file without ``retire``."""
    for key, name in sorted(protected.items()):
        bucket: Bucket | None = settings.buckets.get(key)
        if bucket is not None and bucket.name == name and (bucket.protected or bucket.retire):
            continue
        rule = f"the bucket {name} is deployed and protected; set retire: true on it and bring the stack up once"
        if bucket is None:
            yield fault_at(stack, ("buckets", key), None, f"{rule}, then remove the entry")
        elif bucket.name != name:
            yield fault_at(
                stack, ("buckets", key, "name"), bucket.name, f"{rule}, then use another key for another bucket"
            )
        else:
            yield fault_at(stack, ("buckets", key, "kind"), bucket.kind, f"{rule}, before it becomes unprotected")

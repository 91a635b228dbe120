"""An ingest whose right answer is known, from the source bucket to anyone's eyes and into a database: what `make up`
runs.

The tomogram is the phantom of ``examples/ingest``. Its job's spot machine is taken away once the first chunk of its
OME-Zarr is in the staging bucket; the state machine finishes it on demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import boto3

from components import names
from localcloud.server.process import Running, ask
from settings import Environment, Portal, Release

DATASET: Final = "10000"
RUN: Final = "TS_001"
DEPOSITION: Final = "10000"
TOMOGRAM: Final = f"phantom/{RUN}.mrc"
"""Its key in the source bucket, where the dataset's configuration looks for it."""
CONFIGURATION: Final = f"../dataset_configs/{DATASET}.yaml"
BATCH, IMPORT_BATCH = "make-up", "make-up-import"
"""The batches of the ingest and of the import: what they started once is not started again."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """An ingest into a staging bucket by the environment that releases from it."""

    account: str
    region: str
    role: str
    environment: str
    source: str
    release: Release

    @property
    def staging(self) -> str:
        return self.release.source.name

    @property
    def public(self) -> str:
        return self.release.destination.name


def examples(portal: Portal) -> list[Example]:
    """One for each release that an environment with an orchestrator makes, and whose account has a source bucket."""
    found: list[Example] = []
    for release in portal.releases():
        stack = next(one for one in portal.stacks.values() if one.account.id == release.source_account)
        sources = [bucket.name for bucket in stack.buckets.values() if bucket.kind == "source"]
        for name, environment in stack.environments.items():
            if sources and _releases_into(portal, environment, release):
                account = stack.account
                one = Example(
                    account=account.id,
                    region=account.region,
                    role=account.role,
                    environment=name,
                    source=sources[0],
                    release=release,
                )
                found.append(one)
    return found


@dataclass(frozen=True, kw_only=True)
class Import:
    """An environment whose jobs import what was released into its database."""

    stack: str
    environment: str

    @property
    def secret(self) -> str:
        return names.database_secret(self.environment)


def imports(portal: Portal, example: Example) -> list[Import]:
    """One for each environment that imports from the bucket into which the example is released."""
    return [
        Import(stack=stack, environment=name)
        for stack, settings in portal.stacks.items()
        for name, environment in settings.environments.items()
        if environment.database and environment.import_from and not environment.retire
        if portal.bucket(environment.import_from, stack) == example.release.destination
    ]


def _releases_into(portal: Portal, environment: Environment, release: Release) -> bool:
    ref = environment.orchestrator and environment.orchestrator.sync_into
    return bool(ref) and portal.bucket(ref) == release.destination


def administrator(example: Example, server: Running) -> dict[str, str]:
    """Variables of the credentials that put a depositor's file into the source bucket."""
    given = session_of(server, example.region, names.role_arn(example.account, example.role), "depositor")
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def session_of(server: Running, region: str, role: str, name: str) -> Mapping[str, str]:
    """``Credentials`` of an answer of AssumeRole, for the ARN of a role and a name for the session."""
    session = boto3.Session(server.access_key_id, server.secret_access_key, region_name=region)
    sts: Any = session.client("sts", endpoint_url=server.https_url, verify=server.ca_bundle)
    return sts.assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]


def has_tomogram(example: Example, server: Running) -> bool:
    """Whether the source bucket holds the tomogram, and so the ingest was begun."""
    buckets = ask(server, "GET", "inventory")[example.account]["buckets"]
    return example.source in buckets and TOMOGRAM in buckets[example.source]["objects"]


def take_machine_half_way(example: Example, server: Running) -> None:
    """The ingest's first machine goes once the first chunk of the OME-Zarr is in the staging bucket."""
    fault = {
        "kind": "reclaimed",
        "job_name": f"-dep{DEPOSITION}-ds{DATASET}-run",
        "after_object": f"{example.staging}/{DATASET}/*.zarr/0/0/0/0",
    }
    ask(server, "POST", "faults", fault)

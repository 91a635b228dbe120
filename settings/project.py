"""What holds for all stacks: ``portal.yaml``, beside the stack files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from components import rules
from settings.base import AccountId, Model, pattern, rule
from settings.faults import Fault, path, shown
from settings.yamlfile import read

FILE: Final = "portal.yaml"
Url = Annotated[str, rule(rules.web_address), pattern("^https?://.+$")]
Repository = Annotated[str, rule(rules.repository)]
NamePart = Annotated[str, rule(rules.name_part), pattern("^[a-z0-9][a-z0-9-]*$")]


class Registry(Model):
    """Where clients look for the images of jobs."""

    account: AccountId
    """The account that holds them: ``images`` of a stack of another account are refused."""
    ingest: Repository
    """The repository of the image that ingests; ``portal submit --ecr-repo`` takes its place."""
    import_: Annotated[Repository, Field(alias="import")]
    """The repository of the image that imports metadata."""


class ClientBuckets(Model):
    """How clients find an environment's buckets: by a word and the environment's name in the bucket's name."""

    wdl: NamePart
    """The word in the names of buckets with workflows (``wdl_bucket``)."""
    comms: NamePart
    """The word in the names of buckets with inputs and outputs of jobs (``comms_bucket``)."""


class DataUrls(Model):
    """Where data is on the web, for what ``portal submit`` sends; its ``--https-prefix`` takes their place."""

    production: Url
    """Of the environment ``prod``. An ingest writes it into its output, whatever the environment."""
    others: Url
    """Of the other environments."""


class Project(Model):
    """What holds for all stacks. Fixed once a stack is up: another value is another name, and so another resource."""

    prefix: Annotated[str, rule(rules.prefix), pattern("^[a-z][a-z0-9]{0,8}$")]
    """The names of roles, policies, state machines, clusters, queues and logs begin with it."""
    engineers: Annotated[tuple[AccountId, ...], Field(min_length=1)]
    """Accounts whose people bring stacks up: their identities may read and write all states, and encrypt and decrypt
    the secrets in them, as far as their own policies allow it. `portal bootstrap --state-bucket` sets the policy of
    the states' bucket so; `portal bootstrap`, `portal up` and `portal encrypt-state` that of an account's key."""
    registry: Registry
    client_buckets: ClientBuckets
    data_urls: DataUrls


def read_project(directory: Path) -> tuple[Project | None, list[Fault]]:
    """The project's settings, or their faults."""
    data, faults = read(directory / FILE)
    if faults:
        return None, faults
    try:
        return Project.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        return None, [
            Fault(
                file=FILE,
                key=path(*one["loc"]),
                value="" if one["type"] == "missing" else shown(one["input"]),
                rule="is required" if one["type"] == "missing" else one["msg"],
            )
            for one in error.errors(include_url=False)
        ]

"""Where a command is about to work and as whom: AWS or a local cloud, state, identity, accounts and roles."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from portal.errors import PortalError
from portal.recovery import Place

AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def cloud(endpoint: str) -> str:
    """What answers at an endpoint's URL."""
    host = urlsplit(endpoint).hostname or ""
    if host.endswith(AWS_DOMAINS):
        return "AWS"
    return f"the local cloud at {endpoint}" if host in THIS_MACHINE else f"{endpoint}, which is not AWS"


def on_this_machine(region: str) -> bool:
    """Whether the accounts are those of a local cloud."""
    endpoint = boto3.Session(region_name=region).client("sts").meta.endpoint_url
    return urlsplit(endpoint).hostname in THIS_MACHINE


def target(places: Mapping[str, Place]) -> Iterator[str]:
    """Lines that say it, for stacks by name. Raises PortalError without credentials or answer."""
    region = next(iter(places.values())).region
    sts = boto3.Session(region_name=region).client("sts")
    try:
        identity = sts.get_caller_identity()["Arn"]
    except (ClientError, BotoCoreError) as error:
        raise PortalError(f"{cloud(sts.meta.endpoint_url)} does not say who you are: {error}") from error
    yield f"target: {cloud(sts.meta.endpoint_url)}"
    yield f"  as {identity}, state in {os.environ.get('PULUMI_BACKEND_URL') or 'what `pulumi login` chose'}"
    for stack, place in places.items():
        yield f"  {stack}: account {place.account}, {place.region}, through {place.role}"

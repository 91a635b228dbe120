"""What is deployed where: the stacks' own record, beside what the accounts answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError

from components import names
from portal.accounts import session
from portal.clusters import ClusterStatus, cluster_status
from portal.databases import engines
from portal.machines import MachinesStatus, compute_environments, machines
from portal.pulumi_cli import Pulumi, outputs_of
from settings import Portal, Settings


@dataclass(frozen=True, kw_only=True)
class BucketStatus:
    """A bucket of the stack file; ``answer`` is what S3 says of it."""

    key: str
    name: str
    kind: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class StackStatus:
    """One account. ``resources`` counts what the state holds by type; empty: never brought up."""

    stack: str
    account: str
    region: str
    role: str
    updated: str
    resources: Mapping[str, int]
    outputs: Mapping[str, Any]
    buckets: list[BucketStatus]
    machines: list[MachinesStatus]
    """Empty too where there is no access."""
    engines: Mapping[str, str]
    """By environment, what answers as its database."""
    cluster: ClusterStatus | None
    """None too where there is no access."""
    refused: str = ""
    """Why there is no access to the account."""


@dataclass(frozen=True, kw_only=True)
class Live:
    """What the account answers; ``refused``: why there is no access to it."""

    buckets: list[BucketStatus]
    machines: list[MachinesStatus] = field(default_factory=list[MachinesStatus])
    engines: Mapping[str, str] = field(default_factory=dict[str, str])
    cluster: ClusterStatus | None = None
    refused: str = ""


def _answer(client: Any, bucket: str, account: str) -> str:
    try:
        client.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return {404: "missing", 403: "of another account, or closed to you"}.get(status, f"HTTP {status}")
    return "there"


def _buckets(settings: Settings) -> list[tuple[str, str, str]]:
    rows = [(key, bucket.name, bucket.kind) for key, bucket in settings.buckets.items()]
    for name, environment in settings.environments.items():
        rows += [
            (f"{name} wdl", environment.wdl_bucket, "workspace"),
            (f"{name} comms", environment.comms_bucket, "workspace"),
        ]
    return rows


def _live(settings: Settings, outputs: Mapping[str, Any], deployed: Collection[str]) -> Live:
    """``deployed``: names of the compute environments in the state. Raises BotoCoreError where AWS does not answer at
    all."""
    account, rows = settings.account, _buckets(settings)
    try:
        aws = session(names.role_arn(account.id, account.role), account.region)
    except ClientError as error:
        closed = [BucketStatus(key=k, name=n, kind=t, answer="no access") for k, n, t in rows]
        return Live(buckets=closed, refused=str(error))
    client = aws.client("s3")
    buckets = [BucketStatus(key=k, name=n, kind=t, answer=_answer(client, n, account.id)) for k, n, t in rows]
    clients = (aws.client(service) for service in ("batch", "ec2", "ecs"))
    standing = machines(outputs.get("orchestrators", {}), deployed, *clients)
    databases = outputs.get("databases")
    answering = engines(databases, aws.client("rds")) if databases else {}
    return Live(buckets=buckets, machines=standing, engines=answering, cluster=_cluster(settings, outputs, aws))


def _cluster(settings: Settings, outputs: Mapping[str, Any], aws: boto3.Session) -> ClusterStatus | None:
    if not outputs.get("cluster"):
        return None
    environments = [one for one in outputs.get("sites", {}) if one in settings.environments]
    services = {name: [*settings.environments[name].services] for name in environments}
    return cluster_status(outputs["cluster"]["name"], services, aws)


def _updated(pulumi: Pulumi) -> str:
    last = pulumi.last_update()
    return f"{last['kind']} {last['result']} {last['startTime']}" if last else "never"


def status(portal: Portal) -> list[StackStatus]:
    """The status of every stack that has a file. Raises PulumiError if the backend does not answer, BotoCoreError if
    AWS doesn't."""
    with ThreadPoolExecutor(len(portal.stacks)) as at_once:
        return [*at_once.map(lambda one: _of_stack(*one), sorted(portal.stacks.items()))]


def _of_stack(stack: str, settings: Settings) -> StackStatus:
    pulumi = Pulumi(stack=stack)
    state = pulumi.deployment()
    deployed, deployment = state is not None, state or {}
    resources = deployment.get("resources", [])
    outputs = outputs_of(deployment)
    live = _live(settings, outputs, compute_environments(deployment)) if deployed else Live(buckets=[])
    return StackStatus(
        stack=stack,
        account=settings.account.id,
        region=settings.account.region,
        role=settings.account.role,
        updated=_updated(pulumi) if deployed else "never",
        resources=dict(
            Counter(r["type"] for r in resources if r.get("custom") and not r["type"].startswith("pulumi:"))
        ),
        outputs=outputs,
        buckets=live.buckets,
        machines=live.machines,
        engines=live.engines,
        cluster=live.cluster,
        refused=live.refused,
    )

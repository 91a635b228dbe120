"""What an account has in Batch, by ARN."""

from __future__ import annotations

from localcloud.server.service import Resource

from .model import LOCK, ComputeEnvironment, Job, JobDefinition, JobQueue, stores

Item = ComputeEnvironment | JobQueue | JobDefinition | Job


def _item(arn: str) -> Item | None:
    _, _, _, region, account, rest = arn.split(":", 5)
    kind, _, name = rest.partition("/")
    store = next((each for each in stores() if (each.account, each.region) == (account, region)), None)
    if store is None:
        return None
    find = {
        "compute-environment": store.environment,
        "job-queue": store.queue,
        "job-definition": store.definition,
        "job": store.jobs.get,
    }.get(kind)
    return find(name) if find else None


def resource(arn: str) -> Resource | None:
    with LOCK:
        item = _item(arn)
        return Resource(owner=arn.split(":")[4], tags=dict(item.tags)) if item else None


def inventory(account: str) -> list[str]:
    with LOCK:
        return [
            item.arn
            for store in stores()
            if store.account == account
            for item in (
                *filter(None, map(store.environment, list(store.environments))),
                *filter(None, map(store.queue, list(store.queues))),
                *(each for revisions in store.definitions.values() for each in revisions),
                *store.jobs.values(),
            )
        ]

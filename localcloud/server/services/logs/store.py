"""moto's log groups, and the account's policies on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.logs.models import LogGroup, LogsBackend, logs_backends

from localcloud.server.call import Call
from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource


def account(call: Call) -> str:
    """The account in the ARN by which a group is identified; else the caller's."""
    named = call.params.get("logGroupIdentifier") or next(iter(call.params.get("logGroupIdentifiers") or ()), "")
    return str(named).split(":")[4] if str(named).startswith("arn:") else call.caller.account_id


def name_in(_: Call, identifier: str) -> str:
    """The name of the group that a name or an ARN identifies."""
    return identifier.split(":")[6] if identifier.startswith("arn:") else identifier


def backend(call: Call) -> LogsBackend:
    return logs_backends[call.account][call.region]


def group(call: Call) -> LogGroup | None:
    return backend(call).groups.get(str(call.params.get("logGroupName")))


def resource(arn: str) -> Resource | None:
    """A log group, also by the ARN of one of its streams."""
    parts = arn.split(":")
    state = backend_of(logs_backends, parts[4], parts[3])
    named = state.groups.get(parts[6]) if state and parts[5] == "log-group" and len(parts) > 6 else None
    if state is None or named is None:
        return None
    policy = _joined([str(item.policy_document) for item in state.resource_policies.values()])
    return Resource(owner=named.account_id, policy=policy, tags=state.list_tags_for_resource(named.arn))


def _joined(documents: list[str]) -> str | None:
    """Several policies as one document: a log group obeys all of the account's."""
    statements: list[Any] = []
    for document in documents:
        part: Any = json.loads(document)["Statement"]
        statements += part if isinstance(part, list) else [part]
    plain = [{name: value for name, value in item.items() if name != "Sid"} for item in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": plain}) if plain else None


def groups(owner: str) -> list[LogGroup]:
    """All of an account's."""
    return [group for state in of_account(logs_backends, owner) for group in state.groups.values()]


def inventory(owner: str) -> list[str]:
    """Groups, and what delivers other services' logs."""
    return [
        one.arn
        for state in of_account(logs_backends, owner)
        for resources in (state.groups, state.delivery_sources, state.delivery_destinations, state.deliveries)
        for one in resources.values()
    ]


@dataclass(frozen=True, kw_only=True)
class DeliveryOf:
    """How the logs of a resource are delivered. ``target``: the ARN of the bucket, with a prefix perhaps."""

    source: str
    target: str
    fields: list[str]
    path: str
    hive_compatible: bool


def deliveries_of(arn: str) -> Iterator[DeliveryOf]:
    """The deliveries of a resource's logs."""
    for state in of_account(logs_backends, arn.split(":")[4]):
        sources = {one.name: one.arn for one in state.delivery_sources.values() if arn in one.resource_arns}
        targets = {one.arn: one.delivery_destination_configuration for one in state.delivery_destinations.values()}
        for one in state.deliveries.values():
            if one.delivery_source_name in sources:
                yield DeliveryOf(
                    source=sources[one.delivery_source_name],
                    target=targets[one.delivery_destination_arn]["destinationResourceArn"],
                    fields=one.record_fields,
                    path=str(one.s3_delivery_configuration.get("suffixPath", "")),
                    hive_compatible=bool(one.s3_delivery_configuration.get("enableHiveCompatiblePath")),
                )

"""Web ACLs and IP sets of all accounts, by ARN."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from localcloud.server.call import Call
from localcloud.server.service import Resource


@dataclass(kw_only=True)
class Entity:
    """``kind``: ``webacl`` or ``ipset``. ``content``: the members of its description that requests give."""

    kind: str
    account: str
    region: str
    scope: str
    name: str
    content: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict[str, str])
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    lock_token: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def arn(self) -> str:
        place = "global" if self.scope == "CLOUDFRONT" else "regional"
        return f"arn:aws:wafv2:{self.region}:{self.account}:{place}/{self.kind}/{self.name}/{self.id}"

    def change(self, content: dict[str, Any]) -> None:
        self.content, self.lock_token = content, str(uuid.uuid4())


ENTITIES: dict[str, Entity] = {}


def scope(_call: Call, value: str) -> str:
    """A scope as ARNs have it."""
    return {"CLOUDFRONT": "global", "REGIONAL": "regional"}.get(value, value)


def resource(arn: str) -> Resource | None:
    entity = ENTITIES.get(arn)
    if entity is None:
        return None
    return Resource(owner=entity.account, tags=entity.tags, facts={"kind": entity.kind, **entity.content})


def inventory(account: str) -> Iterator[str]:
    return (arn for arn, one in ENTITIES.items() if one.account == account)


def users(arn: str) -> Iterator[str]:
    """Web ACLs whose rules name the ARN."""
    return (one.arn for one in ENTITIES.values() if arn in json.dumps(one.content.get("Rules", [])))

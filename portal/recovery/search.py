"""Tells which of the wanted resources an account may have, under which id, and what else there is of the stack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from portal.recovery.errors import RecoverError
from portal.recovery.ids import IDS, of_object
from portal.recovery.lookup import Item, Lookup
from portal.recovery.lookups import CREATED_AGAIN, LOOKUPS
from portal.recovery.places import Place
from portal.recovery.wanted import KUBERNETES, Resource, Wanted

OF_STACK: Final = ("project", "stack", "managed-by")
"""The tags that the program puts on everything, by which a stack's things are known (composition.account.tags)."""
TELLING: Final = (*OF_STACK, "Name")
"""The tags that tell one thing from another."""


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A wanted resource with the id that it has if it was made."""

    wanted: Wanted
    id: str
    inputs: Mapping[str, Any]


@dataclass
class Account:
    """What the state holds of an account, and what the account answers; each list is asked for once."""

    place: Place
    resources: list[Resource]
    """Of the state."""
    lists: dict[str, list[Item]] = field(default_factory=dict[str, list[Item]])

    def __post_init__(self) -> None:
        self.in_state = {(one["type"], one.get("id")) for one in self.resources if not one.get("pendingReplacement")}
        self.tags = _default_tags(self.resources)

    def find(self, wanted: Iterable[Wanted]) -> list[Existing]:
        """Those that were made or may have been. Raises RecoverError for one that there are several of, for a type that
        nothing is known of, and where AWS refuses to tell."""
        existing: list[Existing] = []
        for one in wanted:
            match = self._find(one)
            if match is None:
                continue
            if any((other.wanted.type, other.id) == (one.type, match.id) for other in existing):
                raise RecoverError(f"{one.urn}: {match.id} in account {self.place.account} may be another resource's")
            existing.append(match)
        return existing

    def _find(self, wanted: Wanted) -> Existing | None:
        if wanted.type in IDS or wanted.type.startswith(KUBERNETES):
            own = IDS.get(wanted.type, lambda inputs, _: of_object(inputs))
            id_ = own(wanted.inputs, self.place)
            return (
                None if (wanted.type, id_) in self.in_state else Existing(wanted=wanted, id=id_, inputs=wanted.inputs)
            )
        if wanted.type in CREATED_AGAIN:
            return None
        if wanted.type not in LOOKUPS:
            if not wanted.pending:
                return None
            raise RecoverError(
                f"{wanted.urn}: its creation was interrupted, and nothing tells how to find a {wanted.type}. Look for "
                f"it in account {self.place.account}; then run `pulumi refresh`, which asks for the id or clears it"
            )
        lookup = LOOKUPS[wanted.type]
        items = [item for item in self._list(wanted.type, lookup, wanted.inputs) if self._is(item, wanted, lookup)]
        if len(items) > 1:
            ids = ", ".join(item["id"] for item in items)
            raise RecoverError(
                f"{wanted.urn}: its creation was interrupted, and account {self.place.account} has {len(items)} like "
                f"it that the state does not hold: {ids}. Delete all but one, then run this again"
            )
        return (
            Existing(wanted=wanted, id=items[0]["id"], inputs=lookup.as_found(items[0], wanted.inputs))
            if items
            else None
        )

    def _is(self, item: Item, wanted: Wanted, lookup: Lookup) -> bool:
        if (wanted.type, item["id"]) in self.in_state or not lookup.alike(item, wanted.inputs):
            return False
        given = {**self.tags, **(wanted.inputs.get("tags") or {}), **(wanted.inputs.get("tagsAll") or {})}
        telling = {key: given[key] for key in TELLING if key in given}
        return not lookup.tags or telling.items() <= lookup.tags_of(item).items()

    def _list(self, type_: str, lookup: Lookup, inputs: Mapping[str, Any]) -> list[Item]:
        key = json.dumps([type_, inputs.get("region"), {name: inputs.get(name) for name in lookup.asked.values()}])
        if key not in self.lists:
            try:
                self.lists[key] = lookup.list(self.place, inputs)
            except (BotoCoreError, ClientError) as error:
                raise RecoverError(f"account {self.place.account} can't be searched for a {type_}: {error}") from error
        return self.lists[key]

    def orphans(self, types: Iterable[str], existing: Iterable[Existing]) -> list[str]:
        """What carries the stack's tags and is neither held nor found: a line for each, of the types given alone."""
        mine = {key: self.tags[key] for key in OF_STACK if key in self.tags}
        if len(mine) < len(OF_STACK):
            return []
        known = self.in_state | {(one.wanted.type, one.id) for one in existing}
        return [
            f"{type_} {item['id']}"
            for type_ in sorted({*types} & LOOKUPS.keys())
            if (lookup := LOOKUPS[type_]).orphans
            for item in self._list(type_, lookup, {})
            if (type_, item["id"]) not in known and mine.items() <= lookup.tags_of(item).items()
        ]


def _default_tags(resources: Iterable[Resource]) -> dict[str, str]:
    """What the program's provider puts on everything, by the state; nested settings of a provider are JSON texts."""
    for one in resources:
        given = (one.get("inputs") or {}).get("defaultTags") if one["type"] == "pulumi:providers:aws" else None
        if given:
            return dict((json.loads(given) if isinstance(given, str) else given).get("tags") or {})
    return {}

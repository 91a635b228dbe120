"""How one type of resource is looked for in an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath
from botocore.exceptions import ClientError

from portal.errors import code_of
from portal.recovery.places import Place

Item = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """How to find the resources of one type. Texts are JMESPath: of an answer (``items``), of an item (the others)."""

    service: str
    call: str
    items: str
    id: str
    same: Mapping[str, str] = field(default_factory=dict[str, str])
    """Input, or the path to a part of one → what of an item must be equal to it. One that is not given must have no
    counterpart."""
    asked: Mapping[str, str] = field(default_factory=dict[str, str])
    """Parameter of the call → the input that it takes; empty: the call tells all of the account."""
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Parameters of the call that are always the same."""
    tags: str = "Tags"
    """AWS's list of tags; "" for a type without, and for one whose name or place says enough."""
    tags_call: str = ""
    """The call that tells an item's tags where the list shows none; ``tags`` is then of its answer."""
    tags_asked: str = ""
    """Its parameter, which takes the item's id."""
    tags_asked_in_list: bool = False
    """Whether that parameter is a list of ids."""
    state_call: str = ""
    """The call that tells, where the list doesn't, of an item that is as good as gone."""
    gone: str = ""
    """Of its answer, what is true then; it takes the id as ``tags_call`` does."""
    marker: str = ""
    """Where an answer says what the next page begins with, for calls whose pages boto3 does not walk."""
    marker_asked: str = ""
    """The parameter that takes it."""
    absent: frozenset[str] = frozenset()
    """Error codes that mean: no such thing."""
    foreign: frozenset[str] = frozenset()
    """Error codes of ``state_call`` and ``tags_call`` that mean: somebody else's, who lets nobody look at it."""

    @property
    def orphans(self) -> bool:
        """Whether the account's region can be searched by one call for whatever carries the stack's tags."""
        return bool(self.tags) and not self.asked and not self.tags_call

    def list(self, place: Place, inputs: Mapping[str, Any]) -> list[Item]:
        """What the account has in the region that the inputs name, or else in its own. Raises botocore's errors."""
        client = place.client(self.service, inputs.get("region") or "")
        request = {**self.fixed, **{name: inputs[key] for name, key in self.asked.items()}}
        try:
            return [item for page in self._pages(client, request) for item in self._items(client, page)]
        except ClientError as error:
            if code_of(error) in self.absent:
                return []
            raise

    def _pages(self, client: Any, request: Mapping[str, Any]) -> Iterator[Any]:
        if client.can_paginate(self.call):
            yield from client.get_paginator(self.call).paginate(**request)
            return
        marker: Mapping[str, str] = {}
        while True:
            page = getattr(client, self.call)(**request, **marker)
            yield page
            following = jmespath.search(self.marker, page) if self.marker else None
            if not following or not jmespath.search(self.items, page):  # WAF gives a marker after its last page too
                return
            marker = {self.marker_asked: following}

    def _items(self, client: Any, answer: Any) -> list[Item]:
        items: list[Item] = []
        for item in jmespath.search(self.items, answer):
            id_ = jmespath.search(self.id, item)
            try:
                if not self._is_gone(client, id_):
                    items.append({"item": item, "id": id_, "tagged": self._tagged(client, item, id_)})
            except ClientError as error:
                if code_of(error) not in self.foreign:
                    raise
        return items

    def _is_gone(self, client: Any, id_: str) -> bool:
        if not self.state_call:
            return False
        return bool(jmespath.search(self.gone, getattr(client, self.state_call)(**{self.tags_asked: id_})))

    def _tagged(self, client: Any, item: Any, id_: str) -> Any:
        """The answer that has the item's tags."""
        asked = [id_] if self.tags_asked_in_list else id_
        return getattr(client, self.tags_call)(**{self.tags_asked: asked}) if self.tags_call else item

    def tags_of(self, item: Item) -> dict[str, str]:
        pairs = jmespath.search(self.tags, item["tagged"]) if self.tags else None
        return {pair["Key"]: pair["Value"] for pair in pairs or []}

    def alike(self, item: Item, inputs: Mapping[str, Any]) -> bool:
        """Whether the attributes are those of the inputs. What the engine made up (a name) is not compared."""
        made_up = inputs.get("__defaults") or []
        return all(
            name in made_up
            or _comparable(jmespath.search(name, inputs)) == _comparable(jmespath.search(path, item["item"]))
            for name, path in self.same.items()
        )

    def as_found(self, item: Item, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs, with what the engine had made up as it really is."""
        known = {name: jmespath.search(path, item["item"]) for name, path in self.same.items()}
        made_up = inputs.get("__defaults") or []
        return {**inputs, **{name: value for name, value in known.items() if name in made_up}}


def _comparable(value: Any) -> Any:
    """A list without its order, and nothing for what is empty."""
    return (sorted(value) if isinstance(value, list) else value) or None

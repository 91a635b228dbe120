"""What all that distributions name has alike: create, get, update, delete and list, by one pattern.

AWS facts: an update and a deletion name the ETag that they were made for (`IfMatch`), missing is 400 and stale 412;
names are unique in an account; what something names is not deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import managed, policy_rules
from .store import KINDS, Account, Entity, Kind, account, naming, random_id

SERVICE: Final = "cloudfront"
ENDPOINT: Final = "https://cloudfront.amazonaws.com/2020-05-31"
_PATHS: Final = {
    "OriginAccessControl": "origin-access-control",
    "CachePolicy": "cache-policy",
    "ResponseHeadersPolicy": "response-headers-policy",
    "PublicKey": "public-key",
    "KeyGroup": "key-group",
}
_WITH_MARKER: Final = ("ListDistributions", "ListInvalidations", "ListOriginAccessControls", "ListVpcOrigins")
_PAGE: Final = 100


def matching(call: Call, entity: Entity) -> None:
    """The caller speaks of the entity as it is now."""
    given = call.params.get("IfMatch")
    if not given:
        text = "The If-Match version is missing or not valid for the resource."
        raise Refusal("InvalidIfMatchVersion", text, 400)
    if given != entity.etag:
        raise Refusal("PreconditionFailed", "The request failed because it didn't meet the preconditions.", 412)


def listed(call: Call, items: list[Params]) -> Params:
    """A page, from what the marker says on: the number of those before it, which AWS does not tell."""
    begin, most = int(call.params.get("Marker") or 0), min(int(call.params.get("MaxItems") or _PAGE), _PAGE)
    page, more = items[begin : begin + most], begin + most < len(items)
    answer: Params = {"Quantity": len(page), "MaxItems": most, "Items": page}
    if more:
        answer["NextMarker"] = str(begin + most)
    if call.operation in _WITH_MARKER:
        answer |= {"Marker": call.params.get("Marker") or "", "IsTruncated": more}
    return answer


def find(cloudfront: Account, kind: Kind, entity_id: str) -> Entity:
    """The account's own entity, or AWS's. Raises Refusal."""
    entity = cloudfront.entities[kind.name].get(entity_id) or managed.POLICIES.get(kind.name, {}).get(entity_id)
    if entity is None:
        raise Refusal(kind.missing, f"The specified {_words(kind)} does not exist.", 404)
    return entity


def _own(call: Call, kind: Kind) -> Entity:
    entity = find(account(call.account), kind, call.params["Id"])
    if entity.id in managed.POLICIES.get(kind.name, {}):
        raise Refusal("AccessDenied", "You cannot change or delete a managed policy.", 403)
    matching(call, entity)
    return entity


def _words(kind: Kind) -> str:
    return _PATHS[kind.name].replace("-", " ")


def _answer(kind: Kind, entity: Entity) -> Params:
    when = {kind.updated: entity.modified} if kind.updated else {}
    return {"Id": entity.id, kind.config: entity.config, **when}


def _checked(call: Call, kind: Kind, own: Entity | None = None) -> Params:
    cloudfront, config = account(call.account), dict(call.params[kind.config])
    policy_rules.RULES[kind.name](config, cloudfront)
    for other in cloudfront.entities[kind.name].values():
        if other is not own and other.config["Name"] == config["Name"]:
            raise Refusal(kind.taken, f"A {_words(kind)} with the same name already exists in this account.", 409)
    return config


def _create(kind: Kind) -> Callable[[Call], Params]:
    def create(call: Call) -> Params:
        entity = Entity(id=random_id(kind.prefix), config=_checked(call, kind))
        account(call.account).entities[kind.name][entity.id] = entity
        call.response_status = 201
        location = f"{ENDPOINT}/{_PATHS[kind.name]}/{entity.id}"
        return {kind.name: _answer(kind, entity), "Location": location, "ETag": entity.etag}

    return create


def _get(kind: Kind) -> Callable[[Call], Params]:
    def get(call: Call) -> Params:
        entity = find(account(call.account), kind, call.params["Id"])
        if call.operation.endswith("Config"):
            return {kind.config: entity.config, "ETag": entity.etag}
        return {kind.name: _answer(kind, entity), "ETag": entity.etag}

    return get


def _update(kind: Kind) -> Callable[[Call], Params]:
    def update(call: Call) -> Params:
        entity = _own(call, kind)
        entity.change(_checked(call, kind, entity))
        return {kind.name: _answer(kind, entity), "ETag": entity.etag}

    return update


def _delete(kind: Kind) -> Callable[[Call], Params]:
    def delete(call: Call) -> Params:
        entity, cloudfront = _own(call, kind), account(call.account)
        if used := naming(cloudfront, kind.name, entity.id):
            text = f"The specified {_words(kind)} is currently in use by {len(used)} resource(s)."
            raise Refusal(kind.in_use, text, 409)
        del cloudfront.entities[kind.name][entity.id]
        call.response_status = 204
        return {}

    return delete


def _list(kind: Kind) -> Callable[[Call], Params]:
    def list_all(call: Call) -> Params:
        own = list(account(call.account).entities[kind.name].values())
        rows = [_row(kind, entity, "custom") for entity in own if call.params.get("Type") != "managed"]
        if call.params.get("Type") != "custom":
            rows += [_row(kind, one, "managed") for one in managed.POLICIES.get(kind.name, {}).values()]
        return {f"{kind.name}List": listed(call, rows)}

    return list_all


def _row(kind: Kind, entity: Entity, type_: str) -> Params:
    """A list has policies with their type, and the members of other things beside their ids."""
    if kind.name in ("CachePolicy", "ResponseHeadersPolicy"):
        return {"Type": type_, kind.name: _answer(kind, entity)}
    if kind.name == "KeyGroup":
        return {"KeyGroup": _answer(kind, entity)}
    when = {kind.updated: entity.modified} if kind.updated else {}
    left_out = {key: value for key, value in entity.config.items() if key != "CallerReference"}
    return {"Id": entity.id, **left_out, **when}


for _kind in KINDS.values():
    HOOKS.instead(SERVICE, f"Create{_kind.name}")(_create(_kind))
    HOOKS.instead(SERVICE, f"Get{_kind.name}", f"Get{_kind.name}Config")(_get(_kind))
    HOOKS.instead(SERVICE, f"Update{_kind.name}")(_update(_kind))
    HOOKS.instead(SERVICE, f"Delete{_kind.name}")(_delete(_kind))
    HOOKS.instead(SERVICE, f"List{_kind.name}s".replace("Policys", "Policies"))(_list(_kind))

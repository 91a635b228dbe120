"""Tags of everything that has an ARN."""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import store
from .model import NOT_FOUND
from .parts import Tags


def _tags(call: Call) -> Tags:
    arn = call.params["resourceArn"]
    tagged = store.by_arn(arn) if arn.count(":") >= 5 else None
    if tagged is None:
        raise Refusal(NOT_FOUND, f"No resource found for ARN: {arn}", 404)
    return tagged.tags


@HOOKS.instead("eks", "ListTagsForResource")
def listed(call: Call) -> Params:
    return {"tags": dict(_tags(call))}


@HOOKS.instead("eks", "TagResource")
def add(call: Call) -> Params:
    _tags(call).update(call.params["tags"])
    return {}


@HOOKS.instead("eks", "UntagResource")
def remove(call: Call) -> Params:
    tags = _tags(call)
    for key in call.params["tagKeys"]:
        tags.pop(key, None)
    return {}

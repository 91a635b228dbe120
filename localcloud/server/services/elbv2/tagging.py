"""Tags of load balancers, listeners, rules and target groups."""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import store
from .store import Thing


def _things(call: Call) -> list[Thing]:
    things: list[Thing] = []
    for arn in call.params["ResourceArns"]:
        tagged = store.thing(arn)
        if tagged is None:
            kind = {"loadbalancer": "LoadBalancer", "targetgroup": "TargetGroup", "listener": "Listener"}
            word = kind.get(arn.split(":", 5)[-1].partition("/")[0], "Rule")
            raise Refusal(f"{word}NotFound", f"The following resource does not exist: {arn}")
        things.append(tagged)
    return things


@HOOKS.instead("elbv2", "DescribeTags")
def describe(call: Call) -> Params:
    return {"TagDescriptions": [{"ResourceArn": one.arn, "Tags": store.as_list(one.tags)} for one in _things(call)]}


@HOOKS.instead("elbv2", "AddTags")
def add(call: Call) -> Params:
    for one in _things(call):
        one.tags |= store.tags_in(call.params)
    return {}


@HOOKS.instead("elbv2", "RemoveTags")
def remove(call: Call) -> Params:
    for one in _things(call):
        for key in call.params["TagKeys"]:
            one.tags.pop(key, None)
    return {}

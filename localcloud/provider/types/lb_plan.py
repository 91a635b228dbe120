"""What pulumi-aws checks of a listener's and a rule's actions and conditions before a change is carried out."""

from collections.abc import Callable
from typing import Final

from localcloud.provider.plan import Faults, Plan, Rule, block_list
from localcloud.provider.property_values import UNKNOWN

_IGNORED: Final = "AWS refuses what does not fit"
_BLOCKS: Final = {"redirect": "redirect", "fixed-response": "fixed_response"}


_CONDITIONS: Final = (
    "host_header", "http_header", "http_request_method", "path_pattern", "query_string", "source_ip",
)  # fmt: skip


def _forwards(name: str) -> Callable[[Plan], Faults]:
    """An action of type forward names its target groups, in one way or, alike, in both."""

    def check(plan: Plan) -> Faults:
        faults = Faults()
        for index, action in enumerate(block_list(plan.new.get(name))):
            if action.get("type") != "forward":
                continue
            arn, block = action.get("target_group_arn"), action.get("forward")
            if not arn and not block:
                text = "target_group_arn or forward must be given for the type forward"
                faults.append((f"{name}[{index}]", text))
            groups = [one.get("arn") for one in block_list((block or {}).get("target_group"))] if block else []
            if arn and arn is not UNKNOWN and any(one not in (arn, UNKNOWN) for one in groups):
                faults.append((f"{name}[{index}]", "target_group_arn and forward must name the same target group"))
        return faults

    return check


def _own_block(name: str) -> Callable[[Plan], Faults]:
    def check(plan: Plan) -> Faults:
        return [
            (f"{name}[{index}]", f"{_BLOCKS[action['type']]} must be given for the type {action['type']}")
            for index, action in enumerate(block_list(plan.new.get(name)))
            if action.get("type") in _BLOCKS and not action.get(_BLOCKS[action["type"]])
        ]

    return check


def one_condition(plan: Plan) -> Faults:
    return [
        (f"condition[{index}]", f"exactly one of {', '.join(_CONDITIONS)} must be given")
        for index, one in enumerate(block_list(plan.new.get("condition")))
        if sum(bool(one.get(name)) for name in _CONDITIONS) != 1
    ]


def action_rules(name: str) -> tuple[Rule, ...]:
    return (
        (f"{name} type forward", _forwards(name)),
        (f"{name} type redirect", _own_block(name)),
        (f"{name} blocks that do not fit", _IGNORED),
        (f"{name} forward missing", "the state has the block only if the program has it"),
    )

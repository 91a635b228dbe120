"""Rules between old state and new inputs of Elastic Load Balancing's types. See `plan_rules`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from localcloud.provider.plan import REFUSED, Faults, Plan, Rule
from localcloud.provider.wire import UNKNOWN

_OTHER_TYPES: Final = "other types of load balancers and target groups are refused"
_IGNORED: Final = "AWS refuses what does not fit"
_BLOCKS: Final = {"redirect": "redirect", "fixed-response": "fixed_response"}
_CONDITIONS: Final = (
    "host_header", "http_header", "http_request_method", "path_pattern", "query_string", "source_ip",
)  # fmt: skip


def _blocks(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _forwards(name: str) -> Callable[[Plan], Faults]:
    """An action of type forward names its target groups, in one way or, alike, in both."""

    def check(plan: Plan) -> Faults:
        faults = Faults()
        for index, action in enumerate(_blocks(plan.new.get(name))):
            if action.get("type") != "forward":
                continue
            arn, block = action.get("target_group_arn"), action.get("forward")
            if not arn and not block:
                text = "target_group_arn or forward must be given for the type forward"
                faults.append((f"{name}[{index}]", text))
            groups = [one.get("arn") for one in _blocks((block or {}).get("target_group"))] if block else []
            if arn and arn is not UNKNOWN and any(one not in (arn, UNKNOWN) for one in groups):
                faults.append((f"{name}[{index}]", "target_group_arn and forward must name the same target group"))
        return faults

    return check


def _own_block(name: str) -> Callable[[Plan], Faults]:
    def check(plan: Plan) -> Faults:
        return [
            (f"{name}[{index}]", f"{_BLOCKS[action['type']]} must be given for the type {action['type']}")
            for index, action in enumerate(_blocks(plan.new.get(name)))
            if action.get("type") in _BLOCKS and not action.get(_BLOCKS[action["type"]])
        ]

    return check


def _one_condition(plan: Plan) -> Faults:
    return [
        (f"condition[{index}]", f"exactly one of {', '.join(_CONDITIONS)} must be given")
        for index, one in enumerate(_blocks(plan.new.get("condition")))
        if sum(bool(one.get(name)) for name in _CONDITIONS) != 1
    ]


def _check_by_tcp(plan: Plan) -> Faults:
    check: Mapping[str, Any] = plan.new.get("health_check") or {}
    if check.get("protocol") == "TCP" and plan.new.get("protocol") in ("HTTP", "HTTPS"):
        return [("health_check.protocol", f"cannot be TCP for a target group of {plan.new['protocol']}")]
    return []


def _needs(plan: Plan) -> Faults:
    if plan.new.get("target_type") == "lambda":
        return []
    return [
        (name, "must be given for target types other than lambda")
        for name in ("port", "protocol", "vpc_id")
        if plan.new.get(name) is None
    ]


def _actions(name: str) -> tuple[Rule, ...]:
    return (
        (f"{name} type forward", _forwards(name)),
        (f"{name} type redirect", _own_block(name)),
        (f"{name} blocks that do not fit", _IGNORED),
        (f"{name} forward missing", "the state has the block only if the program has it"),
    )


BALANCING: Final[dict[str, tuple[Rule, ...]]] = {
    "aws_lb": (
        ("application (existing)", "subnet_mapping is refused as an input"),
        ("network (existing)", _OTHER_TYPES),
        ("these checks run only", "subnet_mapping is refused as an input"),
        ("gateway", _OTHER_TYPES),
        ("attributes that do not belong", "those inputs are refused"),
    ),
    "aws_lb_listener": (*_actions("default_action"), ("routing_http_request_*", REFUSED)),
    "aws_lb_listener_rule": (
        *_actions("action"),
        ("each condition block", _one_condition),
        ("transform", REFUSED),
    ),
    "aws_lb_target_group": (
        ("health_check.protocol TCP", "health checks by TCP are of network load balancers"),
        ("protocol HTTP or HTTPS with health_check.protocol TCP", _check_by_tcp),
        ("target_type lambda", _OTHER_TYPES),
        ("target_type other than lambda", _needs),
        ("protocol_version changes", _OTHER_TYPES),
        ("stickiness.cookie_duration", REFUSED),
    ),
}

"""When two values of a field are the same, and what differs by path.

Terraform's older types don't tell an absent value from an empty one, so neither does this module. A property that is
both optional and computed keeps the provider's value while the program leaves it out.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from typing import Any, Final, Literal

from localcloud.provider.iam_json import same_json, same_policy
from localcloud.provider.property_values import UNKNOWN, Asset
from localcloud.provider.rules import Field

Plain = Any
Kind = Literal["add", "delete", "update"]


@dataclass(frozen=True)
class Change:
    """One difference, at a Pulumi path such as `rules[0].filter.prefix`."""

    path: str
    kind: Kind
    replace: bool


@dataclass(frozen=True)
class DiffResult:
    """What an update would change: the differences, and whether the old resource goes before the new one comes."""

    changes: list[Change] = field(default_factory=list[Change])
    delete_before_replace: bool = False


def _same_key(left: str, right: str) -> bool:
    return left.rsplit("key/", 1)[-1] == right.rsplit("key/", 1)[-1]


def _same_number(left: str, right: str) -> bool:
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:
        return left == right


def _same_lifecycle(left: str, right: str) -> bool:
    """Whether two lifecycle policies of ECR are the same: their rules go by priority, not by place."""
    try:
        return _by_priority(json.loads(left)) == _by_priority(json.loads(right))
    except (ValueError, TypeError, AttributeError):
        return left == right


def _by_priority(policy: Any) -> Any:
    return {**policy, "rules": sorted(policy.get("rules", []), key=lambda rule: rule.get("rulePriority", 0))}


def _same_container(left: str, right: str) -> bool:
    """Whether two containers of Batch are the same: AWS answers with empty lists for what was left out, and drops
    variables without a value."""
    try:
        return _reduced(json.loads(left)) == _reduced(json.loads(right))
    except ValueError:
        return left == right


def _reduced(value: Any) -> Any:
    if isinstance(value, list):
        return [_reduced(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _reduced(item) for key, item in value.items() if item not in (None, [], {})}
    for name in ("environment", "resourceRequirements"):
        items = found.get(name)
        if isinstance(items, list):
            kept = [item for item in items if item.get("value")]
            found[name] = sorted(kept, key=lambda item: json.dumps(item, sort_keys=True))
    return {key: item for key, item in found.items() if item not in ([], {})}


_SAME: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "": lambda left, right: left == right,
    "equivalent IAM policies are no diff": same_policy,
    "equivalent JSON is no diff": same_json,
    "key id equals its ARN": _same_key,
    "https:// prefix ignored": lambda left, right: left.removeprefix("https://") == right.removeprefix("https://"),
    "case and trailing dot are no diff": lambda left, right: left.lower().rstrip(".") == right.lower().rstrip("."),
    "equal numbers are no diff": _same_number,
    "case-insensitive": lambda left, right: left.lower() == right.lower(),
    "absent block vs present is no diff": lambda left, right: left == right,
    "reordered addresses are no diff": lambda left, right: left == right,
    "equal CIDR blocks are no diff": lambda left, right: ip_network(left) == ip_network(right),
    "suffix ignored for autoscaling service": lambda left, right: left == right,
    'null and "" alike': lambda left, right: left == right,
    "ignored for DELIVERY class (retention fixed at 2)": lambda left, right: left == right,
    "equivalent lifecycle policies are no diff": _same_lifecycle,
    "equivalent container properties are no diff": _same_container,
    # Of inputs that this provider refuses (aws_batch_job_definition).
    "equivalent ECS properties are no diff": lambda left, right: left == right,
    "equivalent node properties are no diff": lambda left, right: left == right,
    # Of an input that this provider refuses (aws_sqs_queue.kms_data_key_reuse_period_seconds).
    "suppressed when a KMS key is set and SSE-SQS is off": lambda left, right: left == right,
    # Of an input that this provider refuses (aws_iam_role.inline_policy): never reached with a value.
    "no diff when declared inline policies match actual": lambda left, right: left == right,
}


_RESPELLED: Final = (
    "equivalent IAM policies are no diff",
    "equivalent JSON is no diff",
    "equivalent lifecycle policies are no diff",
)
"""Documents that AWS answers in its own spelling: state keeps the old text of an equivalent one, as pulumi-aws does."""


def known_rule(field: Field) -> bool:
    """Whether the field's `diff_suppress` is carried out."""
    return field.same_as in _SAME


def empty(value: Plain) -> bool:
    """Whether the value is what an absent one reads back as."""
    return value is None or (
        not isinstance(value, (Asset,)) and value is not UNKNOWN and value in ("", 0, False, [], {})
    )


def same(field: Field, new: Plain, old: Plain) -> bool:
    """Whether planning `new` over `old` changes nothing."""
    return not changes(field, new, old, "", framework=True)


def changes(field: Field, new: Plain, old: Plain, path: str, *, framework: bool) -> list[Change]:
    """What differs. `new` is None when the program leaves the property out."""
    silent = field.write_only or _left_out(field, new, framework=framework)
    if silent or (_blank(field, new) and _blank(field, old)):
        return []
    if new is UNKNOWN:
        return [Change(path, "add" if old is None else "update", field.force_new)]
    if field.kind == "object":
        return _object(field, new, old, path, framework=framework)
    if field.kind == "map":
        return _map(field, new or {}, old or {}, path)
    if field.kind in ("list", "set") and field.item == "object":
        return _blocks(field, new or [], old or [], path, framework=framework)
    return _leaf(field, new, old, path)


def _left_out(field: Field, new: Plain, *, framework: bool) -> bool:
    """Whether the provider's own value stands: the older types cannot tell an empty list from none."""
    cannot_tell = not framework and not field.attribute_mode and field.kind in ("list", "set")
    return field.computed and (new is None or (cannot_tell and new == []))


def _leaf(field: Field, new: Plain, old: Plain, path: str) -> list[Change]:
    if field.kind in ("list", "set"):
        return _scalars(field, new or [], old or [], path)
    unchanged = not empty(new) and not empty(old) and _scalar_same(field, new, old)
    replace = field.force_new or (field.replaced_when_set and empty(new) != empty(old))
    return [] if unchanged else [Change(path, _kind(new, old), replace)]


def _kind(new: Plain, old: Plain) -> Kind:
    if old is None:
        return "add"
    return "delete" if new is None else "update"


def _scalar_same(field: Field, new: Plain, old: Plain) -> bool:
    if isinstance(new, Asset) or isinstance(old, Asset):
        return isinstance(new, Asset) and isinstance(old, Asset) and new.hash == old.hash
    if not isinstance(new, str) or not isinstance(old, str):
        return bool(new == old)
    return _SAME[field.same_as](new, old)


def _object(field: Field, new: Plain, old: Plain, path: str, *, framework: bool) -> list[Change]:
    """A block that came or went is one change; else the changes are its children's."""
    if new is None or old is None:
        replace = field.force_new or _any_force(field, new)
        return [Change(path, _kind(new, old), replace)]
    found: list[Change] = []
    for child in field.children.values():
        below = f"{path}.{child.pulumi}" if path else child.pulumi
        found += changes(child, new.get(child.name), old.get(child.name), below, framework=framework)
    if framework and field.force_new:
        found = [Change(change.path, change.kind, True) for change in found]
    return found


def _blank(field: Field, value: Plain) -> bool:
    """Whether the value says nothing that its absence doesn't. A block that can hold nothing speaks by being there."""
    if field.kind != "object" or value is None or value is UNKNOWN:
        return empty(value)
    return bool(field.children) and all(_blank(field.children[name], item) for name, item in value.items())


def _any_force(field: Field, new: Plain) -> bool:
    """Whether a block that is added brings a leaf that replaces."""
    given: Mapping[str, Plain] = new or {}
    return any(child.force_new and not empty(given.get(child.name)) for child in field.children.values())


def _blocks(field: Field, new: list[Plain], old: list[Plain], path: str, *, framework: bool) -> list[Change]:
    """Elements are compared place by place; those of a set that have a counterpart anywhere are left out first."""
    left, right = _unmatched(field, new, old) if field.kind == "set" else (dict(enumerate(new)), dict(enumerate(old)))
    pairs = list(zip(left, right, strict=False))
    found: list[Change] = []
    for index, place in pairs:
        where = f"{path}[{index}]"
        if left[index] is UNKNOWN:
            found.append(Change(where, "update", framework and field.force_new))
        else:
            found += _object(field, left[index], right[place], where, framework=framework)
    found += [Change(f"{path}[{index}]", "add", field.force_new) for index in list(left)[len(pairs) :]]
    return found + [Change(f"{path}[{index}]", "delete", field.force_new) for index in list(right)[len(pairs) :]]


def _unmatched(field: Field, new: list[Plain], old: list[Plain]) -> tuple[dict[int, Plain], dict[int, Plain]]:
    """The elements of two sets, by index, that have no counterpart on the other side."""
    left, right = dict(enumerate(new)), dict(enumerate(old))
    for index, item in list(left.items()):
        for place, other in right.items():
            if item is not UNKNOWN and not _object(field, item, other, "", framework=True):
                del left[index], right[place]
                break
    return left, right


def _map(field: Field, new: Mapping[str, Plain], old: Mapping[str, Plain], path: str) -> list[Change]:
    return [
        Change(
            f"{path}.{key}" if key.isidentifier() else f'{path}["{key}"]',
            _kind(new.get(key), old.get(key)),
            field.force_new,
        )
        for key in sorted({*new, *old})
        if new.get(key) != old.get(key)
    ]


def _scalars(field: Field, new: list[Plain], old: list[Plain], path: str) -> list[Change]:
    if field.kind == "set":
        added = [index for index, item in enumerate(new) if item not in old]
        gone = [index for index, item in enumerate(old) if item not in new]
        return [Change(f"{path}[{index}]", "add", field.force_new) for index in added] + [
            Change(f"{path}[{index}]", "delete", field.force_new) for index in gone if index not in added
        ]
    found = [
        Change(f"{path}[{index}]", "update", field.force_new)
        for index, (left, right) in enumerate(zip(new, old, strict=False))
        if left != right
    ]
    found += [Change(f"{path}[{index}]", "add", field.force_new) for index in range(len(old), len(new))]
    return found + [Change(f"{path}[{index}]", "delete", field.force_new) for index in range(len(new), len(old))]


def align(field: Field, prior: Plain, actual: Plain) -> Plain:
    """What AWS holds, spelled as it was before where both mean the same: text of a policy, order of a set."""
    if prior is None or actual is None or prior is UNKNOWN:
        return actual
    if field.kind == "object" and isinstance(prior, Mapping) and isinstance(actual, Mapping):
        return {
            key: align(field.children[key], prior.get(key), value) if key in field.children else value
            for key, value in actual.items()
        }
    if field.kind in ("list", "set") and isinstance(prior, list) and isinstance(actual, list):
        return _align_list(field, prior, actual)
    if field.kind in ("map", "object", "list", "set") or type(prior) is not type(actual):
        return actual
    respelled = field.same_as in _RESPELLED and _scalar_same(field, prior, actual)
    return prior if respelled else actual


def _align_list(field: Field, prior: list[Plain], actual: list[Plain]) -> list[Plain]:
    ordered, left = list[Plain](), list(actual)
    element = Field(path=field.path, name=field.name, pulumi=field.pulumi, kind="object", children=field.children)
    if field.kind == "list":
        if field.item != "object":
            return actual
        return [align(element, prior[i] if i < len(prior) else None, item) for i, item in enumerate(actual)]
    for item in prior:
        match = next((other for other in left if _covers(field, item, other)), None)
        if match is not None:
            left.remove(match)
            ordered.append(align(element, item, match) if field.item == "object" else match)
    return ordered + left


def _covers(field: Field, item: Plain, other: Plain) -> bool:
    if field.item == "object":
        return item is not UNKNOWN and not _object(field, item, other, "", framework=True)
    return bool(item == other)

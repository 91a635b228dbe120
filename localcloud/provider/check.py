"""Check: the program's inputs against the type's rules, then what the provider fills in.

Every fault of a resource is reported at once, by its Pulumi path. Unknown values pass: they are checked again when
known.
"""

import difflib
import json
from collections.abc import Mapping
from typing import Any

from localcloud.provider.property_values import UNKNOWN, Asset, has_unknown
from localcloud.provider.results import Failures
from localcloud.provider.rules import Field, Rules, camel

Plain = Any


def check_inputs(rules: Rules, news: Mapping[str, Plain]) -> tuple[dict[str, Plain], Failures]:
    """The inputs by Terraform names with defaults filled in, and what is wrong with them.

    An input that AWS's documents call a policy or JSON may be given as an object: it becomes text.
    """
    failures = Failures()
    checked = _object(rules.root, news, "", failures, news)
    return checked, failures


def _object(
    field: Field, value: Mapping[str, Plain], path: str, failures: Failures, root: Mapping[str, Plain]
) -> dict[str, Plain]:
    children, plain = field.by_pulumi, dict[str, Plain]()
    for key, item in value.items():
        child, where = children.get(key), f"{path}.{key}" if path else key
        if child is None or not child.is_input:
            failures.append((where, _unknown_key(key, children, output=child is not None)))
        else:
            plain[child.name] = check_value(child, item, where, failures, root)
    for child in children.values():
        if child.name in plain or not child.is_input:
            continue
        where = f"{path}.{child.pulumi}" if path else child.pulumi
        if child.default is not None:
            plain[child.name] = child.default
        elif child.required:
            failures.append((where, "is required"))
    given = {child.name for key, child in children.items() if key in value}
    _check_relations(field, value, given, path, failures, root)
    return plain


def _unknown_key(key: str, children: Mapping[str, Field], *, output: bool) -> str:
    if output:
        return "is an output, it cannot be set"
    inputs = [name for name, child in children.items() if child.is_input]
    close = difflib.get_close_matches(key, inputs, n=1)
    return f"unknown property{f'; did you mean {close[0]}?' if close else '; known are ' + ', '.join(sorted(inputs))}"


def check_value(field: Field, value: Plain, path: str, failures: Failures, root: Mapping[str, Plain]) -> Plain:
    """One value against its field. Returns it in the field's own type."""
    if field.json_text and isinstance(value, (Mapping, list)):
        value = UNKNOWN if has_unknown(value) else json.dumps(value, separators=(",", ":"))
    if value is UNKNOWN:
        return UNKNOWN
    if field.kind in ("list", "set"):
        return _items(field, value, path, failures, root)
    if field.kind == "map":
        return _map(field, value, path, failures)
    if field.kind != "object":
        return _checked_text(field, value, path, failures)
    if isinstance(value, Mapping):
        return _object(field, value, path, failures, root)
    failures.append((path, f"must be an object, is {_shown(value)}"))
    return value


def _checked_text(field: Field, value: Plain, path: str, failures: Failures) -> Plain:
    if not _has_type(field.kind, value):
        failures.append((path, f"must be {_TYPES[field.kind]}, is {_shown(value)}"))
        return value
    if field.enum and value not in field.enum:
        failures.append((path, f"must be one of {', '.join(map(str, field.enum))}, is {_shown(value)}"))
    _validate(field, value, path, failures)
    return value


_TYPES = {"string": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}


def _has_type(kind: str, value: Plain) -> bool:
    if kind == "string":
        return isinstance(value, (str, Asset))
    if kind == "bool":
        return isinstance(value, bool)
    return not isinstance(value, bool) and isinstance(value, int if kind == "int" else (int, float))


def _validate(field: Field, value: Plain, path: str, failures: Failures) -> None:
    if isinstance(value, Asset):
        return
    for validator in field.validators:
        fault = validator.check(value)
        if fault is not None:
            failures.append((path, fault))


def _items(field: Field, value: Plain, path: str, failures: Failures, root: Mapping[str, Plain]) -> Plain:
    if not isinstance(value, list):
        failures.append((path, f"must be a list, is {_shown(value)}"))
        return value
    if field.max_items is not None and len(value) > field.max_items:
        failures.append((path, f"must have at most {field.max_items} elements, has {len(value)}"))
    if len(value) < max(field.min_items, 1 if field.required else 0):
        failures.append((path, f"must have at least {max(field.min_items, 1)} elements, has {len(value)}"))
    _validate(field, value, path, failures)
    return [_item(field, item, f"{path}[{index}]", failures, root) for index, item in enumerate(value)]


def _item(field: Field, item: Plain, path: str, failures: Failures, root: Mapping[str, Plain]) -> Plain:
    if item is UNKNOWN:
        return UNKNOWN
    if field.item == "object":
        if not isinstance(item, Mapping):
            failures.append((path, f"must be an object, is {_shown(item)}"))
            return item
        return _object(field, item, path, failures, root)
    if not _has_type(field.item, item):
        failures.append((path, f"must be {_TYPES[field.item]}, is {_shown(item)}"))
        return item
    if field.item_enum and item not in field.item_enum:
        failures.append((path, f"must be one of {', '.join(map(str, field.item_enum))}, is {_shown(item)}"))
    for validator in field.item_validators:
        fault = validator.check(item)
        if fault is not None:
            failures.append((path, fault))
    return item


def _map(field: Field, value: Plain, path: str, failures: Failures) -> Plain:
    if not isinstance(value, Mapping):
        failures.append((path, f"must be a map, is {_shown(value)}"))
        return value
    for key, item in value.items():
        if item is not UNKNOWN and not _has_type(field.item, item):
            failures.append((f'{path}["{key}"]', f"must be {_TYPES[field.item]}, is {_shown(item)}"))
    _validate(field, value, path, failures)
    return dict(value)


def _shown(value: Plain) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _check_relations(
    field: Field, value: Mapping[str, Plain], given: set[str], path: str, failures: Failures, root: Mapping[str, Plain]
) -> None:
    """Rules between properties. An unknown one settles nothing, so it counts neither way."""
    groups = set[tuple[str, ...]]()
    for child in field.children.values():
        where = f"{path}.{child.pulumi}" if path else child.pulumi
        if child.name in given and value[child.pulumi] is not UNKNOWN:
            for other in child.conflicts_with:
                if _given(other, field, value, root):
                    failures.append((where, f"conflicts with {_camel_path(other)}"))
        if child.name in given:
            for other in child.required_with:
                if _given(other, field, value, root) is False:
                    failures.append((where, f"needs {_camel_path(other)} too"))
        groups.update(group for group in (child.exactly_one_of, child.at_least_one_of) if group)
    for group in sorted(groups):
        _check_group(field, value, group, path, failures, root)


def _check_group(
    field: Field,
    value: Mapping[str, Plain],
    group: tuple[str, ...],
    path: str,
    failures: Failures,
    root: Mapping[str, Plain],
) -> None:
    states = [_given(member, field, value, root) for member in group]
    if None in states:
        return
    exactly = any(child.exactly_one_of == group for child in field.children.values())
    names = ", ".join(_camel_path(member) for member in group)
    if exactly and states.count(True) != 1:
        failures.append(
            (path or _camel_path(group[0]), f"exactly one of {names} must be given, {states.count(True)} are")
        )
    elif not any(states):
        failures.append((path or _camel_path(group[0]), f"at least one of {names} must be given"))


def _given(other: str, field: Field, value: Mapping[str, Plain], root: Mapping[str, Plain]) -> bool | None:
    """Whether the property at this Terraform path is given; None when it is unknown.

    A path beside `field`'s own children is looked up in the same element, any other from the top.
    """
    parent, _, leaf = other.rpartition(".")
    if parent == field.path or (not parent and leaf in field.children):
        found: Any = value.get(field.children[leaf].pulumi) if leaf in field.children else None
    else:
        found = root
        for part in _camel_path(other).split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    return None if found is UNKNOWN else found is not None


def _camel_path(path: str) -> str:
    return ".".join(camel(part) for part in path.split("."))

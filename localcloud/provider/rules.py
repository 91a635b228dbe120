"""The rules of one resource type, read from `rules/<terraform name>.json` into a tree of `Field`s.

The files say what pulumi-aws 7.51.1 does (`rules/README.md`). Two of its habits shape the tree:
- A block list of at most one element is a single object in Pulumi, unless its Pulumi name was made plural.
- On the older kind of type ("sdkv2") `force_new` on a block list or set speaks of the number of its elements only.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from localcloud.provider.validators import Validator, parse

RULES: Final = Path(__file__).parent / "rules"
Kind = Literal["string", "int", "float", "bool", "map", "list", "set", "object"]


@dataclass(frozen=True)
class Field:
    """One property. `name` is Terraform's (snake_case), `pulumi` the engine's (camelCase), without their parents'."""

    path: str
    name: str
    pulumi: str
    kind: Kind
    item: Kind = "string"
    required: bool = False
    optional: bool = False
    computed: bool = False
    force_new: bool = False
    write_only: bool = False
    """Whether it is sent and then neither kept in the state nor compared: another input says that it is another one."""
    replaced_when_set: bool = False
    """Whether giving it or leaving it out replaces, where another value does not."""
    default: Any = None
    enum: tuple[Any, ...] = ()
    item_enum: tuple[Any, ...] = ()
    validators: tuple[Validator, ...] = ()
    item_validators: tuple[Validator, ...] = ()
    conflicts_with: tuple[str, ...] = ()
    exactly_one_of: tuple[str, ...] = ()
    at_least_one_of: tuple[str, ...] = ()
    required_with: tuple[str, ...] = ()
    min_items: int = 0
    max_items: int | None = None
    same_as: str = ""
    json_text: bool = False
    attribute_mode: bool = False
    """Whether an empty list differs from none: a list of blocks that Terraform treats as an attribute."""
    children: Mapping[str, "Field"] = field(default_factory=dict[str, "Field"])

    @property
    def is_input(self) -> bool:
        """Whether a program may set it: what is neither required nor optional is an output alone."""
        return self.required or self.optional

    @property
    def by_pulumi(self) -> dict[str, "Field"]:
        """The children by the engine's names."""
        return {child.pulumi: child for child in self.children.values()}


@dataclass(frozen=True)
class Rules:
    """One resource type: its fields and what holds for the type as a whole."""

    tf: str
    framework: bool
    root: Field
    regional: bool
    tagged: bool
    autoname: str
    delete_before_replace: bool
    custom_diff: tuple[str, ...]

    @property
    def fields(self) -> Mapping[str, Field]:
        """The top-level fields by Terraform name, inputs and outputs."""
        return self.root.children


def camel(snake: str) -> str:
    """`bucket_key_enabled` → `bucketKeyEnabled`."""
    head, *rest = snake.split("_")
    return head + "".join(word.capitalize() for word in rest)


@cache
def load(tf: str) -> Rules:
    """The rules of a type by Terraform name. Raises FileNotFoundError, or ValueError for a rule not understood."""
    return build(json.loads((RULES / f"{tf}.json").read_text()))


def build(data: Mapping[str, Any]) -> Rules:
    """The rules from a file's content."""
    inputs: dict[str, Any] = dict(data["inputs"])
    for output in data.get("outputs", []):
        inputs.setdefault(output["name"], {"type": output["type"], "computed": True})
    names: Mapping[str, str] = data.get("pulumi_names", {})
    children = {key: _field(key, inputs, names) for key in inputs if "." not in key}
    root = Field(path="", name="", pulumi="", kind="object", children=children)
    tags, tags_all = children.get("tags"), children.get("tags_all")
    return Rules(
        tf=data["tf"],
        framework=data["framework"] != "sdkv2",
        root=root,
        regional="region" in children,
        tagged=tags is not None and tags.optional and tags_all is not None,
        autoname=data.get("autoname", ""),
        delete_before_replace=bool(data.get("delete_before_replace")),
        custom_diff=tuple(data.get("custom_diff", ())),
    )


def _field(path: str, inputs: Mapping[str, Any], names: Mapping[str, str]) -> Field:
    rule = inputs[path]
    leaf = path.rsplit(".", 1)[-1]
    pulumi = names.get(path, rule.get("pulumi_name", camel(leaf))).rsplit(".", 1)[-1]
    kind, item = _kinds(path, rule)
    single = kind in ("list", "set") and item == "object" and _at_most_one(rule) and pulumi == camel(leaf)
    text = rule.get("validate", "")
    prefix = path + "."
    children = {
        key[len(prefix) :]: _field(key, inputs, names)
        for key in inputs
        if key.startswith(prefix) and "." not in key[len(prefix) :]
    }
    return Field(
        path=path,
        name=leaf,
        pulumi=pulumi,
        kind="object" if single else kind,
        item=item,
        required=bool(rule.get("required")) and rule.get("pulumi_required", True),
        optional=bool(rule.get("optional")) or rule.get("pulumi_required") is False,
        computed=bool(rule.get("computed")),
        force_new=bool(rule.get("force_new")),
        write_only=bool(rule.get("write_only")),
        replaced_when_set=rule.get("force_new_if") == "set or unset",
        default=rule.get("default"),
        enum=tuple(rule.get("enum", ())),
        item_enum=tuple(rule.get("elem_enum", ())),
        validators=() if single else parse(text),
        item_validators=parse(rule.get("elem_validate", "")),
        conflicts_with=tuple(rule.get("conflicts_with", ())),
        exactly_one_of=tuple(rule.get("exactly_one_of", ())),
        at_least_one_of=tuple(rule.get("at_least_one_of", ())),
        required_with=tuple(rule.get("required_with", ())),
        min_items=int(rule.get("min_items", 0)),
        max_items=None if single else rule.get("max_items"),
        same_as=rule.get("diff_suppress", ""),
        json_text=kind == "string" and any(validator.is_json for validator in parse(text)),
        attribute_mode=bool(rule.get("attribute_mode")),
        children=children,
    )


def _at_most_one(rule: Mapping[str, Any]) -> bool:
    return (
        rule.get("max_items") == 1
        or rule.get("validate") == "size <= 1"
        or rule["type"].endswith((" max 1", "exactly 1"))
    )


def _kinds(path: str, rule: Mapping[str, Any]) -> tuple[Kind, Kind]:
    """The kind of the field and of its items: `set(block)` → set of objects."""
    text = rule["type"].split(" ")[0]
    outer, _, inner = text.rstrip(")").partition("(")
    scalars: dict[str, Kind] = {"string": "string", "int": "int", "bool": "bool", "float": "float", "number": "float"}
    if outer in scalars:
        return scalars[outer], "string"
    items: dict[str, Kind] = {"block": "object", "object": "object", "": "object", **scalars}
    if outer in ("map", "list", "set") and inner in items:
        return outer, items[inner]
    raise ValueError(f"{path}: type {rule['type']!r} is not understood")


def walk(parent: Field) -> Iterator[Field]:
    """Every field under the parent, depth first."""
    for child in parent.children.values():
        yield child
        yield from walk(child)

"""The rules files are whole: understood to the last expression, and the same properties as Pulumi's own SDK has."""

from __future__ import annotations

import importlib
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi import _types as sdk_types  # pyright: ignore[reportPrivateUsage]  # the SDK's only way to its own names

from localcloud.provider import plan
from localcloud.provider.compare import known_rule
from localcloud.provider.rules import RULES, Field, load, walk
from localcloud.provider.types import resource_type, tokens

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws")
TOKENS = sorted(tokens())
SDK_ONLY = {
    # `timeouts` exists on these types alone: the provider waits as long as it must and refuses the input.
    "aws:batch/jobQueue:JobQueue": ("timeouts",),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("timeouts",),
    # A tree of some thousand classes, for which `ruleJson` has the API's own form.
    "aws:wafv2/webAcl:WebAcl": (
        "rules",
        "defaultAction.allow.customRequestHandling",
        "defaultAction.block.customResponse",
    ),
    # An output that the SDK lists among a block's arguments; pulumi-aws refuses it.
    "aws:s3/bucketLogging:BucketLogging": ("targetGrants.grantee.displayName",),
}


def arguments(token: str) -> type:
    """The SDK's class of a type's arguments, from the resource's own module: a block may have the usual name."""
    module, name = token.split(":")[1].split("/", maxsplit=1)[0], token.rsplit(":", 1)[1]
    resource = getattr(importlib.import_module(f"pulumi_aws.{module}"), name)
    own = importlib.import_module(resource.__module__)
    return getattr(own, name + "InitArgs", None) or getattr(own, name + "Args")


def sdk_properties(args: type, seen: tuple[type, ...] = ()) -> Iterator[tuple[str, str]]:
    """(path, shape) of each property; shape is `one`, `list` or `map`."""
    names: dict[str, str] = sdk_types.input_type_py_to_pulumi_names(args)
    names_in_hints = {
        **vars(importlib.import_module("pulumi.output")),
        **vars(importlib.import_module(args.__module__)),
    }
    hints = typing.get_type_hints(args.__init__, names_in_hints)
    for name, pulumi_name in names.items():
        shape, inner = unwrap(hints[name])
        yield pulumi_name, shape
        if inner is not None and inner not in seen:
            yield from ((f"{pulumi_name}.{path}", below) for path, below in sdk_properties(inner, (*seen, inner)))


def unwrap(hint: Any) -> tuple[str, type | None]:
    """The shape of a property and the class of its block, from a hint such as Optional[Input[Sequence[Input[X]]]].

    A block may be given as a mapping too, so a mapping beside a block is no map.
    """
    shape, block = "one", None
    left = [hint]
    while left:
        part = left.pop()
        origin = typing.get_origin(part)
        if origin is not None and isinstance(origin, type) and issubclass(origin, typing.Sequence):
            shape = "list"
        elif origin is not None and isinstance(origin, type) and issubclass(origin, typing.Mapping):
            shape = "map"
        is_document = "PolicyDocument" in getattr(part, "__name__", "")  # given as an object or as text
        if isinstance(part, type) and sdk_types.is_input_type(part) and not is_document:
            block = part
        left += typing.get_args(part)
    return ("one" if block is not None and shape == "map" else shape), block


def rule_properties(parent: Field, above: str = "") -> Iterator[tuple[str, str]]:
    """The same from the rules."""
    shapes = {"list": "list", "set": "list", "map": "map"}
    for child in parent.children.values():
        if child.is_input:
            yield above + child.pulumi, shapes.get(child.kind, "one")
            yield from rule_properties(child, f"{above}{child.pulumi}.")


@pytest.mark.parametrize("token", TOKENS)
def test_the_inputs_are_those_of_the_sdk(token: str) -> None:
    rules = load(resource_type(token).tf)
    ours = dict(rule_properties(rules.root))
    ours.pop("tagsAll", None)
    more = SDK_ONLY.get(token, ())
    theirs = {path: shape for path, shape in sdk_properties(arguments(token)) if not path.startswith(more)}
    assert ours == theirs


def test_every_file_belongs_to_a_type() -> None:
    assert {path.stem for path in RULES.glob("*.json")} == {resource_type(token).tf for token in tokens()}


@pytest.mark.parametrize("token", TOKENS)
def test_every_plan_rule_is_carried_out_or_has_a_reason(token: str) -> None:
    code = resource_type(token)
    for sentence in load(code.tf).custom_diff:
        assert plan.lookup(code.plan_rules, sentence)


@pytest.mark.parametrize("token", TOKENS)
def test_no_plan_rule_is_left_over(token: str) -> None:
    code = resource_type(token)
    sentences = load(code.tf).custom_diff
    assert [start for start, _ in code.plan_rules if not any(item.startswith(start) for item in sentences)] == []


@pytest.mark.parametrize("token", TOKENS)
def test_every_suppression_of_a_difference_is_known(token: str) -> None:
    assert [field.path for field in walk(load(resource_type(token).tf).root) if not known_rule(field)] == []


@pytest.mark.parametrize("token", TOKENS)
def test_the_code_speaks_of_inputs_that_exist(token: str) -> None:
    code = resource_type(token)
    inputs = {name for name, field in load(code.tf).fields.items() if field.is_input}
    assert code.handles | set(code.steers) <= inputs
    assert code.recomputed <= set(load(code.tf).fields)
    assert code.refuses <= {field.path for field in walk(load(code.tf).root)}

"""The SDK with less work for each resource: its own is most of what a recording takes, and no recording shows it.

Each replacement gives what the original gives, for any program; under mocks, whose answers are there at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from typing import Any
from unittest.mock import patch

import pulumi
from pulumi.runtime import mocks, resource, rpc
from pulumi.runtime.proto import source_pb2

_output: Any = import_module("pulumi.output")
_types: Any = import_module("pulumi._types")
_utils: Any = import_module("pulumi._utils")
_unwrap_type, _serialize, _unknowns = cache(_types.unwrap_type), rpc.serialize_property, rpc.contains_unknowns
PLAIN = frozenset({str, int, float, bool, type(None)})


@contextmanager
def lean_sdk() -> Generator[None]:
    """The SDK with the replacements, while a program runs."""
    replacements = (
        # Where in the program a resource is made takes an eighth of the time, and no recording has it.
        (resource, "_get_stack_trace", source_pb2.StackTrace),
        # What is logged for debugging is shown by no mock.
        (pulumi.log, "debug", lambda *_: None),
        (rpc, "transfer_properties", _transfer_properties),
        (rpc, "serialize_property", _serialize_property),
        (rpc, "contains_unknowns", _contains_unknowns),
        (_types, "unwrap_type", _unwrap_type),
        (_utils.ContextProperty, "__get__", _get),
        (mocks, "_sync_await", _result),
    )
    with ExitStack() as stack:
        for where, name, replacement in replacements:
            stack.enter_context(patch.object(where, name, replacement))
        yield


class _Property(pulumi.Output[Any]):
    """An output of a resource. It has a future once something asks for it: of a resource's thirty, few are asked for.
    The SDK makes four for each, and a task that waits for them."""

    def __init__(self, owner: pulumi.Resource) -> None:
        self._owner, self._answer = owner, None

    def __getattr__(self, item: str) -> Any:
        if item != "_data":
            return super().__getattr__(item)
        self._data = asyncio.get_running_loop().create_future()
        self._settle()
        return self._data

    def resolve(self, *answer: Any) -> None:
        self._answer = answer
        if "_data" in self.__dict__:
            self._settle()

    def _settle(self) -> None:
        if self._answer is None:
            return
        value, known, secret, deps, failed = self._answer
        if failed is not None:
            self._data.set_exception(failed)
        else:
            resources = {self._owner, *(deps or ())}
            self._data.set_result(
                _output._OutputData(resources=resources, value=value, is_known=known, is_secret=secret)
            )


def _transfer_properties(res: pulumi.Resource, props: pulumi.Inputs, custom: bool) -> dict[str, Callable[..., None]]:
    names = [name for name in props if name != "urn" and not (name == "id" and custom)]
    outputs = {name: _Property(res) for name in names}
    res.__dict__.update(outputs)
    return {name: output.resolve for name, output in outputs.items()}


async def _serialize_property(value: Any, *rest: Any, **more: Any) -> Any:
    """Plain values are as they are: the original asks eleven times what they might be."""
    if type(value) in PLAIN and not more.get("return_protobuf_value"):
        return value
    return await _serialize(value, *rest, **more)


def _contains_unknowns(value: Any) -> bool:
    return type(value) not in PLAIN and _unknowns(value)


def _get(self: Any, owner: Any, _: type) -> Any:
    """The SDK looks a setting up twice."""
    value = self.fget()
    return self if owner is None or isinstance(value, dict) else value


def _result(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for, as where plain values are serialised."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("the mocks answer with something that is not known yet")

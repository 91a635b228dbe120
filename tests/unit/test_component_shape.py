"""Components are made alike: by name, arguments and options; arguments say what is wrong with them."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module
from typing import get_type_hints

import pulumi
import pytest

import components
from components.checks import Args

modules = [
    import_module(one.name) for one in pkgutil.walk_packages(components.__path__, "components.") if not one.ispkg
]
COMPONENTS = {
    name: found
    for module in modules
    for name, found in vars(module).items()
    if inspect.isclass(found) and issubclass(found, pulumi.ComponentResource) and found.__module__ == module.__name__
}


def test_all_components_are_looked_at() -> None:
    assert {"DataBucket", "Orchestrator", "Compute", "Cluster", "SiteCdn", "Boundaries"} <= COMPONENTS.keys()


@pytest.mark.parametrize("component", COMPONENTS.values(), ids=COMPONENTS)
def test_a_component_is_made_from_its_name_arguments_and_options(component: type[pulumi.ComponentResource]) -> None:
    _, name, args, opts = inspect.signature(component.__init__).parameters.values()
    assert [name.name, args.name, opts.name, opts.default] == ["name", "args", "opts", None]
    kind = get_type_hints(component.__init__)["args"]
    assert kind.__name__ == f"{component.__name__}Args"
    assert issubclass(kind, Args)


@pytest.mark.parametrize("component", COMPONENTS.values(), ids=COMPONENTS)
def test_it_checks_its_arguments_first(component: type[pulumi.ComponentResource]) -> None:
    lines = [line.strip() for line in inspect.getsource(component.__init__).splitlines()]
    assert lines.index("args.check(name)") < next(at for at, line in enumerate(lines) if "super().__init__(" in line)


@pytest.mark.parametrize("component", COMPONENTS.values(), ids=COMPONENTS)
def test_outputs_are_spelled_as_in_python(component: type[pulumi.ComponentResource]) -> None:
    written = re.search(r"register_outputs\(\s*(\{.*?\})\s*\)", inspect.getsource(component), re.DOTALL)
    assert written
    keys = re.findall(r'"(\w+)":', written[1])
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", key) for key in keys)

"""The types of the resources that the three stacks and their accounts' bootstraps register."""

from __future__ import annotations

import runpy
from functools import cache

from portal.pulumi_cli import ROOT
from tests.journey.conftest import STACKS
from tests.unit.conftest import bootstrapped, first_up
from tests.unit.recording import record
from tests.unit.stackfiles import STACK_FILES, engine_config


@cache
def types_in_use() -> set[str]:
    """Type tokens of what stands outside of Pulumi, in the recorded graphs of all stacks and bootstraps."""

    def program() -> object:
        return runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    configs = {stack: engine_config(STACK_FILES / f"Pulumi.{stack}.yaml") for stack in STACKS}
    graphs = [record(program, stack=stack, config=configs[stack], answers=first_up(stack)) for stack in STACKS]
    graphs += map(bootstrapped, STACKS)
    return {one.type for graph in graphs for one in graph.resources if one.type.startswith(("aws:", "kubernetes:"))}

"""The types of the resources that the three stacks register, as journeys bring them up: without clusters and services.

What those register has journeys of its own: `test_services` (up, again, requests), `test_eks` and `test_kubernetes`.
"""

from __future__ import annotations

import runpy
import tempfile
from functools import cache
from pathlib import Path

import yaml

from portal.pulumi_cli import ROOT
from tests.journey.conftest import STACKS
from tests.unit.conftest import first_up
from tests.unit.recording import record
from tests.unit.serving import without_services
from tests.unit.stackfiles import engine_config


def _config(stack: str) -> dict[str, str]:
    """The stack file's configuration without what `without_services` takes away; its neighbours are whole."""
    data = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    without_services(data["config"]["portal:settings"])
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(data, file, sort_keys=False)
        file.flush()
        return engine_config(Path(file.name))


@cache
def types_in_use() -> set[str]:
    """Type tokens of AWS's resources in the recorded graphs of all stacks."""

    def program() -> object:
        return runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    graphs = (record(program, stack=stack, config=_config(stack), answers=first_up(stack)) for stack in STACKS)
    return {one.type for graph in graphs for one in graph.resources if one.type.startswith("aws:")}

"""The WDL files of `workflows/`: no text that a client sends is part of a program that a shell runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import WDL
from WDL import Expr

from portal.pulumi_cli import ROOT

FILES = sorted((ROOT / "workflows").glob("*.wdl"))
READ = re.compile(r"for name in ([\w \\\n]+); do\n +IFS= read -r \"\$name\"")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_command_has_its_inputs_from_a_file_by_their_names(file: Path) -> None:
    document = WDL.load(str(file))
    for task in document.tasks:
        (placeholder,) = (str(part.expr) for part in task.command.parts if isinstance(part, Expr.Placeholder))
        written = placeholder.removeprefix("write_lines([").removesuffix("])").split(", ")
        text = "".join(part for part in task.command.parts if isinstance(part, str))
        (names,) = READ.findall(text)
        assert names.replace("\\\n", " ").split() == written
        assert {*written, str(task.runtime["docker"])} == {one.name for one in task.inputs or []}

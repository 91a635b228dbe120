"""SDK packages by single modules: every name of a part is the one that the SDK itself has there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from composition import short_previews
from composition.short_previews import PARTS
from settings import load
from tests.unit.stackfiles import ROOT, own_project

PART_NAMES = [f"{package}.{part}" for package, parts in PARTS.items() for part in parts]
NAMES = """
import json, pulumi_aws, pulumi_kubernetes, sys
from functools import reduce
from types import ModuleType
def said(value):
    if isinstance(value, ModuleType):
        return value.__name__
    where = getattr(value, "__module__", "")
    return f"{where}.{value.__qualname__}" if hasattr(value, "__qualname__") else f"{where} {value!r}"
wanted = json.load(sys.stdin)
parts = {part: reduce(getattr, part.split(".")[1:], sys.modules[part.split(".")[0]]) for part in wanted}
whole = [hasattr(parts[part], "typing") for part, names in wanted.items() if not names]  # looked into, all is loaded
found = {
    part: {name: said(getattr(parts[part], name)) for name in names or dir(parts[part]) if not name.startswith("_")}
    for part, names in wanted.items()
}
types = {part: type(module).__name__ for part, module in parts.items()}
print(json.dumps({"found": found, "types": types}))
"""


def looked_up(before: str, wanted: dict[str, list[str]]) -> Any:
    """What the names of each part are (all of the part's where none are given), in a process of its own."""
    command = [sys.executable, "-c", before + NAMES]
    printed = subprocess.run(command, input=json.dumps(wanted), capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(printed.stdout)


@pytest.fixture(scope="module")
def real() -> dict[str, dict[str, str]]:
    """The names of each part, as the SDK has them."""
    return looked_up("import gc; gc.disable()\n", {part: [] for part in PART_NAMES})["found"]


def test_each_name_is_the_sdks_own(real: dict[str, dict[str, str]]) -> None:
    assert {"Vpc", "VpcArgs", "get_vpc", "LaunchTemplateMetadataOptionsArgs", "outputs"} < set(real["pulumi_aws.ec2"])
    assert {"ConfigMap", "ConfigMapPatch", "PodSpecArgs", "outputs"} < set(real["pulumi_kubernetes.core.v1"])
    plain = {part: [name for name in names if name != "outputs"] for part, names in real.items()}
    found = looked_up("import composition\n", plain)["found"]
    wrong = {
        f"{part}.{name}": (found[part][name], real[part][name])
        for part, names in plain.items()
        for name in names
        if found[part][name] != real[part][name]
    }
    assert not wrong


def test_what_the_rules_find_does_not_load_the_rest() -> None:
    names = {
        "pulumi_aws.ec2": ["Vpc", "LaunchTemplate", "LaunchTemplateMetadataOptionsArgs"],
        "pulumi_aws.s3": ["BucketObjectv2", "outputs"],
        "pulumi_kubernetes.core.v1": ["ConfigMap"],
    }
    assert looked_up("import composition\n", names)["types"] == dict.fromkeys(names, "Part")


def test_a_name_that_no_rule_finds_has_the_whole_part_loaded() -> None:
    assert looked_up("import composition\n", {"pulumi_aws.ec2": ["typing"]})["types"] == {"pulumi_aws.ec2": "module"}


def test_a_name_that_does_not_exist_is_said_to() -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        looked_up("import composition\n", {"pulumi_aws.ec2": ["Nothing"]})
    assert "module 'pulumi_aws.ec2' has no attribute 'Nothing'" in refused.value.stderr


def test_parts_that_are_loaded_already_stay_what_they_are() -> None:
    names = {"pulumi_aws.ec2": ["Vpc"]}
    assert looked_up("import pulumi_aws\nimport composition\n", names)["types"] == {"pulumi_aws.ec2": "module"}


def test_what_the_components_use_can_be_loaded_ahead() -> None:
    """Nothing is left to load when the program is composed, and no part is loaded whole for it."""
    program = """
import sys
import composition.adoption, composition.cdn, composition.cluster, composition.databases, composition.networked
import composition.orchestrators, composition.services, composition.stack
from composition import short_previews
from composition.account import provider_of
from composition.last_update import State
from settings import load
from pathlib import Path
from tests.unit.recording import record
short_previews.load_used("components")
before = set(sys.modules)
portal = load("dev", Path(sys.argv[1]))
none = composition.adoption.Existing()
record(lambda: composition.stack.compose(portal, provider_of(portal), State(), none), stack="dev")
late = {name for name in sys.modules.keys() - before if name.startswith("pulumi_aws.")}
parts = [f"{package}.{part}" for package, parts in short_previews.PARTS.items() for part in parts]
print(sorted(late), {type(sys.modules[part]).__name__ for part in parts})
short_previews.Part.find = lambda *_: print("looked for again")
short_previews.load_used("components")
"""
    command = [sys.executable, "-c", program, str(own_project())]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert printed.stdout == "[] {'Part'}\n"


SWITCHES = """
import gc, pulumi
plain = pulumi.log.debug
import composition
from composition import short_previews
short_previews.begin()
import pulumi_aws
print(type(pulumi_aws.s3).__name__, gc.isenabled(), pulumi.log.debug is plain)
"""


@pytest.mark.parametrize(
    ("variables", "printed"),
    [
        ({}, "Part False False"),
        ({"PORTAL_DEBUG": "1"}, "Part False True"),
        ({"PORTAL_SHORT_PREVIEWS": "0"}, "_LazyModule True True"),
    ],
)
def test_one_variable_switches_all_of_it_off(variables: dict[str, str], printed: str) -> None:
    command = [sys.executable, "-c", SWITCHES]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, **variables}
    )
    assert done.stdout.strip() == printed


def test_switched_off_nothing_is_loaded_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(short_previews.VARIABLE, "0")
    before = threading.active_count()
    with short_previews.loading(load("dev", own_project())):
        assert threading.active_count() == before
    monkeypatch.delenv(short_previews.VARIABLE)
    with short_previews.loading(load("dev", own_project())):
        assert "composition.stack" in sys.modules or threading.active_count() > before

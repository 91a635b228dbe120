"""Stack files changed at random end in a valid plan or in faults that name a file: never in a traceback.

Each is read as a file, as its siblings read it, and in the engine's form, as its own program reads it under ``up``.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st

from components.orchestration.images import RepositoryPart
from components.storage import Part
from composition.account import provider_of
from composition.adoption import Existing
from composition.last_update import State
from composition.stack import compose
from settings import Fault, Portal, SettingsError, load, yamlfile
from tests.unit.recording import record
from tests.unit.stackfiles import PROJECT, handed_over, own_files, written
from tests.untimed import given

STACKS = ("dev", "prod", "public")
PARTS = 8
"""So that processors share the work."""
TEXTS = (
    *("", "x", "dev", "staging", "public", "log", "Bad_Name", "a" * 70, "\0", "é", "\ud7ff", "*", "..", "workflows"),
    *("10.32.0.0/16", "10.64.0.0/16", "0", "true", "arn:aws:iam::1:role/x", "my-swipe-wdl-dev", "a-good-name"),
)
SCALARS = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from([None, True, False, 0, -1, 7, 400, 10**30, 0.5]),
    st.text(max_size=8),
)
VALUES = st.one_of(
    SCALARS,
    st.sampled_from([[], {}, [[]], {"": ""}, [None], {"secure": "v1:x"}, {"bucket": "public", "stack": "public"}]),
)

LIKELY: dict[Any, st.SearchStrategy[Any]] = {
    "noncurrent_days": st.integers(0, 400),
    "expire_days": st.integers(0, 400),
    "tier_days": st.integers(-1, 400),
    "name": st.from_regex(r"[a-z0-9][a-z0-9-]{1,20}", fullmatch=True),
    "cidr": st.builds("10.{}.0.0/{}".format, st.integers(0, 255), st.integers(15, 21)),
    "origins": st.lists(st.sampled_from(["*", "https://a.example", "a.example"]), max_size=3),
    "environment": st.from_regex(r"[a-z/]{1,8}", fullmatch=True),
    "service": st.text(max_size=8),
}
"""Values that a person might write, most of which are right."""


def dumped(config: Any) -> str:
    return yaml.dump({"config": config}, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)


OWN = own_files()
UNCHANGED = {stack: dumped(config) for stack, config in OWN.items()}


@st.composite
def stack_files(draw: st.DrawFn) -> dict[str, str]:
    """The texts of the three stack files after one to three changes, the last of which may be to the bare text."""
    files = copy.deepcopy(OWN)
    changed = draw(st.sampled_from(STACKS))
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        _change(draw, files[changed])
    texts = {**UNCHANGED, changed: dumped(files[changed])}
    if draw(st.integers(0, 7)) == 7:
        text = texts[changed]
        at = draw(st.integers(0, len(text)))
        texts[changed] = text[:at] + draw(st.text(max_size=3)) + text[at + draw(st.integers(0, 3)) :]
    return texts


def _change(draw: st.DrawFn, config: dict[str, Any]) -> None:
    """Replaces, removes, renames, copies or adds one thing somewhere in the tree; half the time a likely one."""
    places = list(_places(config))
    if not places:
        return
    likely = [(parent, key) for parent, key in places if key in LIKELY]
    if likely and draw(st.booleans()):
        parent, key = draw(st.sampled_from(likely))
        parent[key] = draw(LIKELY[key])
        return
    parent, key = draw(st.sampled_from(places))
    how = draw(st.sampled_from(["replace", "replace", "remove", "rename", "copy", "add"]))
    if how == "replace" or isinstance(parent, list):
        parent[key] = copy.deepcopy(draw(VALUES))
    elif how == "remove":
        del parent[key]
    elif how == "rename":
        parent[draw(SCALARS)] = parent.pop(key)
    elif how == "copy":
        parent[draw(st.sampled_from(["dev2", "other", "log2"]))] = copy.deepcopy(parent[key])
    else:
        parent[draw(st.sampled_from(["retire", "import_id", "readers", "cors", "role", "nmae"]))] = copy.deepcopy(
            draw(VALUES)
        )


def _places(value: Any) -> Any:
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


PLANNED: dict[tuple[str, str], int] = {}
"""By stack and settings of all stacks: a fifth of the changes come to settings that were planned already."""


def plan(portal: Portal) -> int:
    """How many resources the program registers for the settings."""
    key = portal.stack, repr(portal.stacks)
    if key not in PLANNED:
        parts = Existing(
            buckets=dict.fromkeys(portal.current.buckets, frozenset[Part]()),
            images=dict.fromkeys(portal.current.images, frozenset[RepositoryPart]()),
        )
        recorded = record(lambda: compose(portal, provider_of(portal), State(), parts), stack=portal.stack)
        PLANNED[key] = len(recorded.resources)
    return PLANNED[key]


def read(stack: str, directory: Path, *handed: Any) -> tuple[Portal | None, tuple[Fault, ...]]:
    """A stack's settings, or what is wrong: its file read as such, or in the engine's form if that is given."""
    try:
        return load(stack, directory, *handed), ()
    except SettingsError as error:
        faults = error.faults
    assert all(fault.file.startswith("Pulumi.") and fault.rule for fault in faults)
    assert len(faults) == len(set(faults))
    return None, faults


def told(faults: tuple[Fault, ...]) -> set[tuple[str, str, str]]:
    """Faults without what differs between the two forms of a file: the engine puts the project's name before keys, and
    a text that could be JSON is taken for it."""
    return {(one.file, one.key.removeprefix(f"{PROJECT}:"), one.rule.partition(";")[0]) for one in faults}


def outcome(texts: dict[str, str], directory: Path) -> str:
    for stack, text in texts.items():
        (directory / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    # The changed one first: if it is refused, so are the others, which read it too.
    stack, *others = sorted(STACKS, key=lambda one: texts[one] == UNCHANGED[one])
    portal, faults = read(stack, directory)
    handed = handed_over(texts[stack])
    if handed is None:
        assert portal is None
    else:
        alike(stack, directory, (portal, faults), handed)
    if portal is None:
        return "refused"
    assert all(load(other, directory) for other in others)
    assert texts[stack] == UNCHANGED[stack] or plan(portal) > 5
    return "planned"


def alike(
    stack: str,
    directory: Path,
    by_file: tuple[Portal | None, tuple[Fault, ...]],
    handed: tuple[dict[str, str], list[str]],
) -> None:
    """The engine's form is read as the file is, where the file means one thing to all readers of YAML."""
    portal, faults = by_file
    by_engine, its_faults = read(stack, directory, *handed)
    data, unclear = yamlfile.read(directory / f"Pulumi.{stack}.yaml")
    if handed[1]:
        assert portal is by_engine is None
    elif unclear or not isinstance(data, dict) or set(data) != {"config"}:  # the engine passes over other keys
        assert portal is None
    else:
        assert (portal, told(faults)) == (by_engine, told(its_faults))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_changed_stack_file_is_planned_or_refused(part: int, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """``--mutations N`` says how many in all; each part has others."""
    directory = written(own_files(), tmp_path)
    count: Any = request.config.getoption("--mutations")
    outcomes: list[str] = []

    @seed(part)
    @settings(
        max_examples=count // PARTS,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(stack_files())
    def run(texts: dict[str, str]) -> None:
        outcomes.append(outcome(texts, directory))

    run()
    # The changes are neither all harmless nor all fatal: else the test would show little.
    assert 0.05 < outcomes.count("planned") / len(outcomes) < 0.9


def test_what_is_a_secret_to_the_engine_is_one_in_a_file_too(tmp_path: Path) -> None:
    files = {**own_files()}
    files["prod"]["portal:settings"]["tags"] = {"secure": "v1:x"}
    directory = written(files, tmp_path)
    handed = handed_over((directory / "Pulumi.prod.yaml").read_text())
    assert handed is not None
    assert handed[1] == ["portal:settings"]
    by_engine, by_sibling = told(read("prod", directory, *handed)[1]), read("dev", directory)[1]
    assert ("Pulumi.prod.yaml", "settings", yamlfile.ENCRYPTED) in by_engine
    [fault] = by_sibling
    assert (fault.key, fault.value) == ("portal:settings.tags", "")
    assert fault.rule.startswith(yamlfile.ENCRYPTED)


@pytest.mark.parametrize("config", ["null", "[]", '{"account": null}', "7", '"text"', json.dumps({"a": 10**30})])
def test_the_engines_configuration_is_refused_alike(config: str, tmp_path: Path) -> None:
    values = {"portal:settings": config, "pulumi:disable-default-providers": '["aws", "kubernetes"]'}
    with pytest.raises(SettingsError):
        load("dev", written(own_files(), tmp_path), values)

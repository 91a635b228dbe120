"""Each resource type against the local cloud: made, read, changed, changed behind its back, imported, removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from localcloud.provider.compare import DiffResult
from localcloud.provider.errors import ProviderError
from localcloud.provider.rules import Field, load
from localcloud.provider.types import resource_type, tokens
from tests.provider_calls import calls_of
from tests.types import CASES, Case

from .conftest import DEV, REGION, Cloud
from .provider_kit import Engine, Inputs, engine_in, paths, replacing, unique


def name_of(case: Case) -> str:
    return case.token.rsplit(":", 1)[1]


by_token = pytest.mark.parametrize("case", CASES, ids=name_of)


@pytest.fixture(scope="module")
def shared_untagged(cloud: Cloud) -> Iterator[Engine]:
    with engine_in(cloud, DEV, tagging=False) as found:
        yield found


@pytest.fixture
def untagged(shared_untagged: Engine) -> Iterator[Engine]:
    """A provider that tags nothing by itself."""
    yield shared_untagged
    shared_untagged.sweep()


def test_every_type_has_a_case() -> None:
    assert sorted(case.token for case in CASES) == sorted(tokens())


def given(field: Field, value: Any) -> Iterator[str]:
    """The paths of the leaves that a value gives, by Pulumi names."""
    if field.kind == "object" or (field.kind in ("list", "set") and field.item == "object"):
        for item in value if isinstance(value, list) else [value]:
            for key, below in item.items():
                yield from (f"{key}.{path}" if path else key for path in given(field.by_pulumi[key], below))
            if not item:
                yield ""
    else:
        yield ""


def leaves(field: Field) -> Iterator[tuple[str, str]]:
    """(Pulumi path, Terraform path) of every input leaf below a field."""
    inputs = [child for child in field.children.values() if child.is_input]
    for child in inputs:
        below = list(leaves(child)) or [("", "")]
        yield from ((f"{child.pulumi}.{path}".rstrip("."), f"{child.name}.{tf}".rstrip(".")) for path, tf in below)


@by_token
def test_a_case_reaches_every_input_that_the_type_carries_out(case: Case, engine: Engine) -> None:
    code = resource_type(case.token)
    root = load(code.tf).root
    before = case.before(engine.create, unique)
    first = case.inputs(before)
    sent = {
        path for inputs in (first, *case.updates(before), *case.variants(before)) for path in sent_paths(root, inputs)
    }
    carried = code.handles | set(code.steers)
    expected = {
        path
        for path, tf in leaves(root)
        if tf.split(".", maxsplit=1)[0] in carried and path not in case.unsent
        if not any(f"{tf}.".startswith(f"{refused}.") for refused in code.refuses)
    }
    assert expected - sent == set()
    assert set(case.unsent) & sent == set()


def sent_paths(root: Field, inputs: Mapping[str, Any]) -> Iterator[str]:
    """The leaves that inputs give; a policy given as an object is one."""
    for key, value in inputs.items():
        field = root.by_pulumi[key]
        if value is not None:
            yield from (f"{key}.{path}".rstrip(".") for path in given(field, value))


def assert_as_the_provider(case: Case, phase: str, called: set[str]) -> None:
    """The calls of a phase are the provider's. This one reads before and after each change besides."""
    tf = resource_type(case.token).tf
    listed = calls_of(tf, phase)
    allowed = {one.operation for also in (phase, "read", "plan", "import") for one in calls_of(tf, also)}
    assert called - allowed == set(), f"{case.token} {phase}: the provider makes no such calls"
    assert {one.operation for one in listed if not one.when} - called == set(), f"{case.token} {phase}: left out"


@by_token
def test_made_read_and_removed(case: Case, engine: Engine) -> None:
    before = case.before(engine.create, unique)
    inputs = case.inputs(before)
    with engine.calls() as called:
        resource_id, state = engine.create(case.token, inputs)
    assert_as_the_provider(case, "create", called)
    assert paths(engine.diff(case.token, state, inputs)) == []
    with engine.calls() as called:
        again = engine.read(case.token, resource_id, engine.check(case.token, inputs), state)
    assert_as_the_provider(case, "read", called)
    assert again.resource_id == resource_id
    assert again.properties == state
    assert paths(engine.diff(case.token, again.properties, inputs)) == []
    token, _, last = engine.made.pop()
    with engine.calls() as called:
        engine.provider.delete(token, resource_id, last)
    assert_as_the_provider(case, "delete", called)
    gone = engine.read(case.token, resource_id, inputs, state)
    assert gone.resource_id == (resource_id if case.stays else "")
    engine.provider.delete(token, resource_id, last)


@by_token
def test_changed_in_place(case: Case, engine: Engine) -> None:
    before = case.before(engine.create, unique)
    inputs = case.inputs(before)
    resource_id, state = engine.create(case.token, inputs)
    changing = set[str]()
    for change in case.updates(before):
        old, inputs = inputs, {key: value for key, value in {**inputs, **change}.items() if value is not None}
        difference = engine.diff(case.token, state, inputs)
        assert tops(difference) == moved(case, engine.check(case.token, old), engine.check(case.token, inputs, old))
        assert replacing(difference) == []
        with engine.calls() as called:
            state = engine.update(case.token, resource_id, state, inputs)
        changing |= called
        engine.made[-1] = (case.token, resource_id, state)
        assert paths(engine.diff(case.token, state, inputs)) == []
        assert engine.read(case.token, resource_id, inputs, state).properties == state
    if changing:
        assert_as_the_provider(case, "update", changing)


@by_token
def test_what_was_partly_created_is_updated(case: Case, engine: Engine) -> None:
    """Its state has the inputs alone, as after a creation whose later calls failed."""
    inputs = case.inputs(case.before(engine.create, unique))
    resource_id, state = engine.create(case.token, inputs)
    recorded = {key: value for key, value in engine.check(case.token, inputs).items() if key != "__defaults"}
    updated = engine.update(case.token, resource_id, recorded, inputs)
    of_each_call = dict.fromkeys(("etag", "callerReference"))
    assert updated | of_each_call == state | of_each_call


def tops(difference: DiffResult) -> set[str]:
    """The changed top-level properties, without tagsAll, which goes with tags."""
    return {path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0] for path in paths(difference)} - {"tagsAll"}


def moved(case: Case, old: Inputs, new: Inputs) -> set[str]:
    """The inputs that differ, without those that leaving out leaves to AWS."""
    fields = load(resource_type(case.token).tf).root.by_pulumi
    names = {
        key for key in {*old, *new} if old.get(key) != new.get(key) and not (key not in new and fields[key].computed)
    }
    return names - {"tagsAll"}


@by_token
def test_replaced_where_the_rules_say_so(case: Case, untagged: Engine) -> None:
    """Of what was made without tags: some of AWS's calls refuse empty ones."""
    before = case.before(untagged.create, unique)
    change = case.replacement(before)
    inputs = {key: value for key, value in case.inputs(before).items() if key != "tags"}
    _, state = untagged.create(case.token, inputs)
    assert state.get("tagsAll", {}) == {}
    difference = untagged.diff(case.token, state, {**inputs, **change})
    assert set(replacing(difference)) == set(change)
    first = ("aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert difference.delete_before_replace == (case.token in first)


@by_token
def test_other_ways_to_make_one(case: Case, engine: Engine) -> None:
    before = case.before(engine.create, unique)
    for inputs in case.variants(before):
        resource_id, state = engine.create(case.token, inputs)
        assert paths(engine.diff(case.token, state, inputs)) == []
        assert engine.read(case.token, resource_id, inputs, state).properties == state


@pytest.mark.parametrize("case", [case for case in CASES if case.drift], ids=lambda case: case.token.rsplit(":", 1)[1])
def test_a_change_behind_its_back_is_seen(case: Case, engine: Engine, cloud: Cloud) -> None:
    before = case.before(engine.create, unique)
    inputs = case.inputs(before)
    for change in case.updates(before):
        inputs = {key: value for key, value in {**inputs, **change}.items() if value is not None}
    resource_id, state = engine.create(case.token, inputs)
    assert case.drift is not None
    aws = lambda service, region=REGION: cloud.client(service, DEV, region_name=region)  # noqa: E731
    case.drift(aws, resource_id, before)
    found = engine.read(case.token, resource_id, engine.check(case.token, inputs), state)
    difference = engine.diff(case.token, found.properties, inputs)
    assert [path for path in paths(difference) if path.startswith(case.drifted)] != []
    assert found.inputs != engine.check(case.token, inputs)
    repaired = engine.update(case.token, resource_id, found.properties, inputs)
    assert paths(engine.diff(case.token, repaired, inputs)) == []


@by_token
def test_an_import_leaves_no_difference(case: Case, engine: Engine) -> None:
    before = case.before(engine.create, unique)
    inputs = case.inputs(before)
    resource_id, _ = engine.create(case.token, inputs)
    import_id = case.import_id(resource_id, inputs)
    if not import_id:
        with pytest.raises(ProviderError, match="cannot be imported"):
            engine.read(case.token, resource_id, {}, {})
        return
    found = engine.read(case.token, import_id, {}, {})
    assert found.resource_id == resource_id
    assert paths(engine.diff(case.token, found.properties, found.inputs)) == []
    own = {key: value for key, value in inputs.items() if key not in case.unread}
    assert paths(engine.diff(case.token, found.properties, own)) == []

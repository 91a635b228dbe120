"""From what a type's code read to the state and inputs that the engine records."""

from collections.abc import Mapping
from typing import Any

from localcloud.provider import tags
from localcloud.provider.compare import align, changes, empty
from localcloud.provider.config import Settings
from localcloud.provider.rules import Rules

State = dict[str, Any]


def complete(
    rules: Rules, steers: Mapping[str, Any], actual: State, prior: Mapping[str, Any], settings: Settings, region: str
) -> State:
    """The full state: what AWS holds, spelled as before where it means the same, and what only the provider knows."""
    full = {name: value for name, value in actual.items() if value is not None}
    if rules.tagged:
        before: Mapping[str, str] = prior.get("tags") or {}
        full["tags"], full["tags_all"] = tags.split(full.pop("tags_all", {}), before, settings)
    if rules.regional:
        full["region"] = region
    full |= _prefixes(rules, full, prior)
    for name, default in steers.items():
        value = prior.get(name, default)
        if value is not None:
            full[name] = value
    return {name: align(rules.fields[name], prior.get(name), value) for name, value in full.items()}


def _prefixes(rules: Rules, full: Mapping[str, Any], prior: Mapping[str, Any]) -> State:
    """`name_prefix` and the like: AWS holds the name alone, which says whether it still begins so."""
    return {
        name: prefix
        for name, prefix in prior.items()
        if name.endswith("_prefix") and prefix and str(full.get(name.removesuffix("_prefix"), "")).startswith(prefix)
        if name.removesuffix("_prefix") in rules.fields
    }


def inputs_of(rules: Rules, full: Mapping[str, Any], prior: Mapping[str, Any] | None, settings: Settings) -> State:
    """The inputs that explain the state: those given before at their present value, and whatever else differs.

    Without prior inputs (an import) they are all that are required or differ from what leaving them out would give.
    """
    chosen: State = {}
    for field in rules.fields.values():
        if not field.is_input or field.name not in full:
            continue
        value, before = full[field.name], (prior or {}).get(field.name)
        if before is not None:
            unchanged = not changes(field, before, value, "", framework=rules.framework)
            chosen[field.name] = before if unchanged else value
        elif (
            field.required
            or field.name == "region"
            or field.default is not None
            or (not field.computed and not empty(value))
        ):
            chosen[field.name] = value
    if rules.tagged and prior is None:
        chosen["tags_all"] = tags.tags_all(chosen.get("tags", {}), settings)
    for name, value in (prior or {}).items():
        kept = rules.fields[name].computed or rules.fields[name].write_only
        if name not in full and kept and name not in chosen:
            chosen[name] = value
    return chosen

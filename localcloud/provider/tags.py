"""Default tags: `tagsAll` is the provider's default tags overlaid by the resource's, without the ignored ones."""

from collections.abc import Mapping
from typing import Any

from localcloud.provider.config import Settings
from localcloud.provider.property_values import UNKNOWN, has_unknown


def ignored(key: str, settings: Settings) -> bool:
    """Whether the provider leaves this tag to others: AWS's own, or named in `ignoreTags`."""
    return key.startswith(("aws:", *settings.ignore_prefixes)) or key in settings.ignore_keys


def tags_all(tags: Any, settings: Settings, *, defaults: bool = True) -> Any:
    """What to send to AWS; unknown as a whole when any part is."""
    if tags is UNKNOWN or has_unknown(tags) or has_unknown(settings.default_tags):
        return UNKNOWN
    merged = {**(settings.default_tags if defaults else {}), **tags}
    return {key: value for key, value in merged.items() if not ignored(key, settings)}


def split(
    actual: Mapping[str, str], prior: Mapping[str, str], settings: Settings
) -> tuple[dict[str, str], dict[str, str]]:
    """(tags, tags_all) of what AWS holds: a tag that only the provider's defaults explain is not in `tags`."""
    everything = {key: value for key, value in actual.items() if not ignored(key, settings)}
    own = {key: value for key, value in everything.items() if key in prior or settings.default_tags.get(key) != value}
    return own, everything


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """AWS's list of pairs."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def as_map(pairs: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """The opposite of `as_list`."""
    return {pair[key]: pair[value] for pair in pairs}


def tag_changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The keys of tags that go, and the tags that come or change."""
    return sorted(set(old) - set(new)), {key: value for key, value in new.items() if old.get(key) != value}

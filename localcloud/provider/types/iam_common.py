"""What the IAM types share."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from localcloud.provider.tags import as_list, tag_changes

GONE: Final = frozenset({"NoSuchEntity"})


def document(policy: Any) -> str:
    """A policy that IAM answered with, as compact JSON. botocore has taken it apart already."""
    return json.dumps(policy if isinstance(policy, dict) else json.loads(policy), separators=(",", ":"))


def name_of(new: Mapping[str, Any]) -> str:
    """The given or made-up name, or one that begins with `name_prefix`."""
    return str(new.get("name") or f"{new['name_prefix']}{secrets.token_hex(13)}")


def retag(
    old: Mapping[str, str],
    new: Mapping[str, str],
    tag: Callable[..., Any],
    untag: Callable[..., Any],
    target: Mapping[str, str],
) -> None:
    """Bring the tags from old to new with the service's Tag and Untag calls."""
    gone, changed = tag_changes(old, new)
    if gone:
        untag(**target, TagKeys=gone)
    if changed:
        tag(**target, Tags=as_list(changed))

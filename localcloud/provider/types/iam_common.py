"""What the IAM types share."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from localcloud.provider.resource import Operation
from localcloud.provider.tags import as_list

GONE: Final = frozenset({"NoSuchEntity"})


def document(policy: Any) -> str:
    """A policy that IAM answered with, as compact JSON. botocore has taken it apart already."""
    return json.dumps(policy if isinstance(policy, dict) else json.loads(policy), separators=(",", ":"))


def name_of(new: Mapping[str, Any]) -> str:
    """The given or made-up name, or one that begins with `name_prefix`."""
    return str(new.get("name") or f"{new['name_prefix']}{secrets.token_hex(13)}")


def retag(op: Operation, tag: Callable[..., Any], untag: Callable[..., Any], target: Mapping[str, str]) -> None:
    """Bring changed tags to what the program says, where the service's calls have them as ``Tags`` and ``TagKeys``."""
    op.retag(lambda keys: untag(**target, TagKeys=keys), lambda tags: tag(**target, Tags=as_list(tags)))

"""Which distribution a host name means, and which of its behaviors a path.

AWS facts: the Host header alone chooses; of two aliases that match the more specific one counts. Patterns are tried in
their order, the default behavior last; ``*`` is any number of characters, ``/`` too, ``?`` is one; they are matched
with the path after normalisation, while the path goes to the origin as it came. The root object stands for ``/`` alone.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import Any

from localcloud.server.services.cloudfront import store
from localcloud.server.services.cloudfront.store import Distribution

LOCAL = ".localhost"
"""May end any host: browsers look no such name up."""


def host_of(header: str) -> str:
    """The host name of a Host header, without port and local ending."""
    return header.partition(":")[0].lower().removesuffix(LOCAL)


def distribution(host: str) -> Distribution | None:
    """The enabled distribution of a host name."""
    found = [(name, one) for one in store.distributions() for name in (one.domain_name, *one.aliases)]
    exact = [one for name, one in found if name == host]
    wild = [one for name, one in found if name.startswith("*.") and host.partition(".")[2] == name[2:]]
    return next((one for one in (*exact, *wild) if one.config["Enabled"]), None)


def is_cloudfronts(host: str) -> bool:
    """Whether the host would reach CloudFront, whichever distribution it means."""
    return host.endswith(".cloudfront.net")


def behavior(one: Distribution, path: str) -> dict[str, Any]:
    normal = posixpath.normpath(path) + ("/" if path.endswith("/") and len(path) > 1 else "")
    normal = "/" + normal.lstrip("/")
    return next(each for each in one.behaviors if _pattern(each.get("PathPattern", "*")).fullmatch(normal))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    words = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text.removeprefix("/"))
    return re.compile("/" + words if not text.startswith("*") else "/?" + words, re.DOTALL)


def origin_path(one: Distribution, path: str) -> str:
    """What is asked of the origin: the path as it came."""
    root = one.config.get("DefaultRootObject", "")
    return f"/{root}" if path == "/" and root else path

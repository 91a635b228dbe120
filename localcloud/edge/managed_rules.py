"""AWS's own groups of firewall rules, as far as AWS says what they look for.

Source: WAF developer guide, "AWS Managed Rules rule groups list", whose examples are the patterns here: AWS keeps the
rest to itself. Addresses of bad repute are of the internet, so that none that asks here is on that list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote_plus

from localcloud.edge.viewer import Viewer

_INSPECTED_BODY: Final = 16_384
_JNDI: Final = re.compile(r"\$\{jndi:(ldaps?|rmi|dns|iiop|nis|corba|nds|https?):", re.IGNORECASE)
_JAVA: Final = re.compile(r"\(?java\.lang\.Runtime\)?\.getRuntime\(\)\.exec\(", re.IGNORECASE)
_PATHS: Final = re.compile(r"/(web-inf|meta-inf)(/|$)", re.IGNORECASE)


def _texts(viewer: Viewer) -> Iterator[str]:
    """What of a request is looked through: path, query string, header values, the beginning of the body."""
    yield unquote_plus(viewer.request.path)
    yield unquote_plus(viewer.request.query)
    yield from viewer.headers.values()
    yield unquote_plus(viewer.request.body[:_INSPECTED_BODY].decode("utf-8", "replace"))


def _known_bad(viewer: Viewer) -> bool:
    if viewer.method == "PROPFIND" or viewer.host == "localhost" or _PATHS.search(unquote_plus(viewer.request.path)):
        return True
    return any(_JNDI.search(text) or _JAVA.search(text) for text in _texts(viewer))


GROUPS: Final[Mapping[str, Callable[[Viewer], bool]]] = {
    "AWSManagedRulesAmazonIpReputationList": lambda _: False,
    "AWSManagedRulesKnownBadInputsRuleSet": _known_bad,
}
"""By name: whether the group blocks a request."""

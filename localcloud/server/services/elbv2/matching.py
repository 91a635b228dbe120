"""Which rule of a listener a request is for.

AWS facts (user guide, "Listener rules"): hosts and header values match without regard to case, paths and query values
with it; ``*`` is any number of characters, ``?`` is one; all conditions of a rule must hold, each by one of its values.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from localcloud.server.wire import HttpRequest

from . import store
from .store import Listener


def actions(listener: Listener, request: HttpRequest, source: str) -> list[dict[str, Any]]:
    """The actions of the first rule whose conditions all hold, else the listener's own."""
    for rule in store.rules_of(listener):
        if all(_holds(one, request, source) for one in rule.conditions):
            return rule.actions
    return listener.actions


def _holds(condition: Mapping[str, Any], request: HttpRequest, source: str) -> bool:
    return _BY_FIELD[condition["Field"]](condition, request, source)


def _host(condition: Mapping[str, Any], request: HttpRequest, _source: str) -> bool:
    host = request.headers.get("host", "").partition(":")[0]
    return any(_like(value, host, exact=False) for value in condition["HostHeaderConfig"]["Values"])


def _path(condition: Mapping[str, Any], request: HttpRequest, _source: str) -> bool:
    return any(_like(value, request.path, exact=True) for value in condition["PathPatternConfig"]["Values"])


def _header(condition: Mapping[str, Any], request: HttpRequest, _source: str) -> bool:
    config = condition["HttpHeaderConfig"]
    given = request.headers.get(config["HttpHeaderName"].lower())
    return given is not None and any(_like(value, given, exact=False) for value in config["Values"])


def _query(condition: Mapping[str, Any], request: HttpRequest, _source: str) -> bool:
    return any(
        _like(one["Value"], value, exact=True) and ("Key" not in one or _like(one["Key"], key, exact=True))
        for one in condition["QueryStringConfig"]["Values"]
        for key, value in request.query_items
    )


def _method(condition: Mapping[str, Any], request: HttpRequest, _source: str) -> bool:
    return request.method in condition["HttpRequestMethodConfig"]["Values"]


def _source(condition: Mapping[str, Any], _request: HttpRequest, source: str) -> bool:
    networks = [ipaddress.ip_network(value) for value in condition["SourceIpConfig"]["Values"]]
    return any(ipaddress.ip_address(source) in network for network in networks)


_BY_FIELD: Final[Mapping[str, Callable[[Mapping[str, Any], HttpRequest, str], bool]]] = {
    "host-header": _host,
    "path-pattern": _path,
    "http-header": _header,
    "query-string": _query,
    "http-request-method": _method,
    "source-ip": _source,
}


def _like(pattern: str, text: str, *, exact: bool) -> bool:
    return bool(_pattern(pattern, exact).fullmatch(text))


@cache
def _pattern(pattern: str, exact: bool) -> re.Pattern[str]:
    words = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.compile(words, re.DOTALL | (0 if exact else re.IGNORECASE))

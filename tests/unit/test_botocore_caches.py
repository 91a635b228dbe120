"""Clients share what they know of events' names, which is what each would have found by itself."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.hooks import EVENT_ALIASES, EventAliaser, HierarchicalEmitter

from localcloud import botocore_caches


def aliaser(aliases: dict[str, str] | None = None) -> Any:
    botocore_caches.install()
    return EventAliaser(HierarchicalEmitter(), aliases)


@pytest.mark.parametrize(
    "event", ["before-call.sqs.SendMessage", "before-sign.elbv2.*", "creating-client-class.sdb", "needs-retry.ses", "x"]
)
def test_a_name_is_the_one_that_a_client_of_its_own_finds(event: str) -> None:
    alone = aliaser({**EVENT_ALIASES, "nothing-of-botocores": "x"})
    for shared in (aliaser(), aliaser(dict(EVENT_ALIASES))):
        assert shared._alias_event_name(event) == alone._alias_event_name(event)


def test_only_clients_with_botocores_own_aliases_share_them() -> None:
    first, second, other = aliaser(), aliaser(dict(EVENT_ALIASES)), aliaser({"a": "b"})
    assert first._alias_event_name("a.x") == second._alias_event_name("a.x") == "a.x"
    assert other._alias_event_name("a.x") == "b.x"

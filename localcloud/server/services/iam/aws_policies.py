"""AWS's own managed policies, read once and not for each account at each reset: moto spends most of both on them."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import Any, Final

from localcloud.server.access.resources import IAMBackend, ManagedPolicy

READ: Final = "_init_aws_policies"
"""Moto's method, which has no public name."""
_read: Any = getattr(IAMBackend, READ)


@cache
def _policies(partition: str) -> tuple[ManagedPolicy, ...]:
    """As moto makes them for one account of a partition."""

    class Account:
        account_id, region_name = "aws", partition

    return tuple(_read(Account))


@cache
def _of_account(partition: str, account: str) -> tuple[ManagedPolicy, ...]:
    """An account's own: how often each is attached differs. Nothing else of them can be changed."""
    policies = tuple(copy(one) for one in _policies(partition))
    for one in policies:
        one.account_id = account
    return policies


def _unattached(backend: IAMBackend) -> list[ManagedPolicy]:
    """As in an account where nothing was done yet."""
    policies = _of_account(backend.region_name, backend.account_id)
    for one in policies:
        one.attachment_count = 0
    return list(policies)


setattr(IAMBackend, READ, _unattached)

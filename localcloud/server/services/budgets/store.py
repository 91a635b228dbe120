"""The budgets of all accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from localcloud.server.call import Call, Params
from localcloud.server.service import Resource

ARN = "arn:aws:budgets::{}:budget/{}"
_ARN = re.compile(ARN.format(r"(\d{12})", ".+"))


@dataclass(kw_only=True)
class Notification:
    settings: Params
    """As DescribeNotificationsForBudget answers it."""
    subscribers: list[Params]


@dataclass(kw_only=True)
class Budget:
    settings: Params
    """As DescribeBudget answers it."""
    notifications: list[Notification] = field(default_factory=list[Notification])
    tags: dict[str, str] = field(default_factory=dict[str, str])


BUDGETS: dict[str, Budget] = {}
"""By ARN."""


def account(call: Call) -> str:
    """The account that the call names, itself or in an ARN; the caller's where the ARN is no budget's."""
    named = _ARN.fullmatch(call.params.get("ResourceARN", ""))
    return str(named[1] if named else call.params.get("AccountId", call.caller.account_id))


def resource(arn: str) -> Resource | None:
    budget = BUDGETS.get(arn)
    return Resource(owner=arn.split(":")[4], tags=budget.tags) if budget else None


def inventory(account: str) -> Iterator[str]:
    return (arn for arn in list(BUDGETS) if arn.split(":")[4] == account)

"""A monthly budget of everything that an account costs, and e-mails as it is used up.

AWS facts: costs are brought up to date three times a day at most; a budget without actions stops nothing and costs
nothing; an alert is sent once a month, and e-mail addresses confirm nothing before; a forecast needs about five weeks
of costs. The member accounts of an organization have budgets as far as its payer allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
from pulumi_aws import budgets

from . import names, rules
from .checks import Args, Fault, refused


@dataclass(frozen=True, kw_only=True)
class AccountBudgetArgs(Args):
    monthly_usd: int
    """What the account may cost a month, in US dollars, 1 to 10,000,000."""
    notify: tuple[str, ...]
    """1 to 10 e-mail addresses, which hear of every alert."""
    at_percent: tuple[int, ...]
    """1 to 4 parts of the sum, in percent, 1 to 1,000: an alert once the month has cost more."""

    def faults(self) -> Iterator[Fault]:
        yield from refused("monthly_usd", self.monthly_usd, rules.MONTHLY_USD.fault(self.monthly_usd))
        yield from refused("notify", self.notify, rules.alert_addresses(self.notify))
        for address in self.notify:
            yield from refused("notify", address, rules.email(address))
        yield from refused("at_percent", self.at_percent, rules.alert_percents(self.at_percent))
        for percent in self.at_percent:
            yield from refused("at_percent", percent, rules.ALERT_PERCENT.fault(percent))


class AccountBudget(pulumi.ComponentResource):
    """The account's budget, with an alert at each of ``at_percent`` and one where the month is forecast to cost more
    than all of it."""

    def __init__(self, name: str, args: AccountBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:budget:AccountBudget", name, None, opts)
        budgets.Budget(
            name,
            name=names.BUDGET,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.monthly_usd),
            limit_unit="USD",
            notifications=[
                *(_alert("ACTUAL", percent, args.notify) for percent in args.at_percent),
                _alert("FORECASTED", 100, args.notify),
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _alert(kind: str, percent: int, addresses: tuple[str, ...]) -> budgets.BudgetNotificationArgs:
    return budgets.BudgetNotificationArgs(
        notification_type=kind,
        comparison_operator="GREATER_THAN",
        threshold=percent,
        threshold_type="PERCENTAGE",
        subscriber_email_addresses=[*addresses],
    )

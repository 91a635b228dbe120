"""What AWS Budgets refuses, and what is not modelled of it.

Sources: the API reference (errors of each operation, limits), the user guide, AWS's answers as recorded by others.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from localcloud.server.call import Params, Refusal

MOST_NOTIFICATIONS: Final = 5
"""By CreateBudget's page; that of Notification says ten."""
MOST_SUBSCRIBERS: Final = {"SNS": 1, "EMAIL": 10}
"""Of one notification, by type."""
ADDRESSES: Final = {
    "SNS": re.compile(r"arn:aws:sns:[a-z0-9-]+:\d{12}:[\w-]+"),
    "EMAIL": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
}
LAST_END: Final = datetime(2087, 6, 15, tzinfo=UTC)
MODELLED: Final = frozenset(
    {"BudgetLimit", "BudgetName", "BudgetType", "CostFilters", "CostTypes", "TimePeriod", "TimeUnit"}
)


def _invalid(text: str) -> Refusal:
    return Refusal("InvalidParameterException", text)


def budget(given: Params) -> None:
    unknown = sorted(given.keys() - MODELLED)
    if unknown or given["BudgetType"] != "COST" or given["TimeUnit"] == "CUSTOM":
        what = unknown[0] if unknown else f"{given['BudgetType']} budget of time unit {given['TimeUnit']}"
        raise Refusal("NotImplemented", f"budgets {what} is not implemented here.", 501)
    if "BudgetLimit" not in given:
        text = "Unable to create/update budget - please provide one of the followings: Budget Limit/ Planned Budget "
        raise _invalid(f"{text}Limit/ Auto Adjust Data")
    period = {name: moment.replace(tzinfo=UTC) for name, moment in given.get("TimePeriod", {}).items()}
    end = period.get("End", LAST_END)
    if end > LAST_END or ("Start" in period and period["Start"] >= end):
        raise _invalid("Time period is invalid: its start must come before its end, and that before 06/15/87 00:00 UTC")


def forecast(budget: Params, notification: Params) -> None:
    if budget["TimeUnit"] == "DAILY" and notification["NotificationType"] == "FORECASTED":
        raise _invalid("Forecasted notifications are not supported for daily budgets")


def subscribers(given: list[Params]) -> None:
    for kind, most in MOST_SUBSCRIBERS.items():
        addresses = [each["Address"] for each in given if each["SubscriptionType"] == kind]
        wrong = [address for address in addresses if not ADDRESSES[kind].fullmatch(address)]
        if wrong:
            raise _invalid(f"The address {wrong[0]} is not valid for a subscriber of type {kind}")
        if len(addresses) > most:
            text = f"one notification can only have {most} subscribers with type of {kind}"
            raise Refusal("CreationLimitExceededException", text)
        if len(addresses) != len(set(addresses)):
            raise Refusal("DuplicateRecordException", "The subscriber already exists for the notification")


def tags(given: list[dict[str, str]]) -> None:
    keys = [tag["Key"] for tag in given]
    if len(keys) != len(set(keys)):
        raise _invalid("Duplicate tag keys found in the request")
    if any(key.lower().startswith("aws:") for key in keys):
        raise _invalid("Tag keys that begin with aws: are reserved for AWS")

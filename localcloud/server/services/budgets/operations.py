"""The operations on budgets, their notifications and tags.

AWS facts: an amount comes back as a decimal number (``900.0`` for ``900``); a budget without a period is one from the
start of the current day, month, quarter or year on; a notification is known by its settings, a percentage unless they
say otherwise; UpdateBudget replaces a budget's settings, and leaves its notifications and tags.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import refusals
from .store import ARN, BUDGETS, Budget, Notification

SERVICE: Final = "budgets"
COST_TYPES: Final = {
    **dict.fromkeys(
        (
            "IncludeCredit", "IncludeDiscount", "IncludeOtherSubscription", "IncludeRecurring", "IncludeRefund",
            "IncludeSubscription", "IncludeSupport", "IncludeTax", "IncludeUpfront",
        ),
        True,
    ),
    "UseAmortized": False,
    "UseBlended": False,
}  # fmt: skip
NOTHING_SPENT: Final = {"ActualSpend": {"Amount": "0.0", "Unit": "USD"}}
IDENTITY: Final = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
"""The settings by which a notification is known."""


def _not_found(text: str) -> Refusal:
    return Refusal("NotFoundException", text)


def _budget(call: Call, doing: str, name: str) -> Budget:
    budget = BUDGETS.get(ARN.format(call.account, name))
    if budget is None:
        raise _not_found(f"Unable to {doing}: {name} - the budget doesn't exist.")
    return budget


def _tagged(call: Call) -> Budget:
    arn: str = call.params["ResourceARN"]
    if arn not in BUDGETS:
        raise _not_found(f"The resource {arn} doesn't exist.")
    return BUDGETS[arn]


@HOOKS.instead(SERVICE, "CreateBudget")
def create(call: Call) -> Params:
    given: Params = call.params["Budget"]
    refusals.budget(given)
    arn = ARN.format(call.account, given["BudgetName"])
    if arn in BUDGETS:
        text = f"Error creating budget: {given['BudgetName']} - the budget already exists."
        raise Refusal("DuplicateRecordException", text)
    tags: list[dict[str, str]] = call.params.get("ResourceTags", [])
    refusals.tags(tags)
    budget = Budget(settings=_settings(given), tags={tag["Key"]: tag["Value"] for tag in tags})
    for each in call.params.get("NotificationsWithSubscribers", []):
        _add(budget, each["Notification"], each["Subscribers"])
    BUDGETS[arn] = budget
    return {}


def _settings(given: Params) -> Params:
    """A budget as AWS answers it."""
    now = datetime.now(UTC)
    limit, period = given["BudgetLimit"], given.get("TimePeriod", {})
    return {
        **given,
        "BudgetLimit": {**limit, "Amount": str(Decimal(limit["Amount"]) + Decimal("0.0"))},
        "CostTypes": COST_TYPES | given.get("CostTypes", {}),
        "TimePeriod": {"Start": _start(given["TimeUnit"], now), "End": refusals.LAST_END} | period,
        "CalculatedSpend": NOTHING_SPENT,
        "LastUpdatedTime": now,
    }


def _start(unit: str, now: datetime) -> datetime:
    """The start of the period that the budget is in."""
    month = {"QUARTERLY": now.month - (now.month - 1) % 3, "ANNUALLY": 1}.get(unit, now.month)
    day = now.day if unit == "DAILY" else 1
    return now.replace(month=month, day=day, hour=0, minute=0, second=0, microsecond=0)


@HOOKS.instead(SERVICE, "UpdateBudget")
def update(call: Call) -> Params:
    given: Params = call.params["NewBudget"]
    budget = _budget(call, "update budget", given["BudgetName"])
    refusals.budget(given)
    for notification in budget.notifications:
        refusals.forecast(given, notification.settings)
    budget.settings = _settings({"TimePeriod": budget.settings["TimePeriod"], **given})
    return {}


@HOOKS.instead(SERVICE, "DeleteBudget")
def delete(call: Call) -> Params:
    _budget(call, "delete budget", call.params["BudgetName"])
    del BUDGETS[ARN.format(call.account, call.params["BudgetName"])]
    return {}


@HOOKS.instead(SERVICE, "DescribeBudget")
def describe(call: Call) -> Params:
    return {"Budget": _budget(call, "get budget", call.params["BudgetName"]).settings}


@HOOKS.instead(SERVICE, "DescribeBudgets")
def describe_all(call: Call) -> Params:
    own = [budget.settings for arn, budget in BUDGETS.items() if arn.startswith(ARN.format(call.account, ""))]
    return _page(call, "Budgets", own)


@HOOKS.instead(SERVICE, "CreateNotification")
def create_notification(call: Call) -> Params:
    budget = _budget(call, "create notification", call.params["BudgetName"])
    _add(budget, call.params["Notification"], call.params["Subscribers"])
    return {}


def _add(budget: Budget, settings: Params, subscribers: list[Params]) -> None:
    settings = {"ThresholdType": "PERCENTAGE", "NotificationState": "OK", **settings}
    refusals.forecast(budget.settings, settings)
    refusals.subscribers(subscribers)
    if _found(budget, settings):
        raise Refusal("DuplicateRecordException", "Unable to create notification - the notification already exists.")
    if len(budget.notifications) == refusals.MOST_NOTIFICATIONS:
        text = f"one budget can only have {refusals.MOST_NOTIFICATIONS} notifications"
        raise Refusal("CreationLimitExceededException", text)
    budget.notifications.append(Notification(settings=settings, subscribers=subscribers))


def _found(budget: Budget, settings: Params) -> Notification | None:
    """The budget's notification of those settings."""
    wanted = {"ThresholdType": "PERCENTAGE", **settings}
    same = (each for each in budget.notifications if all(each.settings[name] == wanted[name] for name in IDENTITY))
    return next(same, None)


def _notification(call: Call) -> tuple[Budget, Notification]:
    budget = _budget(call, "get notification", call.params["BudgetName"])
    notification = _found(budget, call.params["Notification"])
    if notification is None:
        raise _not_found("The notification doesn't exist.")
    return budget, notification


@HOOKS.instead(SERVICE, "DeleteNotification")
def delete_notification(call: Call) -> Params:
    budget, notification = _notification(call)
    budget.notifications.remove(notification)
    return {}


@HOOKS.instead(SERVICE, "DescribeNotificationsForBudget")
def describe_notifications(call: Call) -> Params:
    budget = _budget(call, "get notifications", call.params["BudgetName"])
    return _page(call, "Notifications", [each.settings for each in budget.notifications])


@HOOKS.instead(SERVICE, "DescribeSubscribersForNotification")
def describe_subscribers(call: Call) -> Params:
    return _page(call, "Subscribers", _notification(call)[1].subscribers)


def _page(call: Call, member: str, items: list[Any]) -> Params:
    """``MaxResults`` of the items, and a token for what is left."""
    token: str = call.params.get("NextToken", "0")
    if not token.isdigit():
        raise Refusal("InvalidNextTokenException", "The pagination token is invalid.")
    end = int(token) + call.params.get("MaxResults", 100)
    return {member: items[int(token) : end], **({"NextToken": str(end)} if end < len(items) else {})}


@HOOKS.instead(SERVICE, "ListTagsForResource")
def list_tags(call: Call) -> Params:
    return {"ResourceTags": [{"Key": key, "Value": value} for key, value in _tagged(call).tags.items()]}


@HOOKS.instead(SERVICE, "TagResource")
def tag(call: Call) -> Params:
    budget, tags = _tagged(call), call.params["ResourceTags"]
    refusals.tags(tags)
    budget.tags |= {tag["Key"]: tag["Value"] for tag in tags}
    return {}


@HOOKS.instead(SERVICE, "UntagResource")
def untag(call: Call) -> Params:
    budget = _tagged(call)
    for key in call.params["ResourceTagKeys"]:
        budget.tags.pop(key, None)
    return {}

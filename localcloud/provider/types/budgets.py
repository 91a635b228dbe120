"""aws:budgets/budget:Budget.

AWS facts: UpdateBudget replaces all of a budget but its notifications and tags; a notification is known by its
settings, and read without its subscribers.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.provider.api_names import from_api, to_api
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import name_of
from localcloud.provider.types.s3_common import optional

GONE: Final = frozenset({"NotFoundException"})
TIME: Final = "%Y-%m-%d_%H:%M"
_SUBSCRIBERS: Final = {"subscriber_email_addresses": "EMAIL", "subscriber_sns_topic_arns": "SNS"}
_NOTIFICATION: Final = ("comparison_operator", "notification_type", "threshold", "threshold_type")
_SETTINGS: Final = frozenset(
    {
        "budget_type", "cost_filter", "cost_types", "limit_amount", "limit_unit", "time_period_end",
        "time_period_start", "time_unit",
    }
)  # fmt: skip


class Budget(Resource):
    """A budget with its notifications. Its id is its account and its name."""

    tf = "aws_budgets_budget"
    pulumi = "aws:budgets/budget:Budget"
    handles = frozenset({"account_id", "name", "name_prefix", "notification", *_SETTINGS})

    def create(self, op: Operation) -> str:
        name, account = name_of(op.new), op.new.get("account_id") or op.account_id
        tags = as_list(op.new["tags_all"])
        op.client("budgets").create_budget(
            AccountId=account, Budget=_budget(name, op.new), **({"ResourceTags": tags} if tags else {})
        )
        return f"{account}:{name}"

    def settle(self, op: Operation) -> None:
        for notification in op.new.get("notification") or []:
            self._notify(op, notification)

    def read(self, op: Operation) -> State | None:
        budgets, about = op.client("budgets"), _about(op.resource_id)
        found = optional(lambda: budgets.describe_budget(**about), GONE)
        if found is None:
            return None
        budget, arn = found["Budget"], f"arn:{op.partition}:budgets::{about['AccountId']}:budget/{about['BudgetName']}"
        limit, period = budget.get("BudgetLimit", {}), budget["TimePeriod"]
        return {
            "arn": arn,
            "account_id": about["AccountId"],
            "name": about["BudgetName"],
            "budget_type": budget["BudgetType"],
            "cost_filter": [{"name": name, "values": values} for name, values in budget.get("CostFilters", {}).items()],
            "cost_types": from_api(budget.get("CostTypes"), {}),
            "limit_amount": limit.get("Amount"),
            "limit_unit": limit.get("Unit"),
            "notification": [*self._notifications(op, about)],
            "time_period_end": _text(period["End"]),
            "time_period_start": _text(period["Start"]),
            "time_unit": budget["TimeUnit"],
            "tags_all": as_map(budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]),
        }

    def _notifications(self, op: Operation, about: dict[str, str]) -> Any:
        budgets = op.client("budgets")
        for page in budgets.get_paginator("describe_notifications_for_budget").paginate(**about):
            for one in page["Notifications"]:
                subscribers = budgets.describe_subscribers_for_notification(**about, Notification=one)["Subscribers"]
                plain = {"threshold_type": "PERCENTAGE", **from_api(one, {})}
                yield {name: plain[name] for name in _NOTIFICATION} | {
                    name: [each["Address"] for each in subscribers if each["SubscriptionType"] == kind]
                    for name, kind in _SUBSCRIBERS.items()
                }

    def update(self, op: Operation) -> None:
        budgets, about = op.client("budgets"), _about(op.resource_id)
        if op.changed & _SETTINGS:
            wanted = {**op.old, **op.new}
            budgets.update_budget(AccountId=about["AccountId"], NewBudget=_budget(about["BudgetName"], wanted))
        if "notification" in op.changed:
            old, new = op.old.get("notification") or [], op.new.get("notification") or []
            for notification in (one for one in old if one not in new):
                budgets.delete_notification(**about, Notification=_settings(notification))
            for notification in (one for one in new if one not in old):
                self._notify(op, notification)
        op.retag(
            lambda keys: budgets.untag_resource(ResourceARN=op.old["arn"], ResourceTagKeys=keys),
            lambda tags: budgets.tag_resource(ResourceARN=op.old["arn"], ResourceTags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("budgets").delete_budget(**_about(op.resource_id)), GONE)

    def _notify(self, op: Operation, notification: Mapping[str, Any]) -> None:
        subscribers = [
            {"SubscriptionType": kind, "Address": address}
            for name, kind in _SUBSCRIBERS.items()
            for address in notification.get(name) or []
        ]
        op.client("budgets").create_notification(
            **_about(op.resource_id), Notification=_settings(notification), Subscribers=subscribers
        )


def _about(resource_id: str) -> dict[str, str]:
    account, _, name = resource_id.partition(":")
    return {"AccountId": account, "BudgetName": name}


def _budget(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The API's, of inputs, or of a state with inputs laid over it."""
    amount, unit = values.get("limit_amount"), values.get("limit_unit")
    times = {"Start": values.get("time_period_start"), "End": values.get("time_period_end")}
    filters, types = values.get("cost_filter"), values.get("cost_types")
    return {
        "BudgetName": name,
        "BudgetType": values["budget_type"],
        "TimeUnit": values["time_unit"],
        "TimePeriod": {end: datetime.strptime(text, TIME).replace(tzinfo=UTC) for end, text in times.items() if text},
        **({"BudgetLimit": {"Amount": amount, "Unit": unit}} if amount and unit else {}),
        **({"CostFilters": {each["name"]: each["values"] for each in filters}} if filters else {}),
        **({"CostTypes": to_api(types, {})} if types else {}),
    }


def _settings(notification: Mapping[str, Any]) -> dict[str, Any]:
    return to_api({name: notification[name] for name in _NOTIFICATION}, {})


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(TIME)

"""AWS Budgets: what is kept and given back, and what is refused, row by row of docs/refusals.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from localcloud.server.services.budgets.operations import COST_TYPES

from . import refusal_rows
from .batch_steps import refused
from .conftest import DEV, PUBLIC, Cloud

LIMIT = {"Amount": "900", "Unit": "USD"}
AT_80 = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
SOMEBODY = {"SubscriptionType": "EMAIL", "Address": "somebody@example.org"}
TOPIC = {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:us-west-2:{DEV}:costs"}
LAST_END = datetime(2087, 6, 15, tzinfo=UTC)


@pytest.fixture
def budgets(cloud: Cloud) -> Any:
    return cloud.client("budgets", parameter_validation=False)


def settings(name: str, **others: Any) -> dict[str, Any]:
    return {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": LIMIT, **others}


@pytest.fixture
def name(cloud: Cloud, budgets: Any) -> str:
    """A budget's."""
    name = cloud.name("budget")
    budgets.create_budget(AccountId=DEV, Budget=settings(name))
    return name


@pytest.fixture
def notify(budgets: Any, name: str) -> Callable[..., None]:
    """Makes a notification of the budget, with subscribers and settings."""

    def make(*subscribers: dict[str, str], **given: Any) -> None:
        budgets.create_notification(
            AccountId=DEV, BudgetName=name, Notification={**AT_80, **given}, Subscribers=[*subscribers]
        )

    return make


def numbered(amount: int) -> list[dict[str, str]]:
    return [{**SOMEBODY, "Address": f"{number}@example.org"} for number in range(amount)]


def test_what_a_budget_is_made_with_comes_back(cloud: Cloud, budgets: Any) -> None:
    name = cloud.name("budget")
    budgets.create_budget(
        AccountId=DEV,
        Budget=settings(name, CostFilters={"Service": ["Amazon Simple Storage Service"]}),
        NotificationsWithSubscribers=[{"Notification": AT_80, "Subscribers": [SOMEBODY, TOPIC]}],
        ResourceTags=[{"Key": "team", "Value": "data"}],
    )
    about = {"AccountId": DEV, "BudgetName": name}
    budget = budgets.describe_budget(**about)["Budget"]
    assert budget["BudgetLimit"] == {"Amount": "900.0", "Unit": "USD"}
    assert budget["CostFilters"] == {"Service": ["Amazon Simple Storage Service"]}
    assert budget["CostTypes"] == COST_TYPES
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert budget["TimePeriod"] == {"Start": month, "End": LAST_END}
    [notification] = budgets.describe_notifications_for_budget(**about)["Notifications"]
    assert notification == {**AT_80, "ThresholdType": "PERCENTAGE", "NotificationState": "OK"}
    subscribers = budgets.describe_subscribers_for_notification(**about, Notification=notification)["Subscribers"]
    assert subscribers == [SOMEBODY, TOPIC]
    arn = {"ResourceARN": f"arn:aws:budgets::{DEV}:budget/{name}"}
    budgets.tag_resource(**arn, ResourceTags=[{"Key": "stack", "Value": "dev"}])
    budgets.untag_resource(**arn, ResourceTagKeys=["team"])
    assert budgets.list_tags_for_resource(**arn)["ResourceTags"] == [{"Key": "stack", "Value": "dev"}]


def test_an_update_leaves_period_notifications_and_tags(budgets: Any, name: str, notify: Callable[..., None]) -> None:
    notify(SOMEBODY)
    about = {"AccountId": DEV, "BudgetName": name}
    before = budgets.describe_budget(**about)["Budget"]
    budgets.update_budget(AccountId=DEV, NewBudget=settings(name, BudgetLimit={"Amount": "12.5", "Unit": "USD"}))
    after = budgets.describe_budget(**about)["Budget"]
    assert after["BudgetLimit"]["Amount"] == "12.5"
    assert after["TimePeriod"] == before["TimePeriod"]
    assert len(budgets.describe_notifications_for_budget(**about)["Notifications"]) == 1


@pytest.mark.parametrize(("unit", "month", "day"), [("DAILY", None, None), ("QUARTERLY", (1, 4, 7, 10), 1)])
def test_the_period_begins_with_the_unit_of_time(
    cloud: Cloud, budgets: Any, unit: str, month: tuple[int, ...] | None, day: int | None
) -> None:
    name, now = cloud.name("budget"), datetime.now(UTC)
    budgets.create_budget(AccountId=DEV, Budget=settings(name, TimeUnit=unit))
    start = budgets.describe_budget(AccountId=DEV, BudgetName=name)["Budget"]["TimePeriod"]["Start"]
    assert start.month in (month or (now.month,))
    assert start.day == (day or now.day)
    assert start <= now


def test_budgets_come_in_pages(cloud: Cloud, budgets: Any, name: str) -> None:
    other = cloud.name("budget")
    budgets.create_budget(AccountId=DEV, Budget=settings(other))
    pages = (
        cloud.client("budgets")
        .get_paginator("describe_budgets")
        .paginate(AccountId=DEV, PaginationConfig={"PageSize": 1})
    )
    sizes, names = zip(*((len(page["Budgets"]), page["Budgets"][0]["BudgetName"]) for page in pages), strict=True)
    assert set(sizes) == {1}
    assert {name, other} <= set(names)
    with refused("InvalidNextTokenException"):
        budgets.describe_budgets(AccountId=DEV, NextToken="x")


def test_deleting_a_budget_takes_its_notifications(budgets: Any, name: str, notify: Callable[..., None]) -> None:
    notify(SOMEBODY)
    about = {"AccountId": DEV, "BudgetName": name}
    budgets.delete_budget(**about)
    budgets.create_budget(AccountId=DEV, Budget=settings(name))
    assert budgets.describe_notifications_for_budget(**about)["Notifications"] == []


def test_bbe_02_name_that_is_taken(budgets: Any, name: str) -> None:
    with refused("DuplicateRecordException", "already exists"):
        budgets.create_budget(AccountId=DEV, Budget=settings(name))


def test_bbe_03_notifications_and_subscribers_that_are_too_many(
    budgets: Any, name: str, notify: Callable[..., None]
) -> None:
    with refused("CreationLimitExceededException", "one notification can only have 1 subscribers with type of SNS"):
        notify(TOPIC, {**TOPIC, "Address": f"{TOPIC['Address']}-2"})
    with refused("CreationLimitExceededException", "one notification can only have 10 subscribers"):
        notify(*numbered(11))
    notify(TOPIC, *numbered(10))
    for percent in (81, 82, 83, 84):
        notify(SOMEBODY, Threshold=percent)
    with refused("CreationLimitExceededException", "5 notifications"):
        notify(SOMEBODY, Threshold=85)
    budgets.delete_notification(AccountId=DEV, BudgetName=name, Notification=AT_80)
    notify(SOMEBODY, Threshold=85)


def test_bbe_04_topic_that_is_not_looked_at(notify: Callable[..., None]) -> None:
    notify({**TOPIC, "Address": f"{TOPIC['Address']}-of-nobody"})


@pytest.mark.parametrize("wanted", ["a:b", "a\\b", "a/action/b", "x" * 101])
def test_bbe_13_names(budgets: Any, wanted: str) -> None:
    with refused("ValidationException", "budgetName"):
        budgets.create_budget(AccountId=DEV, Budget=settings(wanted))


def test_the_same_notification_or_subscriber_again(notify: Callable[..., None]) -> None:
    notify(SOMEBODY)
    with refused("DuplicateRecordException", "notification already exists"):
        notify(TOPIC, ThresholdType="PERCENTAGE")
    with refused("DuplicateRecordException", "subscriber already exists"):
        notify(SOMEBODY, SOMEBODY, NotificationType="FORECASTED")


def test_what_does_not_exist(budgets: Any, name: str) -> None:
    nowhere = {"AccountId": DEV, "BudgetName": "nowhere"}
    here = {"AccountId": DEV, "BudgetName": name, "Notification": AT_80}
    for ask in (
        lambda: budgets.describe_budget(**nowhere),
        lambda: budgets.update_budget(AccountId=DEV, NewBudget=settings("nowhere")),
        lambda: budgets.delete_budget(**nowhere),
        lambda: budgets.create_notification(**nowhere, Notification=AT_80, Subscribers=[SOMEBODY]),
        lambda: budgets.describe_notifications_for_budget(**nowhere),
        lambda: budgets.describe_subscribers_for_notification(**here),
        lambda: budgets.delete_notification(**here),
        lambda: budgets.list_tags_for_resource(ResourceARN=f"arn:aws:budgets::{DEV}:budget/nowhere"),
        lambda: budgets.list_tags_for_resource(ResourceARN="arn:aws:budgets:nowhere"),
    ):
        with refused("NotFoundException"):
            ask()


def test_limit_and_period(budgets: Any, name: str) -> None:
    without = settings(name)
    del without["BudgetLimit"]
    first = datetime(2026, 2, 1, tzinfo=UTC)
    periods = ({"Start": first, "End": first}, {"End": datetime(2087, 6, 16, tzinfo=UTC)})
    for wrong in (without, *(settings(name, TimePeriod=period) for period in periods)):
        with refused("InvalidParameterException"):
            budgets.update_budget(AccountId=DEV, NewBudget=wrong)


def test_forecast_of_a_day(cloud: Cloud, budgets: Any, name: str, notify: Callable[..., None]) -> None:
    notify(SOMEBODY, NotificationType="FORECASTED")
    with refused("InvalidParameterException", "daily"):
        budgets.update_budget(AccountId=DEV, NewBudget=settings(name, TimeUnit="DAILY"))
    forecast = {"Notification": {**AT_80, "NotificationType": "FORECASTED"}, "Subscribers": [SOMEBODY]}
    other = settings(cloud.name("budget"), TimeUnit="DAILY")
    with refused("InvalidParameterException", "daily"):
        budgets.create_budget(AccountId=DEV, Budget=other, NotificationsWithSubscribers=[forecast])
    budgets.create_budget(AccountId=DEV, Budget=other)  # nothing of it was made


def test_addresses_and_tags(budgets: Any, name: str, notify: Callable[..., None]) -> None:
    for wrong in ({**SOMEBODY, "Address": "somebody"}, {**TOPIC, "Address": "costs"}):
        with refused("InvalidParameterException", "address"):
            notify(wrong)
    arn = f"arn:aws:budgets::{DEV}:budget/{name}"
    for keys in (["aws:team"], ["a", "a"]):
        with refused("InvalidParameterException", "ag keys"):
            budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": key, "Value": "x"} for key in keys])


def test_tags_of_a_budget_and_of_a_request_are_conditions(cloud: Cloud, name: str) -> None:
    own = {"StringEquals": {"aws:ResourceTag/team": "data"}}
    given = {"StringEquals": {"aws:RequestTag/team": "data"}}
    role = cloud.limited(
        {"Effect": "Allow", "Action": "budgets:ModifyBudget", "Resource": "*"},
        {"Effect": "Allow", "Action": "budgets:ViewBudget", "Resource": "*", "Condition": own},
        {"Effect": "Allow", "Action": "budgets:TagResource", "Resource": "*", "Condition": given},
    )
    budgets, tagged = cloud.client("budgets", role=role), cloud.name("budget")
    tags = [{"Key": "team", "Value": "data"}]
    budgets.create_budget(AccountId=DEV, Budget=settings(tagged), ResourceTags=tags)
    assert budgets.describe_budget(AccountId=DEV, BudgetName=tagged)["Budget"]["BudgetName"] == tagged
    with refused("AccessDeniedException", "budgets:ViewBudget"):
        budgets.describe_budget(AccountId=DEV, BudgetName=name)
    with refused("AccessDeniedException", "budgets:TagResource"):
        budgets.create_budget(AccountId=DEV, Budget=settings(name), ResourceTags=[{"Key": "team", "Value": "other"}])


def test_another_accounts_budgets(cloud: Cloud, name: str) -> None:
    other = cloud.client("budgets", PUBLIC)
    for ask in (
        lambda: other.describe_budget(AccountId=DEV, BudgetName=name),
        lambda: other.describe_budgets(AccountId=DEV),
        lambda: other.create_budget(AccountId=DEV, Budget=settings(cloud.name("budget"))),
        lambda: other.list_tags_for_resource(ResourceARN=f"arn:aws:budgets::{DEV}:budget/{name}"),
    ):
        with refused("AccessDeniedException"):
            ask()


def test_what_is_not_modelled_is_named(budgets: Any, name: str) -> None:
    adjusted = settings(name, AutoAdjustData={"AutoAdjustType": "FORECAST"})
    for wrong, named in ((adjusted, "AutoAdjustData"), (settings(name, BudgetType="USAGE"), "USAGE budget")):
        with refused("NotImplemented", named):
            budgets.update_budget(AccountId=DEV, NewBudget=wrong)


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("Budgets", "BBE", "test_budgets.py")

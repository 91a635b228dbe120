"""An account's budget: its alerts, its arguments, and what else changes with its setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.budget import AccountBudget, AccountBudgetArgs
from composition.bootstrap import fingerprint
from settings import load
from tests.unit.recording import record
from tests.unit.stackfiles import changed, written
from tests.unit.test_settings import put

GIVEN: dict[str, Any] = {"monthly_usd": 900, "notify": ("one@example.org", "two@example.org"), "at_percent": (80, 100)}


def test_alerts_are_of_each_part_and_of_the_forecast() -> None:
    graph = record(lambda: AccountBudget("budget", AccountBudgetArgs(**GIVEN)))
    budget = graph.one("budget", "budgets/budget:Budget").inputs
    assert (budget["name"], budget["limitAmount"], budget["limitUnit"]) == ("cryoet-account", "900", "USD")
    assert (budget["budgetType"], budget["timeUnit"]) == ("COST", "MONTHLY")
    alerts = budget["notifications"]
    told = [(one["notificationType"], one["threshold"], one["thresholdType"]) for one in alerts]
    assert told == [("ACTUAL", 80, "PERCENTAGE"), ("ACTUAL", 100, "PERCENTAGE"), ("FORECASTED", 100, "PERCENTAGE")]
    assert {one["comparisonOperator"] for one in alerts} == {"GREATER_THAN"}
    assert all(one["subscriberEmailAddresses"] == [*GIVEN["notify"]] for one in alerts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"monthly_usd": 0}, "AccountBudget 'budget': monthly_usd: 0: 1 to 10000000"),
        ({"notify": ()}, r"notify: \(\): 1 to 10 different addresses"),
        ({"notify": ("somebody",)}, "notify: 'somebody': an e-mail address is like"),
        ({"at_percent": (1, 2, 3, 4, 5)}, "at_percent: .*: 1 to 4 different numbers"),
        ({"at_percent": (1001,)}, "at_percent: 1001: 1 to 1000"),
    ],
)
def test_arguments_that_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        record(lambda: AccountBudget("budget", AccountBudgetArgs(**{**GIVEN, **change})))


def test_another_budget_is_another_bootstrap(tmp_path: Path) -> None:
    def of(path: str, value: object) -> str:
        return fingerprint(load("dev", written(changed(put("dev", path, value)), tmp_path)))

    budgets = (("account.budget", None), ("account.budget.monthly_usd", 901), ("account.budget.at_percent", [50]))
    assert len({of("account.region", "us-west-2"), *(of(*budget) for budget in budgets)}) == 4

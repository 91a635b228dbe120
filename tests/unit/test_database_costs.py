"""docs/components/database.md says what the stack files' databases cost at rest."""

from __future__ import annotations

import re

import pytest

from benchmarks import prices
from settings import load
from tests.unit.stackfiles import ROOT

HOURS = 730
PAGE = (ROOT / "docs" / "components" / "database.md").read_text()


@pytest.mark.parametrize(("stack", "environment"), [("dev", "dev"), ("dev", "staging"), ("prod", "prod")])
def test_the_page_has_the_idle_cost_of_each_environment(stack: str, environment: str) -> None:
    database = load(stack, ROOT).current.databases[environment]
    units = database.min_capacity * (1 + database.readers)
    [said] = re.findall(
        rf"^\| {environment}: `?(?:min_capacity)?`? ?{database.min_capacity:g}.*\| (\d+) \|$", PAGE, re.MULTILINE
    )
    assert int(said) == round(units * HOURS * prices.value("aurora_capacity_hour"))
    assert str(prices.table()["aurora_capacity_hour"]["date"]) in PAGE

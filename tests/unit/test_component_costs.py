"""The pages of docs/components have no price of their own: each number follows from benchmarks/prices.toml."""

from __future__ import annotations

import re

import pytest

from benchmarks import prices
from components.cdn.firewall import MANAGED_RULES
from settings import load
from tests.unit.stackfiles import ROOT, own_project

PAGES = ROOT / "docs" / "components"
HEADING = "## What it costs\n"
TABLE = "USD in us-west-2, by the [dated table](../../benchmarks/prices.toml)"
HOURS = 730
MILLION = 1_000_000


def usd(price: str, count: float = 1) -> str:
    """An amount without cents that are zero."""
    amount = round(prices.value(price) * count, 3)
    return f"{amount:g}" if amount == int(amount) or amount != round(amount, 2) else f"{amount:.2f}"


def month(price: str, count: float = 1) -> str:
    return f"{prices.value(price) * HOURS * count:.0f}"


def acl(rules: int) -> str:
    return f"{prices.value('waf_acl_month') + rules * prices.value('waf_rule_month'):g}"


def at_rest(stack: str, environment: str, capacity: str, instances: str) -> str:
    """An environment's row; ``capacity`` has a place for the stack file's own number."""
    database = load(stack, own_project()).current.databases[environment]
    price = month("aurora_capacity_hour", database.min_capacity * (1 + database.readers))
    return f"| {environment}: {capacity.format(f'{database.min_capacity:g}')} | {instances} | {price} |"


TRAFFIC = (
    f"{usd('cloudfront_gb_out')} a GB to viewers in North America and Europe, "
    f"{usd('cloudfront_request', MILLION)} a million requests, "
    f"{usd('waf_request', MILLION)} more a million that a web ACL looks at"
)
WEB_ACL = f"A web ACL is {usd('waf_acl_month')} a month and each of its rules {usd('waf_rule_month')}"
SAID = {
    "cluster": (
        f"| the control plane | {month('eks_cluster_hour')} |",
        f"| a machine of 2 vCPUs and 4 GiB (`c7g.large`) | {month('c7g_large_hour')} |",
        f"| Auto Mode for that machine | {month('c7g_large_hour', prices.value('eks_auto_mode_share'))} |",
        f"| the key | {usd('kms_key_month')} |",
        f"The log is {usd('log_gb')} a GB",
    ),
    "data-cdn": (f"{WEB_ACL}.", TRAFFIC),
    "database": (
        at_rest("dev", "dev", "`min_capacity` {}", f"paused: storage alone, {usd('aurora_storage_month')} a GB"),
        at_rest("dev", "staging", "{}", "one instance"),
        at_rest("prod", "prod", "{}, one reader", "two instances"),
        f"Two secrets add {usd('secret_month', 2)}, `insights_days` 7 nothing.",
        f"an instance costs {usd('aurora_capacity_hour')} a unit and hour",
    ),
    "site-cdn": (
        f"{WEB_ACL}: {acl(1)} with `requests_per_5_minutes` or `addresses` alone, ",
        f"{acl(len(MANAGED_RULES))} with `managed_rules` alone",
        TRAFFIC,
    ),
    "web-service": (f"the load balancer {month('load_balancer_hour')} a month",),
}
"""Whatever has a number in it, of what each page says of costs."""


@pytest.mark.parametrize("page", [one.stem for one in PAGES.glob("*.md")])
def test_a_page_says_what_the_dated_table_has_and_no_other_number(page: str) -> None:
    text = " ".join((PAGES / f"{page}.md").read_text().split(HEADING)[1].split("\n## ")[0].split())
    for sentence in (TABLE, *SAID[page]):
        assert sentence in text
        text = text.replace(sentence, "")
    assert not re.search(r"\d", text)

"""README's idle cost by account: what each account's graph has, times the dated table of prices."""

from __future__ import annotations

import json

from benchmarks.prices import value
from settings import load
from settings.schema import Settings
from tests.documented import ROOT
from tests.unit.conftest import deployed
from tests.unit.recording import Recording
from tests.unit.stackfiles import own_project

HOURS = 730
PARTS = ("cluster and its machines", "databases", "NAT gateways", "the rest")


def machines(settings: Settings) -> int:
    """At rest: two pods of a service are in different zones, and environments share no machine."""
    return sum(
        max(one.replicas for one in each.services.values()) for each in settings.environments.values() if each.services
    )


def idle(graph: Recording, settings: Settings) -> dict[str, float]:
    """USD a month by part, without storage, requests and data."""
    machine = value("c7g_large_hour") * HOURS * (1 + value("eks_auto_mode_share"))
    clusters = len(graph.of("eks:index:Cluster")) * value("eks_cluster_hour") * HOURS
    units = sum(one.min_capacity * (1 + one.readers) for one in settings.databases.values())
    gateways = len(graph.of("natGateway:NatGateway"))
    others = (
        len(graph.of("LoadBalancer")) * value("load_balancer_hour") * HOURS,
        len(graph.of("kms/key:Key")) * value("kms_key_month"),
        len(graph.of("secretsmanager/secret:Secret")) * value("secret_month"),
        len(graph.of("MetricAlarm")) * value("alarm_month"),
        sum(
            value("waf_acl_month") + len(json.loads(one.inputs["ruleJson"])) * value("waf_rule_month")
            for one in graph.of("webAcl:WebAcl")
        ),
    )
    return {
        "cluster and its machines": clusters + machines(settings) * machine,
        "databases": units * value("aurora_capacity_hour") * HOURS,
        "NAT gateways": gateways * (value("nat_gateway_hour") + value("public_address_hour")) * HOURS,
        "the rest": sum(others),
    }


def test_a_budget_covers_what_the_account_costs_idle(stack: str) -> None:
    settings = load(stack, own_project()).current
    budget = settings.account.budget
    assert budget is None or budget.monthly_usd > sum(idle(deployed(stack), settings).values())


def test_readme_says_what_an_idle_account_costs(stack: str) -> None:
    costs = idle(deployed(stack), load(stack, own_project()).current)
    cells = [f"{costs[part]:.0f}" for part in PARTS] + [f"**{sum(costs.values()):.0f}**"]
    row = f"| {stack} | {' | '.join(cells)} |"
    assert row in (ROOT / "README.md").read_text(), row

"""The simulation of interruptions: known cases to the cent, and what holds for any runs and any luck."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import strategies as st

from benchmarks import interruptions, prices
from benchmarks.policies import Policy, Price, clairvoyant_cost, clairvoyant_hours, least_cost, policies
from benchmarks.simulation import Outcome, Simulation
from benchmarks.workload import Run, shortages, workload
from tests.untimed import given

PAID = Price(spot=1.0, on_demand=3.0)
SPOT_FIRST = Policy(name="spot first", spot=1, on_demand=1)
ENDLESS = Policy(name="endless", spot=1, again_on_spot=True)


def simulate(policy: Policy, *runs: Run, short: Sequence[tuple[float, float]] = ()) -> list[Outcome]:
    return Simulation(policy, runs, PAID, short).run()


def test_a_run_that_is_not_taken_costs_the_spot_price() -> None:
    (found,) = simulate(SPOT_FIRST, Run(2.0))
    assert (found.dollars, found.ended, found.well, found.on_demand) == (2.0, 2.0, True, False)


def test_a_run_that_is_taken_costs_what_was_lost_and_the_whole_on_demand() -> None:
    (found,) = simulate(SPOT_FIRST, Run(2.0, given=(1.5,)))
    assert (found.dollars, found.ended, found.reclaims, found.on_demand) == (1.5 + 6.0, 3.5, 1, True)


def test_if_every_machine_is_taken_at_once_spot_first_costs_the_on_demand_price() -> None:
    runs = [Run(2.0, given=(0.0,)), Run(3.0, given=(0.0,))]
    assert sum(one.dollars for one in simulate(SPOT_FIRST, *runs)) == 15.0


def test_again_and_again_on_spot_pays_for_each_loss() -> None:
    (found,) = simulate(ENDLESS, Run(2.0, given=(1.0, 0.5)))
    assert (found.dollars, found.ended, found.reclaims) == (3.5, 3.5, 2)


def test_a_run_that_finds_no_spot_machine_goes_to_the_overflow_at_once() -> None:
    policy = Policy(name="overflow", spot=1, overflow=1)
    found = simulate(policy, Run(1.0), Run(1.0))
    assert [(one.ended, one.dollars) for one in found] == [(1.0, 1.0), (1.0, 3.0)]


def test_only_the_first_run_of_a_queue_is_sent_on_demand_by_the_time_limit() -> None:
    policy = Policy(name="limit", spot=9, on_demand=9, limit_hours=0.5)
    found = simulate(policy, Run(1.0), Run(1.0), Run(1.0), short=[(0.0, 1.2)])
    assert [one.ended for one in found] == pytest.approx([1.5, 2.0, 2.2])
    blocked = simulate(Policy(name="limit", spot=1, on_demand=9, limit_hours=0.5), *[Run(1.0)] * 4, short=[(0.1, 2.8)])
    # From 1.0 the head waits 0.5 hours at a time, until spot is back at 2.8.
    assert sorted(one.ended for one in blocked) == pytest.approx([1.0, 2.5, 3.0, 3.5])


def test_without_a_limit_the_queue_waits_until_spot_is_back() -> None:
    found = simulate(Policy(name="waits", spot=1, on_demand=1), Run(1.0), Run(1.0), short=[(0.5, 9.0)])
    assert [one.ended for one in found] == [1.0, 10.0]


def test_what_is_not_finished_at_the_deadline_is_given_up_and_paid_until_then() -> None:
    runs = [Run(2.0), Run(5.0), Run(1.0)]
    found = Simulation(ENDLESS, runs, PAID, deadline_hours=4.0).run()
    assert [(one.well, one.ended, one.dollars) for one in found] == [
        (True, 2.0, 2.0),
        (False, 4.0, 2.0),
        (False, 4.0, 0),
    ]


def test_a_policy_without_machines_is_refused() -> None:
    for policy in (Policy(name="none"), Policy(name="no", spot=1, first_on_demand=True)):
        with pytest.raises(ValueError, match="no machine"):
            simulate(policy, Run(1.0))


def test_with_no_interruptions_spot_first_costs_the_bound() -> None:
    runs = workload(200, 0.0, seed=1)
    dollars = sum(one.dollars for one in simulate(Policy(name="x", spot=9, on_demand=1), *runs))
    assert dollars == pytest.approx(PAID.spot * sum(run.hours for run in runs))
    assert dollars == pytest.approx(clairvoyant_cost(runs, PAID))


def test_the_bound_takes_the_cheaper_of_on_demand_and_waiting_for_luck() -> None:
    assert least_cost(Run(2.0), PAID) == 2.0
    assert least_cost(Run(2.0, given=(1.0,)), PAID) == 3.0
    assert least_cost(Run(2.0, given=(1.9, 1.9, 1.9)), PAID) == 6.0


def test_the_same_seed_gives_the_same_runs_whatever_the_rate() -> None:
    quiet, rough = workload(50, 0.1, seed=3), workload(50, 2.0, seed=3)
    assert [run.hours for run in quiet] == [run.hours for run in rough]
    assert [run.fate(2) for run in quiet] == [run.fate(2) for run in workload(50, 0.1, seed=3)]
    assert [run.hours for run in quiet] != [run.hours for run in workload(50, 0.1, seed=4)]


def test_shortages_follow_one_another() -> None:
    assert shortages(prices.Shortage("never", 0, 0), 1, 100) == []
    found = shortages(prices.Shortage("often", 2, 1), 1, 100)
    flat = [hour for pair in found for hour in pair]
    assert flat == sorted(flat)
    assert 15 < len(found) < 70


def test_all_policies_of_the_comparison_have_as_many_machines() -> None:
    assert len({policy.slots for policy in policies()}) == 1
    assert len({policy.name for policy in policies()}) == len(policies())


def test_the_comparison_prints_each_policy_and_the_bound(capsys: pytest.CaptureFixture[str]) -> None:
    interruptions.compare(interruptions.Case(50, prices.Rate("often", 0.5), prices.Shortage("short", 1.0, 1.0)), 2)
    printed = capsys.readouterr().out
    assert all(policy.name in printed for policy in policies())
    assert interruptions.BOUND in printed


some_hours = st.floats(0.05, 8.0)
some_runs = st.lists(
    st.builds(
        Run, some_hours, given=st.lists(st.floats(0, 8), max_size=4), hazard=st.floats(0, 1.5), seed=st.integers(0, 99)
    ),
    min_size=1,
    max_size=12,
)
some_policy = st.builds(
    Policy,
    name=st.just("any"),
    spot=st.integers(1, 3),
    overflow=st.integers(0, 2),
    on_demand=st.integers(1, 3),
    first_on_demand=st.booleans(),
    again_on_spot=st.booleans(),
    limit_hours=st.one_of(st.just(math.inf), st.floats(0.1, 2)),
)
some_shortages = st.lists(st.floats(0.01, 3), max_size=8).map(
    lambda gaps: [(sum(gaps[: i + 1]), sum(gaps[: i + 2])) for i in range(0, len(gaps) - 1, 2)]
)


@given(some_runs, some_policy, some_shortages)
def test_each_run_ends_once_and_none_beats_the_bound(
    runs: list[Run], policy: Policy, short: list[tuple[float, float]]
) -> None:
    found = Simulation(policy, runs, PAID, short, deadline_hours=2_000).run()
    assert len(found) == len(runs)
    for run, one in zip(runs, found, strict=True):
        # Luck may never let a long run end on spot alone; everything else ends well.
        assert one.well or policy.again_on_spot
        assert one.ended <= 2_000
        if one.well:
            assert one.ended >= run.hours
            assert one.dollars >= least_cost(run, PAID) - 1e-9
            assert one.on_demand or one.dollars <= PAID.spot * one.ended + 1e-9
        assert policy.again_on_spot or one.reclaims <= 1
    if all(one.well for one in found):
        assert sum(one.dollars for one in found) >= clairvoyant_cost(runs, PAID) - 1e-6
        assert max(one.ended for one in found) >= clairvoyant_hours(runs, policy.slots) - 1e-9


@given(some_runs, some_policy, some_shortages, st.floats(0.1, 10))
def test_no_more_machines_are_in_use_than_there_are(
    runs: list[Run], policy: Policy, short: list[tuple[float, float]], deadline: float
) -> None:
    """What is paid for within the time is at most all machines for all of that time."""
    found = Simulation(policy, runs, PAID, short, deadline_hours=deadline).run()
    most = policy.spot * PAID.spot + (policy.overflow + policy.on_demand) * PAID.on_demand
    assert sum(one.dollars for one in found) <= most * max(one.ended for one in found) + 1e-6

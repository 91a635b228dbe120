"""The model of swipe's state machine that the benchmarks compare with, and the table that they calculate with."""

from __future__ import annotations

import pytest

from benchmarks import prices, swipe
from benchmarks.swipe import End


def test_a_run_that_goes_well_enters_five_states_and_calls_three_functions() -> None:
    way = swipe.run(End.WELL)
    assert list(way.states) == ["PreprocessInput", "SpotChoice", "RunSPOT", "RunReadOutput", "HandleSuccess"]
    assert (way.transitions, way.functions) == (5, 3)


def test_a_reclaim_costs_three_states_more_and_no_function() -> None:
    way = swipe.run(End.RECLAIMED, End.WELL)
    assert (way.transitions, way.functions) == (8, 3)


def test_a_failure_is_read_and_handled_by_functions() -> None:
    way = swipe.run(End.FAILED)
    assert way.states[-2:] == ["RunReadOutput", "HandleFailure"]
    assert (way.transitions, way.functions) == (7, 3)


def test_do_not_interrupt_skips_the_spot_job() -> None:
    assert swipe.run(End.WELL, do_not_interrupt=True).states[2] == "RunEC2"


def test_each_retry_is_billed() -> None:
    assert swipe.run(End.WELL, throttled=2).transitions == 7


@pytest.mark.parametrize("jobs", [(), (End.RECLAIMED,), (End.WELL, End.WELL)])
def test_jobs_too_few_or_too_many_are_refused(jobs: tuple[End, ...]) -> None:
    with pytest.raises(ValueError, match="job"):
        swipe.run(*jobs)


def test_more_refusals_than_retries_are_refused() -> None:
    with pytest.raises(ValueError, match="gives up after 3"):
        swipe.run(End.WELL, throttled=4)


def test_every_number_of_the_table_says_where_it_is_from() -> None:
    assert prices.value("transition") * 1_000 == pytest.approx(0.025)
    assert [rate.hourly for rate in prices.rates()] == sorted(rate.hourly for rate in prices.rates())
    assert prices.shortages()[0].between_hours == 0


def test_an_entry_without_a_source_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: prices.Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text('[x]\nvalue = 1\nunit = "USD"\nkind = "read"\ndate = "2026"\n')
    monkeypatch.setattr(prices, "TABLE", path)
    with pytest.raises(ValueError, match=r"prices\.toml: x: source is missing"):
        prices.table.__wrapped__()

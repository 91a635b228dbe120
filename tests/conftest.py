"""Options of the test run."""

from __future__ import annotations

import gc

import pytest

from localcloud import botocore_caches

botocore_caches.install()  # the models alone are a quarter of the time of tests whose clients are many


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutations", type=int, default=100, help="how many mutated stack files the unit tests read")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_sessionfinish() -> None:
    """pytest collects five times more at its end, for what says something as it goes."""
    gc.collect()
    gc.freeze()

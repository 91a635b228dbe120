"""Options of the test run."""

from __future__ import annotations

import gc
from functools import cache

import botocore.session
import pytest

# Each session would read botocore's models anew: a quarter of the time of tests whose clients are many.
botocore.session.create_loader = cache(botocore.session.create_loader)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutations", type=int, default=100, help="how many mutated stack files the unit tests read")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)

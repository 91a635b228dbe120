"""Schedule expressions of rules: whether AWS would take one.

Sources: the EventBridge user guide's *Cron expressions* and *Rate expressions*, and AWS's answers as recorded by
others. AWS facts: the unit of a rate is singular for 1 alone; a cron expression has six fields, and one of day-of-month
and day-of-week is ``?``; any number is taken for a year.
"""

from __future__ import annotations

import re

RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)")
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, MONTHS), (1, 7, WEEKDAYS), (0, 9999, ()),
)  # fmt: skip
"""Least and greatest number of each field, and the names that stand for its numbers."""
DAY_OF_MONTH, DAY_OF_WEEK = 2, 4
SPECIAL = {DAY_OF_MONTH: re.compile(r"L|LW|([1-9]|[12]\d|3[01])W"), DAY_OF_WEEK: re.compile(r"L|[1-7]L|(\w+)#[1-5]")}


def valid(expression: str) -> bool:
    rate = RATE.fullmatch(expression)
    if rate:
        return (rate[1] == "1") != (rate[3] == "s")
    cron = CRON.fullmatch(expression)
    return bool(cron) and _cron(cron.groups())


def _cron(fields: tuple[str, ...]) -> bool:
    if (fields[DAY_OF_MONTH] == "?") == (fields[DAY_OF_WEEK] == "?"):
        return False
    return all(
        (text == "?" and place in SPECIAL) or all(_item(place, item) for item in text.split(","))
        for place, text in enumerate(fields)
    )


def _item(place: int, item: str) -> bool:
    special = SPECIAL[place].fullmatch(item) if place in SPECIAL else None
    if special:
        return place == DAY_OF_MONTH or not special[1] or _number(place, special[1]) is not None
    span, slash, step = item.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    first, dash, last = span.partition("-")
    if not dash:
        return span == "*" or _number(place, span) is not None
    return _number(place, first) is not None and _number(place, last) is not None


def _number(place: int, text: str) -> int | None:
    """The number that the text stands for, None if it is none of the field's."""
    low, high, names = FIELDS[place]
    if text.upper() in names:
        return low + names.index(text.upper())
    return int(text) if text.isdigit() and low <= int(text) <= high else None

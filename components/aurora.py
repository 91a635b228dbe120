"""Versions of Aurora PostgreSQL, as AWS supported them on :data:`READ_ON`, and limits; nothing is asked of AWS.

Rests on: "Release calendars for Aurora PostgreSQL" and "Updates of Aurora PostgreSQL". A minor version that AWS has
withdrawn can't be created any more; past its date AWS upgrades a cluster by itself, past a major's it bills Extended
Support for it. An upgrade goes to a version that was released with or after the one in use, and may skip majors.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .checks import Fault, refused
from .rules import Bounds

READ_ON: Final = dt.date(2026, 11, 28)
"""The date of both tables. A version that AWS released later is added to them before it can be used."""


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


MAJORS: Final = {
    14: _date("2027-02-28"),
    15: _date("2028-02-29"),
    16: _date("2029-02-28"),
    17: _date("2030-02-28"),
    18: _date("2031-02-28"),
}
"""The last day of standard support."""

MINORS: Final = {
    "14.22": (_date("2026-04-06"), _date("2027-02-28")),
    "15.10": (_date("2025-04-08"), _date("2028-02-29")),
    "15.15": (_date("2025-12-18"), _date("2027-05-31")),
    "15.17": (_date("2026-04-06"), _date("2027-09-30")),
    "16.8": (_date("2025-04-08"), _date("2029-02-28")),
    "16.11": (_date("2025-12-18"), _date("2027-05-31")),
    "16.13": (_date("2026-04-06"), _date("2027-09-30")),
    "16.14": (_date("2026-08-21"), None),
    "17.5": (_date("2025-06-30"), _date("2026-12-31")),
    "17.6": (_date("2025-11-25"), _date("2027-04-30")),
    "17.7": (_date("2025-12-18"), _date("2030-02-28")),
    "17.9": (_date("2026-04-06"), _date("2027-09-30")),
    "17.10": (_date("2026-08-21"), None),
    "18.3": (_date("2026-06-11"), _date("2027-11-30")),
    "18.4": (_date("2026-08-21"), None),
}
"""When Aurora released a version, and the last day of its standard support (None: not announced yet)."""


def fault(version: str) -> str | None:
    """What is wrong with a version."""
    if version in MINORS:
        return None
    known = ", ".join(sorted(MINORS, key=_numbers, reverse=True))
    return f"no version of Aurora PostgreSQL that was offered on {READ_ON}; one of {known}"


def major(version: str) -> int:
    return _numbers(version)[0]


def family(version: str) -> str:
    """The family of the parameter groups that a cluster of this version can use."""
    return f"aurora-postgresql{major(version)}"


def support_end(version: str) -> dt.date:
    """The last day of a known version's standard support; its major's where its own isn't announced."""
    return MINORS[version][1] or MAJORS[major(version)]


def upgrade_fault(old: str, new: str) -> str | None:
    """Why AWS would not bring a cluster from the old version to the new one."""
    if old == new or old not in MINORS:
        return None
    if _numbers(new) < _numbers(old):
        return f"the cluster has {old}: a version can't be taken back; restore a snapshot into another cluster"
    if MINORS[new][0] < MINORS[old][0]:
        return f"the cluster has {old}, which is newer than {new}: take a version released on {MINORS[old][0]} or later"
    return None


def _numbers(version: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,3})\.(\d{1,3})", version)
    if match is None:
        raise ValueError(f"version {version!r}: must be like 17.10")
    return int(match[1]), int(match[2])


NO_EXTENDED_SUPPORT: Final = "open-source-rds-extended-support-disabled"
"""RDS's word for a cluster that leaves standard support by an upgrade, and not into Extended Support, which costs."""
MOST_UNITS: Final = 256
PAUSE_SECONDS: Final = Bounds(300, 86_400)
READERS: Final = Bounds(0, 15)
BACKUP_DAYS: Final = Bounds(1, 35)
PASSWORD_VERSIONS: Final = Bounds(1, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Aurora capacity units, each of about 2 GiB with the processor and network that go with it."""

    min: float
    """0, or 0.5 to 256 in halves. 0: the cluster pauses without connections, and the first one waits 15 s."""
    max: float
    """1 to 256 in halves, at least ``min``. It bounds the cost, and the number of connections."""
    pause_after_seconds: int | None = None
    """300 to 86,400, for ``min`` 0 alone, where None is AWS's 300."""

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong."""
        right = True
        for field, value, least in (("min", self.min, 0.0), ("max", self.max, 1.0)):
            if not least <= value <= MOST_UNITS or value * 2 % 1:
                yield field, value, f"{least:g} to {MOST_UNITS} in steps of 0.5"
                right &= field != "min"
        if right and self.min > self.max:
            yield "min", self.min, "must not exceed max"
        pause = self.pause_after_seconds
        if pause is not None and self.min:
            yield "pause_after_seconds", pause, "only a cluster whose min is 0 pauses"
        elif pause is not None:
            yield from refused("pause_after_seconds", pause, PAUSE_SECONDS.fault(pause))


def insights_fault(days: int | None) -> str | None:
    """What is wrong with a number of days, where None is off."""
    right = days is None or days in (7, 731) or (days % 31 == 0 and 1 <= days // 31 <= 23)
    return None if right else "7, 31 times 1 to 23, or 731"

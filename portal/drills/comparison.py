"""What is made of the measures that the drill's job took: of each table, whether the copy has what it should have.

The running database has moved on since the snapshot. PostgreSQL keeps with each row the transaction that wrote it, and
a snapshot keeps that too; so rows are compared by transaction. What one transaction wrote and nobody changed since must
be in the copy with the same checksum. Rows of later transactions, and those that were changed or deleted since, tell
nothing about the copy: they are counted and not compared. A row that is missing in the copy was written later, or by a
transaction that had not ended when the snapshot was taken, or is lost.

After an upgrade to another major version transactions can have other numbers: then differences are told, and none is a
fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Rows = Mapping[str, tuple[int, str]]
"""Number and checksum of rows, by the transaction that wrote them."""
_NOT_IN_SNAPSHOT: Final = ("later", "aborted", "in progress")
"""Outcomes, as the copy knows them, of transactions that it need not have rows of: a transaction that was under way
when the snapshot was taken is an aborted one there."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the copy, of the running database, or of both."""

    name: str
    copy: tuple[int, str] | None
    """Number and checksum of all rows. None: there is no such table."""
    running: tuple[int, str] | None
    compared: int
    """Rows of the running database that the copy has to have, and has."""
    says: str
    """How the two compare, in words."""
    fault: bool = False
    """The copy lacks something, or has something else."""


def compare(report: Mapping[str, Any], *, same_major: bool) -> list[Table]:
    """Every table, by name. ``report``: what the job left."""
    running, copy = report["running"]["tables"], report["copy"]["tables"]
    outcomes: Mapping[str, str] = report["copy"]["outcomes"]
    return [
        _table(name, copy.get(name), running.get(name), outcomes, same_major=same_major)
        for name in sorted({*running, *copy})
    ]


def _table(
    name: str,
    copy: Mapping[str, Any] | None,
    running: Mapping[str, Any] | None,
    outcomes: Mapping[str, str],
    *,
    same_major: bool,
) -> Table:
    totals = {"copy": _total(copy), "running": _total(running)}
    compared, says, fault = 0, "", False
    if running is None:
        says = "was dropped since"
    elif copy is None:
        since = _since(running["xmin"], outcomes) and not any(_lost(running["rows"], {}, outcomes))
        says, fault = ("was made since", False) if since else ("is missing in the copy", same_major)
    elif totals["copy"] == totals["running"] and copy["columns"] == running["columns"]:
        compared, says = _count(running), "equal"
    elif copy["columns"] != running["columns"]:
        says = "has other columns since; not compared"
    elif not same_major:
        says = "differs; not compared, since the major version was changed"
    else:
        compared, says, fault = _rows(copy["rows"], running["rows"], outcomes)
    return Table(name=name, compared=compared, says=says, fault=fault, **totals)


def _count(table: Mapping[str, Any]) -> int:
    return sum(count for count, _ in table["rows"].values())


def _rows(copy: Rows, running: Rows, outcomes: Mapping[str, str]) -> tuple[int, str, bool]:
    """Rows compared, how they compare, and whether that is a fault."""
    lost = sum(running[xid][0] for xid in _lost(running, copy, outcomes))
    common = {xid for xid in running if xid in copy}
    lost += sum(max(0, running[xid][0] - copy[xid][0]) for xid in common)
    whole = [xid for xid in common if running[xid][0] == copy[xid][0]]
    other = sum(running[xid][0] for xid in whole if running[xid][1] != copy[xid][1])
    equal = sum(running[xid][0] for xid in whole) - other
    if lost or other:
        differences = [
            f"{count} rows {what}" for count, what in ((lost, "are missing"), (other, "are not the same")) if count
        ]
        return equal, f"in the copy {' and '.join(differences)} that nobody wrote since", True
    later = sum(count for count, _ in running.values()) - equal
    gone = sum(count for count, _ in copy.values()) - equal
    return equal, f"written since: {later} rows not compared here, {gone} in the copy", False


def _lost(running: Rows, copy: Rows, outcomes: Mapping[str, str]) -> Iterator[str]:
    """Transactions whose rows the copy has none of, though they had ended when the snapshot was taken."""
    return (xid for xid in running if xid not in copy and not _since(xid, outcomes))


def _since(xid: str, outcomes: Mapping[str, str]) -> bool:
    """Whether a transaction ended after the snapshot. ``outcomes`` has those of which the copy has no row at all."""
    return outcomes.get(xid, "committed") in _NOT_IN_SNAPSHOT


def _total(table: Mapping[str, Any] | None) -> tuple[int, str] | None:
    if table is None:
        return None
    checksum = sum(int(one) for _, one in table["rows"].values()) % 2**64
    return _count(table), f"{checksum:016x}"

"""Which snapshot a restore drill takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.drills.snapshots import Snapshot, newest
from portal.errors import PortalError

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
TAKEN = NOW - timedelta(days=1)


def one(name: str, kind: str = "automated", hours: int = 0, **more: Any) -> dict[str, Any]:
    """As RDS describes a snapshot, so many hours after the first."""
    return {
        "DBClusterSnapshotIdentifier": name,
        "DbClusterResourceId": "cluster-A",
        "SnapshotType": kind,
        "SnapshotCreateTime": TAKEN + timedelta(hours=hours),
        "EngineVersion": "17.10",
        "Status": "available",
        "StorageEncrypted": True,
        **more,
    }


class Rds:
    """Answers with a page for each snapshot."""

    def __init__(self, *snapshots: dict[str, Any]) -> None:
        self.pages = [{"DBClusterSnapshots": [each]} for each in snapshots]

    def get_paginator(self, call: str) -> Rds:
        assert call == "describe_db_cluster_snapshots"
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        assert asked == {"DBClusterIdentifier": "cryoet-prod"}
        return self.pages


def chosen(*snapshots: dict[str, Any]) -> Snapshot:
    return newest(Rds(*snapshots), "cryoet-prod", "cluster-A")


def test_the_newest_of_either_kind() -> None:
    automated, manual = one("rds:cryoet-prod-2026-11-27", hours=2), one("before-the-import", "manual", hours=1)
    assert chosen(manual, automated).summary(NOW) == (
        "automated snapshot rds:cryoet-prod-2026-11-27, taken 2026-11-27T14:00:00Z, 22 h 0 min ago"
    )
    older = one("rds:cryoet-prod-2026-11-27")
    assert (
        chosen(older, manual).summary(NOW + timedelta(days=2)).startswith("manual snapshot before-the-import, taken ")
    )
    assert chosen(older).summary(NOW + timedelta(days=2, minutes=1)).endswith("3 d 0 h ago")


@pytest.mark.parametrize("unfit", [{"Status": "creating"}, {"DbClusterResourceId": "cluster-B"}])
def test_what_is_not_finished_or_of_another_cluster_is_left_out(unfit: dict[str, Any]) -> None:
    assert chosen(one("fit"), one("unfit", hours=1, **unfit)).name == "fit"
    with pytest.raises(PortalError, match="cryoet-prod has no snapshot that is available; take one: aws rds create-"):
        chosen(one("unfit", **unfit))


def test_an_unencrypted_one_is_refused() -> None:
    with pytest.raises(PortalError, match="the snapshot open is not encrypted"):
        chosen(one("open", StorageEncrypted=False))

"""Events go once the retention of their group is over; without one they stay, as on AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from localcloud.server.organization import ORGANIZATION
from localcloud.server.pipeline import SERVER
from localcloud.server.retention import drops, over

from . import store


@drops
def drop() -> None:
    with SERVER.lock:
        for group in (group for owner in ORGANIZATION.accounts for group in store.groups(owner)):
            if group.retention_in_days is None:
                continue
            kept = timedelta(days=int(group.retention_in_days))
            for stream in group.streams.values():
                stream.events = [
                    event
                    for event in stream.events
                    if not over(datetime.fromtimestamp(event.timestamp / 1000, UTC), kept)
                ]

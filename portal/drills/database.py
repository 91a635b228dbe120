"""A restore drill of a database: its newest snapshot restored beside it, compared, and removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from components import names
from portal.drills.comparison import Table, compare
from portal.drills.copies import Copy
from portal.drills.measuring import Measuring
from portal.drills.snapshots import Snapshot, newest
from portal.drills.waiting import interruptible, uninterruptible
from portal.errors import PortalError


@dataclass(frozen=True, kw_only=True)
class DatabaseDrill:
    """``running``: the environment's cluster, as RDS describes it; ``say`` tells the operator what is done."""

    environment: str
    rds: Any = field(repr=False)
    secrets: Any = field(repr=False)
    running: Mapping[str, Any] = field(repr=False)
    tags: Mapping[str, str]
    measuring: Measuring
    say: Callable[[str], object]

    @property
    def copy(self) -> Copy:
        return Copy(rds=self.rds, running=self.running, tags=self.tags)

    def snapshot(self) -> Snapshot:
        """The one that is restored. Raises PortalError."""
        return newest(self.rds, self.running["DBClusterIdentifier"], self.running["DbClusterResourceId"])

    def run(self, snapshot: Snapshot) -> list[Table]:
        """Every table, as it compares. The copy is removed whatever happens. Raises PortalError."""
        copy = self.copy
        secret = names.database_password(self.environment)
        password = self.secrets.get_secret_value(SecretId=secret)["SecretString"]
        with interruptible():
            try:
                self.say(f"restoring it as {copy.name}, which takes some minutes")
                host, port = copy.create(snapshot, password)
                self.say("comparing the copy with the running database, in a job of the environment")
                report = self.measuring.measure(host, port)
            finally:
                self.remove()
        return compare(report, same_major=snapshot.same_major(self.running["EngineVersion"]))

    def remove(self) -> None:
        """Raises PortalError, which says what is left, if the copy can't be removed."""
        copy = self.copy
        with uninterruptible():
            self.say(f"removing {copy.name}; this can't be interrupted")
            try:
                removed = copy.remove()
            except (ClientError, PortalError) as error:
                rule = (
                    f"it costs until it is removed: run the drill again, or delete its instance {copy.instance} and it"
                )
                raise PortalError(f"the copy {copy.name} could not be removed: {error}; {rule}") from error
            if removed:
                self.say(f"{copy.name} is removed")


def cluster(rds: Any, identifier: str) -> Mapping[str, Any]:
    """The environment's cluster, which must be available. Raises PortalError."""
    try:
        [described] = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
    except rds.exceptions.DBClusterNotFoundFault as error:
        raise PortalError(f"there is no cluster {identifier}; bring the stack up") from error
    if described["Status"] != "available":
        raise PortalError(
            f"the cluster {identifier} is {described['Status']}: a drill compares with one that is available"
        )
    return described

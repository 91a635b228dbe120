"""Locks of runs that are dead. A backend of files has them; one that names another machine is not touched, unless a
person says that this machine is gone, as the runners of CI are after their job."""

from __future__ import annotations

import os
import re
import socket
from typing import Final

from portal.pulumi_cli import Pulumi, PulumiError
from portal.recovery.errors import RecoverError

LOCK: Final = re.compile(r"created by (?P<user>\S+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def clear_dead_lock(pulumi: Pulumi, error: PulumiError) -> bool:
    """Removes a lock that ``error`` names if its owner is ``pulumi.dead_runner``, or ran on this machine and is gone;
    False if none is named.

    Raises :class:`RecoverError`, naming owner, host and age, for a lock that may be held.
    """
    locks = list(LOCK.finditer(error.output))
    for lock in locks:
        owner = f"{lock['user']}@{lock['host']} (pid {lock['pid']}) since {lock['since']}"
        if f"{lock['user']}@{lock['host']}" == pulumi.dead_runner:
            continue
        if lock["host"] != socket.gethostname():
            raise RecoverError(
                f"{pulumi.stack}: locked by {owner}, another machine; if that run is dead: "
                f"portal recover {pulumi.stack} --lock-of {lock['user']}@{lock['host']}, or the workflow recover"
            )
        if _alive(int(lock["pid"])):
            raise RecoverError(f"{pulumi.stack}: locked by {owner}, which is running")
    if locks:
        pulumi.run("cancel", "--yes")
    return bool(locks)


def run_unlocked(pulumi: Pulumi, *arguments: str) -> str:
    """`Pulumi.run`; a dead run's lock in its way is removed first. Raises RecoverError, PulumiError."""
    try:
        return pulumi.run(*arguments)
    except PulumiError as error:
        if not clear_dead_lock(pulumi, error):
            raise
        return pulumi.run(*arguments)

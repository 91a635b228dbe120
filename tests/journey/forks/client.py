"""Has a process forked that does what `python ARGUMENTS` would, and ends as it ends.

It is a process of the engine's, with standard streams, environment and folder, which it hands over. It imports next to
nothing, so that it starts in some hundredths of a second: `socket` and `typing` would take as long as the rest.
"""

from __future__ import annotations

import _socket
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

LOOK_SECONDS = 1.0
LOADING_SECONDS = 120.0
MODULE, SCRIPT = "-m", "-u"
NAME = "fork "
"""This process's name, with the id of its fork after it."""


def main(paths: list[str], arguments: list[str]) -> NoReturn:
    """``paths``: of the servers' sockets. ``arguments``: a module's, or a script's."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    server = _socket.socket(_socket.AF_UNIX)
    _connect(server, paths[os.getpid() % len(paths)])
    variables = [f"{key}={value}" for key, value in os.environ.items()]
    folder = os.getcwd()  # noqa: PTH109 - pathlib takes as long to load as all of this
    leads = "session" if os.getsid(0) == os.getpid() else ""
    fields = [folder, leads, str(len(arguments)), *arguments, *variables]
    request = b"\0".join(os.fsencode(field) for field in fields)
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    server.sendmsg([len(request).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
    server.sendall(request)
    with open("/proc/self/comm", "w") as file:  # noqa: PTH123 - as above
        file.write(f"{NAME}{int.from_bytes(server.recv(4), 'big')}")
    _leave(_exit_status(server, parent))


def _connect(server: _socket.socket, path: str) -> None:
    """Waits for a server that still loads what it has to."""
    until = time.monotonic() + LOADING_SECONDS
    while True:
        try:
            server.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _exit_status(server: _socket.socket, parent: int) -> int:
    """Of the fork, as `waitpid` has it. Once this process's parent has ended the fork is told to end."""
    told = False
    while not select.select([server], [], [], LOOK_SECONDS)[0]:
        if not told and os.getppid() != parent:
            server.shutdown(_socket.SHUT_WR)
            told = True
    return int.from_bytes(server.recv(4), "big")


def _leave(status: int) -> NoReturn:
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))

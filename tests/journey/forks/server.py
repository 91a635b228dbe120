"""The process that is forked: `python -m tests.journey.forks.server SOCKET PYTHON`. It ends when its standard input
does.

It loads what programs and plugins load, opens nothing and starts no thread, since a fork has neither in a usable state.
"""

from __future__ import annotations

import gc
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from tests.journey.forks import client, preloaded

_REQUEST_FDS: Final = 3


class Server:
    def __init__(self, path: str, python: str) -> None:
        self._python = python
        """The Python of forks: what they start with it is forked too."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        self._wake, wakes = os.pipe()
        os.set_blocking(wakes, False)
        signal.set_wakeup_fd(wakes)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        for one in (self._listener, self._wake, sys.stdin):
            self._selector.register(one, selectors.EVENT_READ)
        self._clients: dict[int, socket.socket] = {}
        """By the id of the fork that runs for it."""

    def run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._fork()
                elif key.fileobj is sys.stdin:
                    self._end()
                    return
                elif key.fileobj == self._wake:
                    os.read(self._wake, 64)
                    self._reap()
                else:
                    self._left(key.data)

    def _fork(self) -> None:
        connection, _ = self._listener.accept()
        size, streams, _, _ = socket.recv_fds(connection, 4, _REQUEST_FDS)
        with connection.makefile("rb") as file:
            fields = file.read(int.from_bytes(size, "big")).split(b"\0")
        pid = os.fork()
        if pid == 0:
            self._become([os.fsdecode(field) for field in fields], streams)
        for stream in streams:
            os.close(stream)
        with suppress(OSError):  # it may have ended meanwhile
            connection.sendall(pid.to_bytes(4, "big"))
        self._clients[pid] = connection
        self._selector.register(connection, selectors.EVENT_READ, pid)

    def _become(self, fields: list[str], streams: list[int]) -> NoReturn:
        """The process that the client stands for, from its first line to its end. It leads a session if the client
        does, and only then: Linux shares the processor among sessions, and the tests' own would get little."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for one in (self._listener, *self._clients.values()):
            one.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        sys.executable = self._python
        folder, leads, count, *rest = fields
        if leads:
            os.setsid()
        os.chdir(folder)
        os.environ.clear()
        os.environ.update({name: value for name, _, value in (one.partition("=") for one in rest[int(count) :])})
        os._exit(_run(rest[: int(count)]))

    def _reap(self) -> None:
        """Tells the clients of forks that have ended how."""
        while self._clients:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            connection = self._clients.pop(pid)
            with suppress(KeyError):
                self._selector.unregister(connection)
            with connection, suppress(OSError):  # as above
                connection.sendall(status.to_bytes(4, "big"))

    def _left(self, pid: int) -> None:
        """The client has ended, or its parent has: the fork is to end too."""
        if connection := self._clients.get(pid):
            self._selector.unregister(connection)
            os.kill(pid, signal.SIGTERM)

    def _end(self) -> None:
        for pid in self._clients:
            os.kill(pid, signal.SIGKILL)


def _run(arguments: list[str]) -> int:
    """What the interpreter does with `-m MODULE ...` and with `-u SCRIPT ...`; the exit code."""
    option, name, *rest = arguments
    try:
        sys.argv = [name, *rest]
        if option == client.MODULE:
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, str(Path(name).parent))
            runpy.run_path(name, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except Exception:  # noqa: BLE001 - the interpreter does so with any
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue] - waits for threads, as the interpreter's end does
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main() -> None:
    gc.disable()
    preloaded.load()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
    Server(*sys.argv[1:]).run()


if __name__ == "__main__":
    main()

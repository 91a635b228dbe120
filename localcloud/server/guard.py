"""Ends a server's children when the server is gone, however it went, and removes what they had on disk:
``python -m localcloud.server.guard MARK FOLDER``.

It waits on a pipe that the server alone holds open. The kernel closes the pipe when the server ends, by SIGKILL too.
"""

from __future__ import annotations

import shutil
import sys

from .process_families import Family


def main(mark: str, folder: str) -> None:
    sys.stdin.buffer.read()
    Family(mark).end()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

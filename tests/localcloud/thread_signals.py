"""Signals as the kernel may give them: to any thread of a process."""

from __future__ import annotations

import ctypes

import psutil


def to_another_thread(pid: int, number: int) -> None:
    """Sends a signal to a thread of the process that is not its main one, in which alone Python handles signals."""
    other = next(thread.id for thread in psutil.Process(pid).threads() if thread.id != pid)
    assert ctypes.CDLL(None).tgkill(pid, other, number) == 0

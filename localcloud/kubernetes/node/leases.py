"""Addresses of nodes and pods out of a subnet, each given to one of them on the whole machine.

Two clusters may have VPCs of the same network, of one server or of several (tests in parallel), and their processes
share the machine's loopback network. So each address is locked by a socket of a name that the kernel lets exist once,
and frees when its owner ends.
"""

from __future__ import annotations

import ipaddress
import itertools
import socket
import threading
from collections.abc import Iterator

from ..addresses import loopback

RESERVED = 4
"""AWS keeps the first four addresses of a subnet, and the last."""


class NoAddressError(Exception):
    """A subnet without a free address."""


class Leases:
    """Of one cluster."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: dict[str, socket.socket] = {}
        self._offsets: dict[str, Iterator[int]] = {}

    def take(self, cidr: str) -> str:
        """An address that nobody has. Raises NoAddressError, and ValueError for a subnet outside 10.0.0.0/8."""
        network = ipaddress.ip_network(cidr)
        usable = network.num_addresses - RESERVED - 1
        with self._lock:
            offsets = self._offsets.setdefault(cidr, itertools.cycle(range(RESERVED, RESERVED + usable)))
            for offset in itertools.islice(offsets, usable):
                address = str(network.network_address + offset)
                if self._locks(address):
                    return address
        raise NoAddressError(f"no free address in subnet {cidr}")

    def give_back(self, address: str) -> None:
        with self._lock:
            held = self._sockets.pop(address, None)
        if held is not None:
            held.close()

    def give_all_back(self) -> None:
        for address in list(self._sockets):
            self.give_back(address)

    def _locks(self, address: str) -> bool:
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            lock.bind(f"\0localcloud {loopback(address)}")
        except (OSError, ValueError) as error:
            lock.close()
            if isinstance(error, ValueError):
                raise
            return False
        self._sockets[address] = lock
        return True

"""Connections into a VPC, which no program here makes: what asks describes itself, and the service that is asked for
decides by its security groups whether it may.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One to a host name. ``port`` and ``secure`` (TLS) are of the host, the rest describes who connects."""

    host: str
    port: int
    secure: bool
    server_names: tuple[str, ...] = ()
    """With TLS: the certificate must be for one of these."""
    address: str
    groups: frozenset[str] = frozenset()
    """Ids of the security groups that the source's network interface has."""
    prefix_lists: frozenset[str] = frozenset()
    """Names of AWS's prefix lists that have the address."""


class ConnectionFailed(Exception):  # noqa: N818 - an outcome that whoever connects expects
    """Nothing was answered."""


class NotAnswered(ConnectionFailed):
    """A security group keeps the packets away, or nobody answers: who connects waits for its time-out."""


class NotAccepted(ConnectionFailed):
    """Nothing listens there, or TLS fails."""

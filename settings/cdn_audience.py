"""Who is served by a deployed CDN, and which changes of its entry serve more of them.

A CDN with ``addresses`` or ``public_keys`` is closed: whoever asks has an address of the one and a URL signed by a key
of the other. Dropping a list opens it to everybody, a longer list to those who are new on it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.cdn import distributions
from settings.cdn import DataCdn
from settings.faults import Fault, fault_at
from settings.service import Site

ANYONE: Final = "anyone"
ADDRESSES: Final = "addresses"
KEYS: Final = "public_keys"
Path = tuple[str | int, ...]
"""Where an entry stands in the stack file."""


@dataclass(frozen=True, kw_only=True)
class Readers:
    """Those whom a CDN serves; without addresses and keys: anyone."""

    addresses: frozenset[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    """Public keys (PEM) by name."""
    nobody: bool = False
    """Whether there is no such CDN."""


def _keys(cdn: DataCdn | Site) -> Mapping[str, str]:
    return cdn.public_keys if isinstance(cdn, DataCdn) else {}


def readers(cdn: DataCdn | Site) -> Readers:
    encoded = {name: distributions.encoded_key(pem) for name, pem in _keys(cdn).items()}
    return Readers(addresses=frozenset(cdn.addresses), keys=encoded)


def outputs(cdn: DataCdn | Site | None) -> dict[str, Any]:
    """The stack's outputs that ``deployed`` reads; empty: there is no CDN."""
    if cdn is None:
        return {}
    now = readers(cdn)
    return {ADDRESSES: sorted(now.addresses), KEYS: dict(now.keys)}


def deployed(outputs: Mapping[str, Any] | None) -> Readers | None:
    """Those whom a CDN of a stack's last outputs serves. None: not known."""
    if outputs is None:
        return None
    if not outputs:
        return Readers(nobody=True)
    return Readers(addresses=frozenset(outputs[ADDRESSES]), keys=dict(outputs[KEYS]))


def declared(stack: str, at: Path, cdn: DataCdn | Site) -> Iterator[Fault]:
    """Faults of ``open_contents_to``: it names those who could read, and no others."""
    keys = _keys(cdn)
    may_read = [*sorted(cdn.addresses), *sorted(keys)]
    if not (cdn.addresses and keys):
        may_read.append(ANYONE)
    for index, one in enumerate(cdn.open_contents_to):
        if one not in may_read:
            rule = f"could not read this CDN's contents; those who could: {', '.join(may_read)}"
            yield fault_at(stack, (*at, "open_contents_to", index), one, rule)


def opened(stack: str, at: Path, what: str, cdn: DataCdn | Site, before: Readers | None) -> Iterator[Fault]:
    """A CDN that serves more than before, though the file does not say so. ``what``: how the fault names it."""
    if before is None:
        return
    now, said = readers(cdn), frozenset(cdn.open_contents_to)
    if before.nobody:
        who = [*sorted(now.addresses), *sorted(now.keys)] or [ANYONE]
        yield from _fault(stack, at, at[-1], f"{what} is new, and its bucket is deployed", who, said)
        return
    who = [*_more_addresses(now, before)]
    yield from _fault(stack, (*at, ADDRESSES), sorted(now.addresses), f"{what} is deployed with addresses", who, said)
    who = [*_more_keys(now, before)]
    yield from _fault(stack, (*at, KEYS), sorted(now.keys), f"{what} is deployed with public keys", who, said)


def _more_addresses(now: Readers, before: Readers) -> Iterator[str]:
    if not before.addresses:
        return
    if not now.addresses:
        yield ANYONE
    for network in sorted(now.addresses):
        if not any(_within(network, one) for one in before.addresses):
            yield network


def _within(network: str, other: str) -> bool:
    inner, outer = ipaddress.ip_network(network), ipaddress.ip_network(other)
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


def _more_keys(now: Readers, before: Readers) -> Iterator[str]:
    if not before.keys:
        return
    if not now.keys:
        yield ANYONE
    for name, pem in sorted(now.keys.items()):
        if pem not in before.keys.values():
            yield name


def _fault(stack: str, at: Path, value: object, state: str, who: list[str], said: frozenset[str]) -> Iterator[Fault]:
    if {*who} - said:
        consequences = " and ".join(f"{one} could read what is in it" for one in who)
        yield fault_at(
            stack, at, value, f"{state}: {consequences}; if that is meant, set open_contents_to: [{', '.join(who)}]"
        )

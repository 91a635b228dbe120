"""Records of host names that are live elsewhere: refused before anything is changed.

Rests on: Route 53 refuses to create a record that exists, which an update would learn half way through; a host may have
no other record beside a CNAME.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pulumi

from composition.last_update import State
from settings import Portal, SettingsError, cdns
from settings.faults import Fault, fault_at

TYPES: Final = ("A", "AAAA", "CNAME")


def refuse_existing(portal: Portal, provider: pulumi.ProviderResource, state: State) -> None:
    """Raises SettingsError where a zone has a record of a host that no update of this stack made, and RunError where
    the zone cannot be read."""
    faults = [*_existing(portal, provider, state)]
    if faults:
        raise SettingsError(faults)


def _existing(portal: Portal, provider: pulumi.ProviderResource, state: State) -> Iterator[Fault]:
    """Only hosts whose records are not in the state are looked up: there are none in most updates."""
    for at, own in cdns.hosts_of(portal.current):
        for index, host in enumerate(own.hosts):
            if own.zone_id and not any(one.endswith(f"-{host}-a") for one in state.records):
                for type_ in _types(own.zone_id, host, provider):
                    rule = (
                        f"the zone {own.zone_id} has a record {type_} of it that this stack did not make: the name is "
                        "live elsewhere; docs/how-to/host-names.md says how it is taken over"
                    )
                    yield fault_at(portal.stack, (*at, "hosts", index), host, rule)


def _types(zone_id: str, host: str, provider: pulumi.ProviderResource) -> list[str]:
    from pulumi_aws import route53

    try:
        found = route53.get_records(
            zone_id=zone_id, name_regex=f"^{re.escape(host)}\\.$", opts=pulumi.InvokeOptions(provider=provider)
        )
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one for a provider's refusal
        raise pulumi.RunError(f"the zone {zone_id} of {host} cannot be read: {error}") from None
    return sorted({one.type for one in found.resource_record_sets} & {*TYPES})

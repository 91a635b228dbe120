"""moto's buses, rules and archives."""

from __future__ import annotations

from collections.abc import Iterator

from moto.events.models import Archive, EventBus, EventsBackend, Rule, events_backends

from localcloud.server.call import Call
from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource


def bus_arn(call: Call, name: str) -> str:
    prefix = f"arn:aws:events:{call.region}:{call.account}:event-bus/"
    return name if name.startswith("arn:") else prefix + name


def rule_name(call: Call, name: str) -> str:
    """As a rule's ARN has it: with its bus before it, unless that is the default one."""
    bus = str(call.params.get("EventBusName") or "default").rpartition("/")[2]
    return name if bus == "default" else f"{bus}/{name}"


def backend(call: Call) -> EventsBackend:
    return events_backends[call.account][call.region]


def bus(account: str, region: str, name: str) -> EventBus | None:
    state = backend_of(events_backends, account, region)
    return state.event_buses.get(name) if state else None


def rules(account: str, region: str, bus_name: str) -> list[Rule]:
    named = bus(account, region, bus_name)
    return list(named.rules.values()) if named else []


def archives(account: str, region: str) -> list[Archive]:
    state = backend_of(events_backends, account, region)
    return list(state.archives.values()) if state else []


def _arns(state: EventsBackend) -> Iterator[str]:
    for each in state.event_buses.values():
        yield each.arn
        yield from (rule.arn for rule in each.rules.values())
    yield from (archive.arn for archive in state.archives.values())


def resource(arn: str) -> Resource | None:
    _, _, _, region, account, rest = arn.split(":", 5)
    state = backend_of(events_backends, account, region)
    if state is None or arn not in _arns(state):
        return None
    kind, _, name = rest.partition("/")
    policy = state.event_buses[name].policy if kind == "event-bus" else None
    return Resource(owner=account, policy=policy, tags=state.tagger.get_tag_dict_for_resource(arn))


def inventory(account: str) -> list[str]:
    """Without the default bus, which every account has."""
    arns = [arn for state in of_account(events_backends, account) for arn in _arns(state)]
    return [arn for arn in arns if not arn.endswith(":event-bus/default")]

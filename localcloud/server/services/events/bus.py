"""Events on a bus: matched against its rules, kept in its archives, delivered to the targets of each rule.

AWS facts: a rule that is DISABLED matches nothing; events of AWS services come to the default bus alone; a bus of
another account is a target like any other, and events do not travel on from there to a third bus.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.outbox import Event, delivers, envelope, send
from localcloud.server.pipeline import SERVER
from localcloud.server.services.events.store import Rule

from . import store
from .targets import deliver

LOG = logging.getLogger(__name__)
LARGEST_ENTRY = 256 * 1024
MOST_ENTRIES = 10


@delivers
def put(account: str, region: str, bus: str, event: Event) -> None:
    """Delivers an event to every target of every rule that matches it."""
    for rule in _matching(account, region, bus, event):
        for target in list(rule.targets):
            if target["Arn"].split(":")[2] == "events" and ":event-bus/" not in target["Arn"]:
                _archive(account, region, event)
                continue
            try:
                deliver(rule, target, event)
            except Exception:
                LOG.exception("rule %s, target %s", rule.arn, target["Arn"])


def _matching(account: str, region: str, bus: str, event: Event) -> list[Rule]:
    with SERVER.lock:
        return [
            rule
            for rule in store.rules(account, region, bus)
            if rule.state in ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
            and rule.event_pattern.get_pattern()
            and rule.event_pattern.matches_event(event)  # type: ignore[arg-type]  # moto's event has its own types
        ]


def _archive(account: str, region: str, event: Event) -> None:
    """moto keeps an archive as a rule with a target of its own."""
    with SERVER.lock:
        for archive in store.archives(account, region):
            if archive.state == "ENABLED" and event not in archive.events:
                archive.events.append(event)  # type: ignore[arg-type]  # moto's event has its own types


@HOOKS.instead("events", "PutEvents")
def put_events(call: Call) -> Params:
    """Each entry is taken or refused by itself. A bus may be another account's: its ARN says which."""
    entries: list[Params] = call.params["Entries"]
    if len(entries) > MOST_ENTRIES:
        text = (
            f"1 validation error detected: Value '{len(entries)} entries' at 'entries' failed to satisfy constraint: "
            "Member must have length less than or equal to 10"
        )
        raise Refusal("ValidationException", text)
    if sum(len(json.dumps(entry, default=str)) for entry in entries) > LARGEST_ENTRY:
        raise Refusal("ValidationException", "Total size of the entries in the request is over the limit.")
    answers = [_entry(call, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in item for item in answers), "Entries": answers}


def _entry(call: Call, entry: Params) -> Params:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            text = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": text}
    if str(entry["Source"]).startswith("aws."):
        text = "PutEvents is not authorized to use a source that begins with aws."
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": text}
    try:
        detail: Any = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    bus = str(entry.get("EventBusName") or "default")
    account = bus.split(":")[4] if bus.startswith("arn:") else call.caller.account_id
    region = bus.split(":")[3] if bus.startswith("arn:") else call.region
    when: Any = entry.get("Time")
    event = envelope(
        call.caller.account_id,
        region,
        entry["Source"],
        entry["DetailType"],
        detail,
        entry.get("Resources", []),
        time=when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(when, datetime) else "",
    )
    send(account, region, bus.rpartition("/")[2], event)
    return {"EventId": event["id"]}

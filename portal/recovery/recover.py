"""Settles creations of unknown outcome: what the account has is entered into the state, and a refresh reads it.

Nothing is left behind in the account, nothing is made twice, and nothing is deleted but the rule that AWS gives a new
security group.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from portal.pulumi_cli import Pulumi, PulumiError
from portal.recovery.errors import RecoverError
from portal.recovery.locks import run_unlocked
from portal.recovery.lookups import LOOKUPS
from portal.recovery.places import Place
from portal.recovery.search import Account, Existing
from portal.recovery.wanted import UNREAD, Wanted, needs, pending, planned, unread
from portal.state_check import refuse_foreign_state

Export = dict[str, Any]
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
CLUSTER = "aws:eks/cluster:Cluster"
CLUSTER_WAIT = {"Delay": 2, "MaxAttempts": 900}
"""Half an hour; the delay is in seconds."""


def was_interrupted(pulumi: Pulumi) -> bool:
    """Whether the last update ended without success: what it had just made may be forgotten. Raises PulumiError."""
    last = pulumi.last_update()
    return last is not None and last["result"] != "succeeded"


def state_with(export: Export, existing: Iterable[Existing]) -> Export:
    """The state with what was found in it, each marked as not read yet; nothing is pending.

    One that takes the place of a resource which is still there comes before it, and that one is marked to go, as the
    engine would have done. What hangs on something that the state lacks was never made, and is left out.
    """
    deployment = export["deployment"]
    resources = list(deployment.get("resources") or [])
    urns = {one["urn"] for one in resources}
    for one in existing:
        if needs(one.wanted.resource) <= urns:
            resources = _with(resources, one)
            urns.add(one.wanted.urn)
    return {**export, "deployment": {**deployment, "resources": resources, "pending_operations": []}}


def _with(resources: list[Mapping[str, Any]], existing: Existing) -> list[Mapping[str, Any]]:
    entry = {**existing.wanted.resource, "id": existing.id, "inputs": existing.inputs, "outputs": existing.inputs}
    entry["initErrors"] = [UNREAD]
    place = next(
        (at for at, one in enumerate(resources) if one["urn"] == existing.wanted.urn and not one.get("delete")), None
    )
    if place is None:
        return [*resources, entry]
    old = resources[place]
    rest = [] if old.get("pendingReplacement") else [{**old, "delete": True}]
    return [*resources[:place], entry, *rest, *resources[place + 1 :]]


def _exported(pulumi: Pulumi) -> Export:
    """The state; of a stack that was never brought up it has an empty deployment."""
    export: Export = json.loads(pulumi.run("stack", "export"))
    return {**export, "deployment": export["deployment"] or {}}


def _unsettled(deployment: Mapping[str, Any], *, interrupted: bool) -> bool:
    """Whether the outcome of anything may be unknown."""
    pending = deployment.get("pending_operations") or unread(deployment) or interrupted
    return bool(deployment.get("resources") and pending)


def _refresh(pulumi: Pulumi, resources: Iterable[Mapping[str, Any]]) -> Export:
    """Reads everything that the state holds; what AWS does not have goes. Returns the state.

    Earlier versions kept a role in the providers' inputs, which the session at hand may not assume. Only then does the
    program run, which makes the provider without it: it fails on resources that are not made yet, and of which it needs
    what AWS chooses (a cluster).
    """
    providers = [one for one in resources if one["type"] == "pulumi:providers:aws"]
    options = ["--run-program"] if any(one["inputs"].get("assumeRoles") for one in providers) else []
    run_unlocked(pulumi, "refresh", "--yes", "--skip-preview", *options)
    return _exported(pulumi)


def _import_state(pulumi: Pulumi, state: Export) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "state.json"
        file.write_text(json.dumps(state))
        run_unlocked(pulumi, "stack", "import", "--file", str(file))


def _preview(pulumi: Pulumi) -> str:
    """A preview's JSON. One that fails says why, without the JSON around it. Raises RecoverError, PulumiError."""
    try:
        return run_unlocked(pulumi, "preview", "--json")
    except PulumiError as error:
        raise PulumiError(["pulumi", "preview", "--stack", pulumi.stack], diagnostics(error.output)) from error


def diagnostics(output: str) -> str:
    """What a command's JSON says went wrong, and what it printed beside it; the output as it is without any JSON."""
    try:
        printed, end = json.JSONDecoder().raw_decode(output)
    except json.JSONDecodeError:
        return output
    messages = [f"{one.get('urn', '')}: {one['message']}".strip(": \n") for one in printed.get("diagnostics") or []]
    return "\n".join([*messages, output[end:].strip()])


def _wanted(pulumi: Pulumi, deployment: Mapping[str, Any], *, interrupted: bool) -> list[Wanted]:
    creations = list(pending(deployment))
    if interrupted:
        known = {one.urn for one in creations}
        creations += [one for one in planned(_preview(pulumi)) if one.urn not in known]
    return creations


def _close(place: Place, existing: Iterable[Existing]) -> None:
    """Takes from new security groups the rule that AWS gives them, as pulumi-aws does in a second call: a creation that
    was killed between the two left it. It has no tags, unlike the rules that the program makes."""
    rules = LOOKUPS[EGRESS_RULE]
    for one in existing:
        if one.wanted.type != SECURITY_GROUP or one.inputs.get("egress"):
            continue
        try:
            of_group = [rule for rule in rules.list(place, {}) if rule["item"]["GroupId"] == one.id]
            given = [rule["id"] for rule in of_group if not rules.tags_of(rule)]
            if given:
                place.client("ec2").revoke_security_group_egress(GroupId=one.id, SecurityGroupRuleIds=given)
        except (BotoCoreError, ClientError) as error:
            raise RecoverError(f"{one.wanted.urn}: the rule of the new group {one.id} stays: {error}") from error


def _await_clusters(place: Place, clusters: Iterable[Mapping[str, Any]]) -> None:
    """The program talks to Kubernetes by the cluster's endpoint, and AWS tells it once the cluster is made, after some
    ten minutes: what is read before lacks it. ``clusters``: resources of a state. Raises RecoverError."""
    unknown = [one for one in clusters if one["type"] == CLUSTER and not (one.get("outputs") or {}).get("endpoint")]
    for name in [one["id"] for one in unknown]:
        try:
            client = place.client("eks")
            if client.describe_cluster(name=name)["cluster"]["status"] == "CREATING":
                print(f"  {name}: AWS is still making this cluster; waiting for it")
                client.get_waiter("cluster_active").wait(name=name, WaiterConfig=CLUSTER_WAIT)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                raise RecoverError(f"the cluster {name} can't be waited for: {error}") from error
        except BotoCoreError as error:
            raise RecoverError(f"the cluster {name} can't be waited for: {error}") from error


def _lines(
    operations: Iterable[Mapping[str, Any]], existing: Iterable[Existing], after: Mapping[str, Any]
) -> list[str]:
    in_state = {(one["urn"], one.get("id")) for one in after.get("resources") or []}
    lines = [f"{one['type']} {one['resource']['urn']}: its outcome was looked up in AWS" for one in operations]
    return lines + [
        f"{one.wanted.urn}: the account has it already, taken in"
        for one in existing
        if not one.wanted.pending and (one.wanted.urn, one.id) in in_state
    ]


def recover(pulumi: Pulumi, place: Place, *, interrupted: bool, known: Mapping[str, Any] | None = None) -> list[str]:
    """Settles every operation of unknown outcome; returns a line for each (empty: nothing to do).

    ``interrupted``: the last update did not succeed, so it may also have made what nothing in the state says.
    ``known``: the state as it was just read. The state is first written as if each creation had succeeded; the refresh
    then reads them all, and drops what AWS does not have. Raises :class:`RecoverError`, PulumiError, and PortalError
    for a state that is not the program's own; the state is as it was until the whole of it is known, and a recovery
    that is itself killed is taken up by the next.
    """
    if known is not None and not _unsettled(known, interrupted=interrupted):
        return []
    export = _exported(pulumi)
    deployment = export["deployment"]
    refuse_foreign_state(pulumi.stack, place.account, deployment)
    if not _unsettled(deployment, interrupted=interrupted):
        return []
    operations = deployment.get("pending_operations") or []
    resources = deployment["resources"]
    half_done = unread(deployment)
    if half_done and not operations:
        _await_clusters(place, resources)
        export = _refresh(pulumi, resources)
        resources = export["deployment"].get("resources") or []
    wanted = _wanted(pulumi, export["deployment"], interrupted=bool(interrupted or operations))
    account = Account(place, resources)
    existing = account.find(wanted)
    types = {one["type"] for one in resources} | {one.type for one in wanted}
    if strays := account.orphans(types, existing):
        raise RecoverError(
            f"{pulumi.stack}: account {place.account} has resources with this stack's tags that neither the state nor "
            f"the program explains: {'; '.join(strays)}. Delete them or take them in (`pulumi import`), then run this "
            "again"
        )
    if not (existing or operations):
        return [f"{urn}: read" for urn in half_done]
    _close(place, existing)
    after = state_with(export, existing)
    _import_state(pulumi, after)
    _await_clusters(place, after["deployment"]["resources"])
    refreshed = _refresh(pulumi, resources)
    return _lines(operations, existing, refreshed["deployment"])

"""Whether a stack's Kubernetes cluster could be reached from where `up` runs, looked at before the engine starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from portal.target import on_this_machine
from settings import Portal, SettingsError
from settings.faults import fault_at

NETWORK: Final = "aws:ec2/vpc:Vpc"


def refuse_unreachable_cluster(portal: Portal, deployment: Mapping[str, Any]) -> None:
    """Raises SettingsError for a cluster that is to be reached from inside a network which isn't there yet: EKS would
    make it, in ten minutes, and nothing could then be put into it. Accounts of this machine are reached from it."""
    cluster, resources = portal.current.cluster, deployment.get("resources") or []
    networked = any(one["type"] == NETWORK for one in resources)
    if cluster is None or cluster.public_access or networked or on_this_machine(portal.current.account.region):
        return
    rule = (
        "Kubernetes would be reached from inside the account's network alone, which this `up` only makes, so that it "
        "can't run there: give the public networks that `up` runs from, like 8.8.8.0/24 (https://checkip.amazonaws.com "
        "shows this machine's address); or leave `cluster` and the services out of the first `up`, and run the next "
        "one inside the network"
    )
    raise SettingsError([fault_at(portal.stack, ("cluster", "public_access"), (), rule)])

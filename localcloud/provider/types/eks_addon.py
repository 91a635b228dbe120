"""aws:eks/addon:Addon. Its id is ``cluster:addon``.

AWS facts: an add-on is ACTIVE once its pods run, DEGRADED until then; how conflicts are resolved, and whether its
objects stay when it goes, is never answered.
"""

import time
from typing import ClassVar, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Operation, State
from localcloud.provider.types.eks_common import GONE, given, moment, retag
from localcloud.provider.types.s3_common import optional
from localcloud.provider.types.waiting import Found, WithStatus, await_status

PODS_SECONDS: Final = 60.0
"""For pods to run. pulumi-aws waits 20 minutes; the local cloud's nodes take seconds."""
_UPDATED: Final = {"addon_version": "addonVersion", "configuration_values": "configurationValues"}


class Addon(WithStatus):
    """An add-on of a cluster."""

    tf = "aws_eks_addon"
    pulumi = "aws:eks/addon:Addon"
    status, ready = "status", "ACTIVE"
    handles = frozenset({*_UPDATED, "addon_name", "cluster_name"})
    steers: ClassVar = {
        "preserve": None, "resolve_conflicts_on_create": None, "resolve_conflicts_on_update": None,
    }  # fmt: skip

    def create(self, op: Operation) -> str:
        request = {
            **_addon(f"{op.new['cluster_name']}:{op.new['addon_name']}"),
            **{api: op.new.get(name) for name, api in _UPDATED.items()},
            "resolveConflicts": op.new.get("resolve_conflicts_on_create"),
            "tags": op.new["tags_all"],
        }
        op.client("eks").create_addon(**given(request))
        return f"{request['clusterName']}:{request['addonName']}"

    def settle(self, op: Operation) -> None:
        deadline, status = time.monotonic() + PODS_SECONDS, ""
        while status != self.ready:
            status = (self.described(op) or {}).get(self.status, "gone")
            if status not in (self.ready, "CREATING", "DEGRADED") or time.monotonic() > deadline:
                text = "waiting for EKS Add-On: timeout while waiting for state to become 'ACTIVE'"
                raise ProviderError(f"{text} (last state: '{status}')")
            time.sleep(0.1)

    def state(self, op: Operation, found: Found) -> State:
        del op
        return {
            "addon_name": found["addonName"],
            "addon_version": found["addonVersion"],
            "cluster_name": found["clusterName"],
            "configuration_values": found.get("configurationValues", ""),
            "arn": found["addonArn"],
            "created_at": moment(found["createdAt"]),
            "modified_at": moment(found["modifiedAt"]),
            "tags_all": found["tags"],
        }

    def update(self, op: Operation) -> None:
        if op.changed & {*_UPDATED}:
            eks, named = op.client("eks"), _addon(op.resource_id)
            request = {"resolveConflicts": op.new.get("resolve_conflicts_on_update")}
            request |= {_UPDATED[name]: op.new.get(name) for name in op.changed & {*_UPDATED}}
            update = eks.update_addon(**named, **given(request))["update"]["id"]
            asked = {"name": named["clusterName"], "addonName": named["addonName"], "updateId": update}
            await_status(lambda: eks.describe_update(**asked)["update"]["status"], "Successful")
        retag(op)

    def delete(self, op: Operation) -> None:
        keep = {"preserve": True} if op.old.get("preserve") else {}
        optional(lambda: op.client("eks").delete_addon(**_addon(op.resource_id), **keep), GONE)
        self.until(op, None)

    def described(self, op: Operation) -> Found | None:
        answer = optional(lambda: op.client("eks").describe_addon(**_addon(op.resource_id)), GONE)
        return answer["addon"] if answer else None


def _addon(resource_id: str) -> dict[str, str]:
    cluster, _, addon = resource_id.partition(":")
    return {"clusterName": cluster, "addonName": addon}

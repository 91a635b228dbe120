"""What the stack's state says, and what of it the settings may not lose or open by accident."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import pulumi
from google.protobuf import struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from components.state import PROVIDER, foreign_resources
from settings import Portal, cdn_audience, databases
from settings.audience import deployed
from settings.endpoints import cluster_hosts

STACK: Final = "pulumi:pulumi:Stack"
RECORD: Final = "aws:route53/record:Record"
COMPUTE_ENVIRONMENT: Final = "aws:batch/computeEnvironment:ComputeEnvironment"
READ: Final = "pulumi:pulumi:readStackResourceOutputs"


@dataclass(frozen=True, kw_only=True)
class State:
    """The stack's state as the last update left it, also one that failed. Empty before the first."""

    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """``composition.stack.Outputs`` of the last update that came to its end."""
    compute_environments: frozenset[str] = frozenset()
    """Names in the program of the compute environments that there are."""
    records: frozenset[str] = frozenset()
    """Names in the program of the DNS records that there are."""
    resources: tuple[Mapping[str, Any], ...] = ()
    """All of them: ``urn`` and ``type``; providers also with ``inputs``, which are their outputs."""


def read_state() -> State:
    """Asks the engine. Raises RunError if it cannot read the state.

    The SDK's own function would make Python values of the outputs of all resources: 40 ms for 425 of them.
    """
    arguments = struct_pb2.Struct()
    arguments.update({"stackName": f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"})
    monitor = get_monitor()
    assert monitor is not None  # noqa: S101 - a program always has one
    try:
        answer = monitor.Invoke(resource_pb2.ResourceInvokeRequest(tok=READ, args=arguments))
    except grpc.RpcError as error:
        raise pulumi.RunError(f"the stack's state cannot be read: {error}") from None
    resources = getattr(answer, "return").fields["outputs"].struct_value.fields
    return State(
        outputs=next((_outputs(one) for urn, one in resources.items() if _type(urn) == STACK), {}),
        compute_environments=_names(resources, COMPUTE_ENVIRONMENT),
        records=_names(resources, RECORD),
        resources=tuple(_resource(urn, one) for urn, one in resources.items()),
    )


def _names(urns: Iterable[str], type_: str) -> frozenset[str]:
    return frozenset(urn.rpartition("::")[2] for urn in urns if _type(urn) == type_)


def _resource(urn: str, resource: struct_pb2.Value) -> dict[str, Any]:
    about = {"urn": urn, "type": resource.struct_value.fields["type"].string_value}
    return about | ({"inputs": _outputs(resource)} if about["type"].startswith(PROVIDER) else {})


def refuse_foreign(portal: Portal, state: State) -> None:
    """Raises RunError where the state has providers or resources that the program does not make.

    The engine tells a program the outputs of what is in the state alone, and by then it has looked for the plugins that
    the state names: `portal up` looks before that, and at all of it.
    """
    if lines := [*foreign_resources(state.resources, portal.current.account.id, cluster_hosts())]:
        told = "\n".join(f"  {line}" for line in lines)
        raise pulumi.RunError(f"{portal.stack}: its state has what the program does not make:\n{told}")


def _type(urn: str) -> str:
    """Without those of the components around it."""
    return urn.split("::")[2].rpartition("$")[2]


def _outputs(resource: struct_pb2.Value) -> dict[str, Any]:
    return dict(rpc.deserialize_properties(resource.struct_value.fields["outputs"].struct_value))


def refuse_accidents(portal: Portal, last: Mapping[str, Any]) -> None:
    """Raises SettingsError where the settings drop, replace or open what ``last`` has, without saying so."""
    portal.refuse_accidents(
        last.get("protected", {}),
        deployed(last.get("access", {})),
        last.get("environments", {}),
        databases.protected(last.get("databases", {})),
        last.get("cluster", {}),
        {name: cdn_audience.deployed(one.get("readers")) for name, one in last.get("sites", {}).items()},
    )

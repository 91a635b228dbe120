"""The engine's resource monitor: where a component registers itself and its children, and calls functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import grpc

from localcloud import provider, provider_kubernetes
from localcloud.provider.errors import ProviderError
from localcloud.provider.property_values import UNKNOWN, Reference, decode_map, encode_map
from localcloud.provider.proto import resource_monitor
from localcloud.provider_eks.outputs import Output

resource_pb2, resource_pb2_grpc = resource_monitor()
_MESSAGE_BYTES: Final = 400 * 1024 * 1024
_VERSIONS: Final = {"aws": provider.VERSION, "kubernetes": provider_kubernetes.VERSION}
KUBERNETES: Final = "pulumi:providers:kubernetes"


@dataclass(frozen=True)
class Registered:
    """A resource that is registered."""

    urn: str
    resource_id: Any
    values: Mapping[str, Any]
    secrets: frozenset[str]
    missing: Any
    """What an output is that the engine did not answer with: unknown in a preview."""

    def __getitem__(self, name: str) -> Output:
        return Output(self.values.get(name, self.missing), frozenset({self.urn}), name in self.secrets)

    @property
    def id(self) -> Output:
        return Output(self.resource_id, frozenset({self.urn}))

    @property
    def reference(self) -> Output:
        """The resource itself, as another's output."""
        return Output(Reference(self.urn, self.resource_id), frozenset({self.urn}))


class Monitor:
    """The monitor of one construction: its request says of the component what holds for its children too."""

    def __init__(self, request: Any) -> None:
        size = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
        self._channel = grpc.insecure_channel(request.monitorEndpoint, options=size)
        self._stub = resource_pb2_grpc.ResourceMonitorStub(self._channel)
        self._request = request
        self.preview = bool(request.dryRun)

    def close(self) -> None:
        self._channel.close()

    def itself(self, token: str) -> Registered:
        """Registers the component that is being constructed, with the options that the program gives it."""
        request = self._request
        given = resource_pb2.RegisterResourceRequest(
            type=token,
            name=request.name,
            parent=request.parent,
            dependencies=request.dependencies,
            providers=request.providers,
            aliases=request.aliases,
            deletedWith=request.deletedWith,
            replace_with=request.replace_with,
            **self._common(),
        )
        if request.HasField("retainOnDelete"):
            given.retainOnDelete = request.retainOnDelete
        return self._register(given)

    def component(self, token: str, name: str, parent: str) -> Registered:
        """A component of the component."""
        return self._register(
            resource_pb2.RegisterResourceRequest(
                type=token, name=name, parent=parent, providers=self._request.providers, **self._common()
            )
        )

    def resource(
        self,
        token: str,
        name: str,
        parent: str,
        inputs: Mapping[str, Output],
        *,
        after: Iterable[str] = (),
        ignore_changes: Iterable[str] = (),
    ) -> Registered:
        """A resource of a provider. ``after``: URNs of what must be done before, beside what its inputs come from."""
        given = {key: output for key, output in inputs.items() if output.value is not None}
        dependencies = frozenset(after).union(*(output.urns for output in given.values()))
        package = "kubernetes" if token == KUBERNETES else token.partition(":")[0]
        own = {
            key: resource_pb2.RegisterResourceRequest.PropertyDependencies(urns=sorted(output.urns))
            for key, output in given.items()
        }
        return self._register(
            resource_pb2.RegisterResourceRequest(
                type=token,
                name=name,
                parent=parent,
                custom=True,
                object=encoded(given),
                dependencies=sorted(dependencies),
                propertyDependencies=own,
                provider="" if token == KUBERNETES else self._request.providers.get(package, ""),
                version=_VERSIONS[package],
                ignoreChanges=list(ignore_changes),
                **self._common(),
            )
        )

    def finish(self, urn: str, outputs: Mapping[str, Output]) -> None:
        """Says that a component is complete."""
        self._call(
            "RegisterResourceOutputs", resource_pb2.RegisterResourceOutputsRequest(urn=urn, outputs=encoded(outputs))
        )

    def invoke(self, token: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Calls a function of a provider, by the program's provider where there is one."""
        package = token.partition(":")[0]
        answer = self._call(
            "Invoke",
            resource_pb2.ResourceInvokeRequest(
                tok=token,
                args=encode_map(args),
                provider=self._request.providers.get(package, ""),
                version=_VERSIONS.get(package, ""),
                acceptResources=True,
            ),
        )
        if answer.failures:
            raise ProviderError("; ".join(f"{token}: {failure.reason}" for failure in answer.failures))
        return decode_map(getattr(answer, "return"))[0]

    def referred(self, reference: Reference) -> Registered:
        """A resource of the program that an input refers to, with what the engine knows of it."""
        answer = self.invoke("pulumi:pulumi:getResource", {"urn": reference.urn})
        missing = UNKNOWN if self.preview else None
        return Registered(reference.urn, reference.id, answer["state"], frozenset(), missing)

    def _common(self) -> dict[str, Any]:
        protect = {"protect": self._request.protect} if self._request.HasField("protect") else {}
        accepts = ("acceptSecrets", "acceptResources", "supportsPartialValues", "aliasSpecs")
        return {**dict.fromkeys(accepts, True), **protect}

    def _register(self, given: Any) -> Registered:
        answer = self._call("RegisterResource", given)
        values, secrets = decode_map(answer.object)
        missing = UNKNOWN if self.preview else None
        return Registered(answer.urn, answer.id or missing, values, frozenset(secrets), missing)

    def _call(self, method: str, message: Any) -> Any:
        """Raises ProviderError; the engine has shown what became of the resource itself."""
        try:
            return getattr(self._stub, method)(message)
        except grpc.RpcError as error:
            details: Any = error
            raise ProviderError(f"{method} {getattr(message, 'name', '')}: {details.details()}") from error


def encoded(outputs: Mapping[str, Output]) -> Any:
    """Outputs as the engine takes them."""
    secrets = {name for name, output in outputs.items() if output.secret}
    return encode_map({name: output.value for name, output in outputs.items()}, secrets)

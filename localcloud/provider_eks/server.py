"""The gRPC side: the part of Pulumi's ResourceProvider service that a component plugin has."""

import json
import threading
from typing import Any

from google.protobuf import empty_pb2

from localcloud.provider.errors import ProviderError
from localcloud.provider.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from localcloud.provider.serving import answer, serve
from localcloud.provider.wire import decode_map
from localcloud.provider_eks import VERSION
from localcloud.provider_eks.arguments import Arguments
from localcloud.provider_eks.cluster import COMPONENT, Construction
from localcloud.provider_eks.monitor import Monitor, encoded
from localcloud.provider_eks.outputs import Output


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process's service."""

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 (gRPC's names)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "eks", "version": VERSION}))

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        return answer(context, lambda: _construct(request))

    def Call(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            raise ProviderError(f"not supported by the local cloud: {request.tok}")

        return answer(context, run)


def _construct(request: Any) -> Any:
    if request.type != COMPONENT:
        raise ProviderError(f"not supported by the local cloud: resource type {request.type}")
    for option in ("ignoreChanges", "replaceOnChanges"):
        if getattr(request, option):
            raise ProviderError(f"{request.name}: the option {option} has no effect on a component")
    values, secrets = decode_map(request.inputs)
    inputs = {
        name: Output(value, frozenset(request.inputDependencies[name].urns), name in secrets)
        for name, value in values.items()
    }
    args = Arguments(inputs, explicit_provider="aws" in request.providers)
    monitor = Monitor(request)
    try:
        urn, outputs = Construction(monitor, request.name, args).construct()
    finally:
        monitor.close()
    dependencies = {
        name: provider_pb2.ConstructResponse.PropertyDependencies(urns=sorted(output.urns))
        for name, output in outputs.items()
    }
    return provider_pb2.ConstructResponse(urn=urn, state=encoded(outputs), stateDependencies=dependencies)


def run() -> None:
    """Serve until the engine ends."""
    serve(Servicer(), threading.Event().set, "localcloud.provider_eks.cluster")

"""The gRPC side: the part of Pulumi's ResourceProvider service that a component plugin has."""

import json
from collections.abc import Mapping
from typing import Any

from localcloud.provider.compare import DiffResult
from localcloud.provider.errors import ProviderError
from localcloud.provider.property_values import decode_map
from localcloud.provider.proto import provider_pb2
from localcloud.provider.results import Failures
from localcloud.provider.servicer import PluginServicer
from localcloud.provider.serving import answer, serve
from localcloud.provider_eks import VERSION
from localcloud.provider_eks.arguments import Arguments
from localcloud.provider_eks.cluster import COMPONENT, Construction
from localcloud.provider_eks.monitor import Monitor, encoded
from localcloud.provider_eks.outputs import Output


class Configuration:
    """None: what the component makes has its providers from the program."""

    def check_config(self, news: Mapping[str, Any]) -> Failures:  # noqa: ARG002
        return []

    def diff_config(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffResult:  # noqa: ARG002
        return DiffResult()

    def configure(self, args: Mapping[str, Any]) -> None: ...

    def cancel(self) -> None: ...


class Servicer(PluginServicer[Configuration]):
    """One plugin process's service."""

    version = VERSION
    takes_resources = True

    def package_schema(self) -> str:
        """The name alone: a component can't be imported."""
        return json.dumps({"name": "eks", "version": VERSION})

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
    configuration = Configuration()
    serve(Servicer(configuration), configuration.cancel, "localcloud.provider_eks.cluster")

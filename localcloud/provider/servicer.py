"""The calls of Pulumi's ResourceProvider service that every plugin of the local cloud answers alike: who it is, and its
configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from google.protobuf import empty_pb2

from localcloud.provider.compare import DiffResult
from localcloud.provider.property_values import decode_map
from localcloud.provider.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from localcloud.provider.results import Failures
from localcloud.provider.serving import answer, check_failures, diff_response


class Configured(Protocol):
    """What a plugin's configuration means. Each method raises ProviderError."""

    def check_config(self, news: Mapping[str, Any]) -> Failures: ...

    def diff_config(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffResult: ...

    def configure(self, args: Mapping[str, Any]) -> None: ...

    def cancel(self) -> None:
        """Hurries the calls under way."""
        ...


P = TypeVar("P", bound=Configured)


class PluginServicer(provider_pb2_grpc.ResourceProviderServicer, Generic[P]):
    """One plugin process's service."""

    version: ClassVar[str]
    takes_resources: ClassVar[bool] = False
    """Whether an input may be a resource, as a component's may."""

    def __init__(self, provider: P) -> None:
        self.provider = provider

    def package_schema(self) -> str:
        """Pulumi's schema of the package as JSON text; `pulumi import` alone asks for it."""
        raise NotImplementedError

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 (gRPC's names)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=self.takes_resources)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.GetSchemaResponse(schema=self.package_schema())

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self.provider.cancel()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            failures = check_failures(self.provider.check_config(decode_map(request.news)[0]))
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

        return answer(context, run)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            olds = request.old_inputs if request.old_inputs.fields else request.olds
            return diff_response(self.provider.diff_config(decode_map(olds)[0], decode_map(request.news)[0]))

        return answer(context, run)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            self.provider.configure(decode_map(request.args)[0])
            return provider_pb2.ConfigureResponse(
                acceptSecrets=True, supportsPreview=True, acceptResources=self.takes_resources
            )

        return answer(context, run)

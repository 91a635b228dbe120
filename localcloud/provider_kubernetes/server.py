"""The gRPC side: Pulumi's ResourceProvider service over a `KubernetesProvider`."""

from typing import Any

from google.protobuf import empty_pb2

from localcloud.kubernetes.http_client import UnreachableError
from localcloud.provider.errors import ProviderError
from localcloud.provider.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from localcloud.provider.serving import answer, check_failures, diff_response, name_of, serve, type_of
from localcloud.provider.wire import decode_map, encode_map
from localcloud.provider_kubernetes import VERSION
from localcloud.provider_kubernetes.provider import KubernetesProvider
from localcloud.provider_kubernetes.state import secret_names
from localcloud.provider_kubernetes.tokens import parse


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process's service."""

    def __init__(self, provider: KubernetesProvider) -> None:
        self.provider = provider

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 (gRPC's names)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return plugin_pb2.PluginInfo(version=VERSION)

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
            return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

        return answer(context, run)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            news, hidden = decode_map(request.news)
            inputs, failures = self.provider.check(
                type_of(request.urn), name_of(request.urn), decode_map(request.olds)[0], news, request.randomSeed
            )
            secret = secret_names(parse(type_of(request.urn)), frozenset(hidden))
            return provider_pb2.CheckResponse(inputs=encode_map(inputs, secret), failures=check_failures(failures))

        return answer(context, run)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            olds, news = decode_map(request.olds)[0], decode_map(request.news)[0]
            return diff_response(self.provider.diff(type_of(request.urn), olds, news, list(request.ignoreChanges)))

        return answer(context, run)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            news, hidden = decode_map(request.properties)
            token = type_of(request.urn)
            secret = secret_names(parse(token), frozenset(hidden))
            resource_id, state = self.provider.create(
                request.urn, token, news, preview=request.preview, timeout=request.timeout, hidden=secret
            )
            return provider_pb2.CreateResponse(id=resource_id, properties=encode_map(state, secret))

        return _reached(context, run)

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            inputs, first = decode_map(request.inputs)
            state, second = decode_map(request.properties)
            token = type_of(request.urn)
            secret = secret_names(parse(token), frozenset(first | second))
            result = self.provider.read(token, request.id, inputs, state, secret)
            return provider_pb2.ReadResponse(
                id=result.resource_id,
                properties=encode_map(result.state, secret),
                inputs=encode_map(result.inputs, secret),
            )

        return _reached(context, run)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            news, hidden = decode_map(request.news)
            token = type_of(request.urn)
            secret = secret_names(parse(token), frozenset(hidden))
            state = self.provider.update(
                request.urn,
                token,
                decode_map(request.olds)[0],
                news,
                preview=request.preview,
                timeout=request.timeout,
                ignored=list(request.ignoreChanges),
                hidden=secret,
            )
            return provider_pb2.UpdateResponse(properties=encode_map(state, secret))

        return _reached(context, run)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            state = decode_map(request.properties)[0]
            self.provider.delete(type_of(request.urn), request.id, state, timeout=request.timeout)
            return empty_pb2.Empty()

        return _reached(context, run)

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        return answer(
            context, lambda: _refuse(f"{request.tok}: the local cloud's kubernetes provider has no functions")
        )

    def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        return answer(
            context, lambda: _refuse(f"{request.type}: the local cloud's kubernetes provider has no components")
        )


def _refuse(text: str) -> None:
    raise ProviderError(text)


def _reached(context: Any, run: Any) -> Any:
    """As `answer`; a cluster that stopped answering is one sentence too."""

    def told() -> Any:
        try:
            return run()
        except UnreachableError as error:
            raise ProviderError(f"configured Kubernetes cluster is unreachable: {error}") from error

    return answer(context, told)


def run() -> None:
    """The plugin process. The engine starts one for each provider, also for those that nothing is made with."""
    provider = KubernetesProvider()
    serve(Servicer(provider), provider.cancel)

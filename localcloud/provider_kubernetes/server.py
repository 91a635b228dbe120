"""The gRPC side: Pulumi's ResourceProvider service over a `KubernetesProvider`."""

from typing import Any

from google.protobuf import empty_pb2

from localcloud.kubernetes.client import UnreachableError
from localcloud.provider.errors import ProviderError
from localcloud.provider.property_values import decode_map, encode_map
from localcloud.provider.proto import provider_pb2
from localcloud.provider.servicer import PluginServicer
from localcloud.provider.serving import answer, check_failures, diff_response, name_of, serve, type_of
from localcloud.provider_kubernetes import VERSION
from localcloud.provider_kubernetes.provider import KubernetesProvider
from localcloud.provider_kubernetes.state import secret_names
from localcloud.provider_kubernetes.tokens import parse


class Servicer(PluginServicer[KubernetesProvider]):
    """One plugin process's service."""

    version = VERSION

    def package_schema(self) -> str:
        from localcloud.provider_kubernetes.schema import package_schema

        return package_schema()

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
                properties=encode_map(result.properties, secret),
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
            self.provider.delete(type_of(request.urn), state, timeout=request.timeout)
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

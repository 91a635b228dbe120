"""The gRPC side: Pulumi's ResourceProvider service over an `AwsProvider`.

Why the service itself and not `pulumi.provider.experimental.Provider`: that class hands over no old inputs, puts a
Python stack trace in front of every message for the user, cannot report a resource that was made only in part, and
runs calls on one event loop, where boto3 would block all others. Here each call has a thread, and an error is one
sentence.
"""

from typing import Any

from google.protobuf import empty_pb2

from localcloud.provider import VERSION
from localcloud.provider.property_values import decode_map, encode_map
from localcloud.provider.proto import provider_pb2
from localcloud.provider.provider import AwsProvider
from localcloud.provider.servicer import PluginServicer
from localcloud.provider.serving import answer, check_failures, diff_response, name_of, serve, type_of


class Servicer(PluginServicer[AwsProvider]):
    """One plugin process's service."""

    version = VERSION

    def package_schema(self) -> str:
        from localcloud.provider.schema import package_schema  # it loads every type

        return package_schema()

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            olds, _ = decode_map(request.olds)
            news, secrets = decode_map(request.news)
            inputs, failures = self.provider.check(
                type_of(request.urn), name_of(request.urn), olds, news, request.randomSeed
            )
            return provider_pb2.CheckResponse(
                inputs=encode_map(inputs, _spread(secrets)), failures=check_failures(failures)
            )

        return answer(context, run)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            return diff_response(
                self.provider.diff(type_of(request.urn), decode_map(request.olds)[0], decode_map(request.news)[0])
            )

        return answer(context, run)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            news, secrets = decode_map(request.properties)
            resource_id, state = self.provider.create(type_of(request.urn), news, preview=request.preview)
            return provider_pb2.CreateResponse(id=resource_id, properties=encode_map(state, _spread(secrets)))

        return answer(context, run)

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            inputs, first = decode_map(request.inputs)
            state, second = decode_map(request.properties)
            secrets = _spread(first | second)
            found = self.provider.read(type_of(request.urn), request.id, inputs, state)
            return provider_pb2.ReadResponse(
                id=found.resource_id,
                properties=encode_map(found.properties, secrets),
                inputs=encode_map(found.inputs, secrets),
            )

        return answer(context, run)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            olds, _ = decode_map(request.olds)
            news, secrets = decode_map(request.news)
            state = self.provider.update(type_of(request.urn), request.id, olds, news, preview=request.preview)
            return provider_pb2.UpdateResponse(properties=encode_map(state, _spread(secrets)))

        return answer(context, run)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            self.provider.delete(type_of(request.urn), request.id, decode_map(request.properties)[0])
            return empty_pb2.Empty()

        return answer(context, run)

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            result = self.provider.invoke(request.tok, decode_map(request.args)[0])
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(encode_map(result))
            return response

        return answer(context, run)


def _spread(secrets: set[str]) -> set[str]:
    """What a secret property feeds is secret too: `tagsAll` holds every value of `tags`."""
    return secrets | ({"tagsAll"} if "tags" in secrets else set())


def run() -> None:
    """The plugin process."""
    provider = AwsProvider()
    serve(Servicer(provider), provider.cancel, preload="botocore.session")

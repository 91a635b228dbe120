"""The gRPC side: Pulumi's ResourceProvider service over an `AwsProvider`.

Why the service itself and not `pulumi.provider.experimental.Provider`: that class hands over no old inputs, puts a
Python stack trace in front of every message for the user, cannot report a resource that was made only in part, and
runs calls on one event loop, where boto3 would block all others. Here each call has a thread, and an error is one
sentence.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Final

import grpc
from google.protobuf import any_pb2, empty_pb2

from localcloud.provider import VERSION
from localcloud.provider.compare import Change
from localcloud.provider.errors import PartlyCreatedError, ProviderError
from localcloud.provider.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from localcloud.provider.provider import AwsProvider, DiffResult
from localcloud.provider.wire import WireError, decode_map, encode_map

_THREADS: Final = 64
_MESSAGE_BYTES: Final = 400 * 1024 * 1024
_GRACE_SECONDS: Final = 30.0
_KINDS: Final = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process's service."""

    def __init__(self, provider: AwsProvider) -> None:
        self.provider = provider

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 (gRPC's names)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        from localcloud.provider.schema import package_schema  # only `pulumi import` asks

        return provider_pb2.GetSchemaResponse(schema=package_schema())

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self.provider.cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            news, _ = decode_map(request.news)
            return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(self.provider.check_config(news)))

        return _answer(context, run)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            olds = request.old_inputs if request.old_inputs.fields else request.olds
            return _diff(self.provider.diff_config(decode_map(olds)[0], decode_map(request.news)[0]))

        return _answer(context, run)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            self.provider.configure(decode_map(request.args)[0])
            return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

        return _answer(context, run)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            olds, _ = decode_map(request.olds)
            news, secrets = decode_map(request.news)
            inputs, failures = self.provider.check(
                _type(request.urn), _name(request.urn), olds, news, request.randomSeed
            )
            return provider_pb2.CheckResponse(inputs=encode_map(inputs, _spread(secrets)), failures=_failures(failures))

        return _answer(context, run)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            return _diff(
                self.provider.diff(_type(request.urn), decode_map(request.olds)[0], decode_map(request.news)[0])
            )

        return _answer(context, run)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            news, secrets = decode_map(request.properties)
            resource_id, state = self.provider.create(_type(request.urn), news, preview=request.preview)
            return provider_pb2.CreateResponse(id=resource_id, properties=encode_map(state, _spread(secrets)))

        return _answer(context, run)

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            inputs, first = decode_map(request.inputs)
            state, second = decode_map(request.properties)
            secrets = _spread(first | second)
            found = self.provider.read(_type(request.urn), request.id, inputs, state)
            return provider_pb2.ReadResponse(
                id=found.resource_id,
                properties=encode_map(found.properties, secrets),
                inputs=encode_map(found.inputs, secrets),
            )

        return _answer(context, run)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            olds, _ = decode_map(request.olds)
            news, secrets = decode_map(request.news)
            state = self.provider.update(_type(request.urn), request.id, olds, news, preview=request.preview)
            return provider_pb2.UpdateResponse(properties=encode_map(state, _spread(secrets)))

        return _answer(context, run)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            self.provider.delete(_type(request.urn), request.id, decode_map(request.properties)[0])
            return empty_pb2.Empty()

        return _answer(context, run)

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        def run() -> Any:
            result = self.provider.invoke(request.tok, decode_map(request.args)[0])
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(encode_map(result))
            return response

        return _answer(context, run)


def _answer(context: Any, run: Callable[[], Any]) -> Any:
    """The response, or an error for the user; the stack trace of a fault of ours goes to stderr."""
    try:
        return run()
    except PartlyCreatedError as error:
        context.abort_with_status(_partly_created(error))
    except (ProviderError, WireError) as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except Exception as error:  # noqa: BLE001 (whatever a type's code raises must reach the engine as an answer)
        traceback.print_exc()
        context.abort(grpc.StatusCode.INTERNAL, f"the provider failed: {type(error).__name__}: {error}")
    return None


class _Status(grpc.Status):
    """A gRPC status with details."""

    def __init__(self, code: grpc.StatusCode, details: str, metadata: tuple[tuple[str, bytes], ...]) -> None:
        self.code = code
        self.details = details
        self.trailing_metadata = metadata


def _partly_created(error: PartlyCreatedError) -> grpc.Status:
    """The status from which the engine records the resource with an initialization error."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id, properties=encode_map(error.state), reasons=[str(error)], inputs=encode_map(error.state)
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[packed])
    return _Status(grpc.StatusCode.UNKNOWN, str(error), (("grpc-status-details-bin", status.SerializeToString()),))


def _failures(failures: list[tuple[str, str]]) -> list[Any]:
    """The path is part of the sentence: given apart, the engine adds a value that it shows as <nil> when nested."""
    return [provider_pb2.CheckFailure(reason=f"{name}: {reason}") for name, reason in failures]


def _diff(result: DiffResult) -> Any:
    found: list[Change] = result.changes
    tops = sorted({change.path.split(".")[0].split("[")[0] for change in found})
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=sorted({change.path.split(".")[0].split("[")[0] for change in found if change.replace}),
        diffs=tops,
        detailedDiff={
            change.path: provider_pb2.PropertyDiff(kind=_KINDS[change.kind, change.replace], inputDiff=True)
            for change in found
        },
        hasDetailedDiff=True,
        deleteBeforeReplace=result.delete_before_replace,
    )


def _spread(secrets: set[str]) -> set[str]:
    """What a secret property feeds is secret too: `tagsAll` holds every value of `tags`."""
    return secrets | ({"tagsAll"} if "tags" in secrets else set())


def _type(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def serve() -> None:
    """Serve until the engine ends, asks to, or a signal does; calls under way are finished first."""
    engine = os.getppid()  # before the port line: the engine may die as soon as it has it
    provider = AwsProvider()
    options = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threading.Thread(target=_preload, daemon=True).start()
    while not stopping.wait(1.0) and os.getppid() == engine:
        pass
    provider.cancelled.set()
    server.stop(_GRACE_SECONDS).wait()


def _preload() -> None:
    """Load botocore while the engine is still busy elsewhere, so that the port line need not wait for it."""
    import_module("botocore.session")

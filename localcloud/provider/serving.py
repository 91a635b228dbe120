"""What every plugin of the local cloud does over gRPC, whatever it provides: serving until the engine ends, errors for
the user, and the shapes of failures and differences.
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
from google.protobuf import any_pb2

from localcloud.provider.compare import DiffResult
from localcloud.provider.errors import PartlyCreatedError, ProviderError
from localcloud.provider.property_values import WireError, encode_map
from localcloud.provider.proto import provider_pb2, provider_pb2_grpc, status_pb2

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


def type_of(urn: str) -> str:
    """The resource's type token."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's name in the program."""
    return urn.split("::", 3)[3]


def answer(context: Any, run: Callable[[], Any]) -> Any:
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
        id=error.resource_id,
        properties=encode_map(error.state, error.secrets),
        reasons=[str(error)],
        inputs=encode_map(error.inputs, error.secrets),
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[packed])
    return _Status(grpc.StatusCode.UNKNOWN, str(error), (("grpc-status-details-bin", status.SerializeToString()),))


def check_failures(failures: list[tuple[str, str]]) -> list[Any]:
    """The path is part of the sentence: given apart, the engine adds a value that it shows as <nil> when nested."""
    return [provider_pb2.CheckFailure(reason=f"{name}: {reason}") for name, reason in failures]


def diff_response(result: DiffResult) -> Any:
    """The differences, in the engine's terms."""
    changes = result.changes
    tops = sorted({change.path.split(".")[0].split("[")[0] for change in changes})
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=sorted({change.path.split(".")[0].split("[")[0] for change in changes if change.replace}),
        diffs=tops,
        detailedDiff={
            change.path: provider_pb2.PropertyDiff(kind=_KINDS[change.kind, change.replace], inputDiff=True)
            for change in changes
        },
        hasDetailedDiff=True,
        deleteBeforeReplace=result.delete_before_replace,
    )


def serve(servicer: Any, cancel: Callable[[], None], preload: str = "") -> None:
    """Serve until the engine ends, asks to, or a signal does; `cancel` then hurries the calls under way, which are
    finished first. A module `preload` is loaded once the engine has its port line, while it is busy elsewhere."""
    engine = os.getppid()  # before the port line: the engine may die as soon as it has it
    options = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if preload:
        threading.Thread(target=lambda: import_module(preload), daemon=True).start()
    while not stopping.wait(1.0) and os.getppid() == engine:
        pass
    cancel()
    server.stop(_GRACE_SECONDS).wait()

"""Pulumi's generated gRPC messages, imported without the rest of the SDK.

`import pulumi` loads the whole program-side SDK (0.2-0.4 s, 30 MB) that a plugin never uses, and a pulumi command
starts a plugin process for each provider. In a process that hasn't imported it, two empty packages stand in for it.
"""

import importlib.util
import sys
import types
from pathlib import Path
from typing import Any


def _stand_in() -> None:
    if "pulumi" in sys.modules:
        return
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ImportError("the pulumi package is not installed")
    root = Path(spec.origin).parent
    for name, path in (("pulumi", root), ("pulumi.runtime", root / "runtime")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


_stand_in()

from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2  # noqa: E402 (after _stand_in)


def resource_monitor() -> tuple[Any, Any]:
    """The messages and the service of the engine's resource monitor, which plugins of components call."""
    from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

    return resource_pb2, resource_pb2_grpc


__all__ = ["plugin_pb2", "provider_pb2", "provider_pb2_grpc", "resource_monitor", "status_pb2"]

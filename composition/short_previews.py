"""What makes previews short. Decision 14 has the measurements of each part.

- Single modules (a tenth of a preview, more with a cluster). A part of an SDK package (``pulumi_aws.ec2``) loads the
  modules of all its resources when it is first looked into, 180 of them. Here what is asked for is loaded, and what
  that needs.
- Loading meanwhile (the start of the provider's process). The stack's modules are loaded while it starts.
- No debug messages (a fifth). The SDK sends the engine some five a resource, each alone and waited for; without
  ``--debug`` the engine drops them.
- No garbage collection (a tenth). A short-lived program frees nothing that is worth the search.

Nothing else of the program depends on them: ``PORTAL_SHORT_PREVIEWS=0`` switches all of them off.

Single modules rest on this: the SDK takes a part that is registered before it as it is. The parts registered here find
the module of a name by the SDK's own rule (``VpcEndpoint`` and ``VpcEndpointArgs`` are in ``vpc_endpoint``, nested
types in ``_inputs``, ``get_secret_output`` in ``get_secret``; in pulumi_kubernetes, ``ConfigMap`` is in ``ConfigMap``).
A name that no rule finds has the whole part loaded.
"""

from __future__ import annotations

import atexit
import gc
import os
import re
import sys
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final, cast

import pulumi

from settings import Portal

VARIABLE: Final = "PORTAL_SHORT_PREVIEWS"
"""``0`` switches all of it off."""
DEBUG_VARIABLE: Final = "PORTAL_DEBUG"
"""Set to anything, the SDK's debug messages reach the engine, which shows them with ``--debug``."""
PARTS: Final = {
    "pulumi_aws": (
        "acm", "batch", "budgets", "cloudfront", "cloudwatch", "ec2", "ecr", "eks", "iam", "kms", "lb", "rds",
        "route53", "s3", "secretsmanager", "sfn", "sns", "sqs", "vpc", "wafv2",
    ),
    "pulumi_kubernetes": ("core.v1", "storage.v1"),
}  # fmt: skip
"""By package, those that the program uses. The outputs of pulumi_eks's cluster name one type of each of
pulumi_kubernetes's, which the SDK looks up when the cluster is registered."""
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Part(ModuleType):
    """A part whose names are looked up one by one."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what every module has stands in it already
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self if self.find(name) else self._whole(), name)

    def find(self, name: str) -> bool:
        """Loads what holds the name, if the rules find it."""
        for module in _modules_of(name):
            if (Path(self.__path__[0]) / f"{module}.py").is_file():
                loaded = import_module(f"{self.__name__}.{module}")
                if module == name or hasattr(loaded, name):
                    setattr(self, name, getattr(loaded, name, loaded))
                    return True
        return False

    def _whole(self) -> ModuleType:
        """This module as the SDK would have made it."""
        object.__setattr__(self, "__class__", ModuleType)
        spec = self.__spec__
        assert spec is not None  # noqa: S101 - `register_parts` made it so
        assert spec.loader is not None  # noqa: S101
        spec.loader.exec_module(self)
        return self


def _modules_of(name: str) -> tuple[str, ...]:
    """The modules that may hold a name, in the order in which to look."""
    words = _WORDS.sub("_", name).lower()
    if name == words:
        return (name, name.removesuffix("_output"))
    return (name, words, words.removesuffix("_args"), "_inputs")


def switched_on() -> bool:
    return os.environ.get(VARIABLE) != "0"


def begin() -> None:
    """For the process, before anything is registered."""
    if not switched_on():
        return
    gc.disable()
    atexit.register(gc.freeze)  # else the interpreter collects once more at its end
    if not os.environ.get(DEBUG_VARIABLE):
        pulumi.log.debug = lambda *_, **__: None


@contextmanager
def loading(portal: Portal) -> Generator[None]:
    """Loads the modules that the stack's composition needs, beside what happens in the block."""
    if not switched_on():
        yield
        return

    def load() -> None:
        for module in _modules(portal):
            import_module(module)
        load_used("components")

    thread = threading.Thread(target=load)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _modules(portal: Portal) -> Iterable[str]:
    """Those of ``composition`` that this stack comes to."""
    settings = portal.current
    needed = {
        "stack": True,
        "bootstrap": True,
        "orchestrators": settings.orchestrators or settings.images,
        "networked": settings.networked,
        "cluster": settings.cluster,
        "services": settings.sites,
        "cdn": settings.data_cdn,
        "databases": settings.databases,
    }
    return [f"composition.{name}" for name, wanted in needed.items() if wanted]


def register_parts() -> None:
    """Has the SDK take its parts from here. Without effect on a package that is loaded already."""
    if not switched_on():
        return
    for package, parts in PARTS.items():
        spec = find_spec(package) if package not in sys.modules else None
        if spec is None or spec.origin is None:
            continue
        for part in parts:
            _register(f"{package}.{part}", Path(spec.origin).parent.joinpath(*part.split(".")))


def _register(name: str, folder: Path) -> None:
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None  # noqa: S101 - a file's always is
    module = module_from_spec(spec)
    module.__class__ = Part
    sys.modules[spec.name] = module


_searched: set[str] = set()
"""The modules whose names were looked up already."""


def load_used(package: str) -> None:
    """Loads what the modules below a package, themselves loaded, name of the parts that they import."""
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{package}.") and name not in _searched:
            _searched.add(name)
            parts = [value for value in vars(module).values() if isinstance(value, Part)]
            names = _names_in(_code_of(module)) if parts else ()
            for part, used in product(parts, names):
                part.find(used)


def _code_of(module: ModuleType) -> CodeType:
    """As it was compiled and kept, with all functions and classes in it."""
    assert module.__spec__ is not None  # noqa: S101 - it was imported
    code: CodeType = cast("Any", module.__spec__.loader).get_code(module.__name__)
    return code


def _names_in(code: CodeType) -> set[str]:
    """The names in a module's code that begin like a class's, or like a function's of the provider.

    ``from . import x`` has an empty name.
    """
    own_names = {name for name in code.co_names if name[:1].isupper() or name.startswith("get_")}
    return own_names.union(*(_names_in(inner) for inner in code.co_consts if isinstance(inner, CodeType)))

"""pulumi_aws by single modules: what is asked for is loaded, and what that needs.

A part of pulumi_aws (``ec2``) loads the modules of all its resources when it is first looked into: 180 of them, most
of their time spent on the types of arguments. A program needs a dozen. The SDK takes a part that is registered before
it as it is; the parts here find the module of a name by the SDK's own rule (``VpcEndpoint`` and ``VpcEndpointArgs``
are in ``vpc_endpoint``, nested types in ``_inputs``, ``get_secret_output`` in ``get_secret``). A name that no rule
finds has the whole part loaded, as it would have been: at worst this saves nothing.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

PACKAGE = "pulumi_aws"
PARTS = (
    "acm", "batch", "cloudfront", "cloudwatch", "ec2", "ecr", "ecs", "eks", "iam", "kms", "lb", "rds",
    "route53", "s3", "secretsmanager", "sfn", "sns", "sqs", "vpc", "wafv2",
)  # fmt: skip
"""Those that the program uses."""
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
                found = import_module(f"{self.__name__}.{module}")
                if module == name or hasattr(found, name):
                    setattr(self, name, getattr(found, name, found))
                    return True
        return False

    def _whole(self) -> ModuleType:
        """This module as the SDK would have made it."""
        object.__setattr__(self, "__class__", ModuleType)
        spec = self.__spec__
        assert spec is not None  # noqa: S101 - `register` made it so
        assert spec.loader is not None  # noqa: S101
        spec.loader.exec_module(self)
        return self


def _modules_of(name: str) -> tuple[str, ...]:
    """The modules that may hold a name, in the order in which to look."""
    words = _WORDS.sub("_", name).lower()
    if name == words:
        return (name, name.removesuffix("_output"))
    return (name, words, words.removesuffix("_args"), "_inputs")


def register() -> None:
    """Has the SDK take its parts from here. Without effect once pulumi_aws is loaded."""
    found = find_spec(PACKAGE)
    if PACKAGE in sys.modules or found is None or found.origin is None:
        return
    for part in PARTS:
        folder = Path(found.origin).parent / part
        spec = spec_from_file_location(
            f"{PACKAGE}.{part}", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None  # noqa: S101 - a file's always is
        module = module_from_spec(spec)
        module.__class__ = Part
        sys.modules[spec.name] = module


def load_used(package: str) -> None:
    """Loads what the modules below a package, themselves loaded, name of the parts that they import."""
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{package}."):
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
    """The names in a module's code that begin like a class's, or like a function's of the provider."""
    found = {name for name in code.co_names if name[0].isupper() or name.startswith("get_")}
    return found.union(*(_names_in(inner) for inner in code.co_consts if isinstance(inner, CodeType)))

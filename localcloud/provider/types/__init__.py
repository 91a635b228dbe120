"""The resource types: one class each, found by the token that its `pulumi` says.

A module is imported for the first resource of its types, since all of them take 80 ms of CPU time, at every command of
the engine. Which module has a token is therefore read from the modules' texts.
"""

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Resource

_DECLARATION: Final = re.compile(r'^    pulumi = "([^"]+)"$', re.MULTILINE)


@cache
def tokens() -> dict[str, str]:
    """The module that has each token."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    return {token: path.stem for path in modules for token in _DECLARATION.findall(path.read_text())}


@cache
def resource_type(token: str) -> Resource:
    """The code of a type by its token. Raises ProviderError naming a type that no module has."""
    if token not in tokens():
        raise ProviderError(f"not supported by the local cloud: resource type {token}")
    module = import_module(f"{__name__}.{tokens()[token]}")
    classes = (one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Resource))
    return next(one for one in classes if vars(one).get("pulumi") == token)()

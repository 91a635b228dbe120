"""Pulumi's type tokens and the kinds that they mean: ``kubernetes:apps/v1:Deployment``, ``kubernetes:core/v1:Pod``,
``kubernetes:core/v1:ConfigMapPatch``."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.kubernetes.objects.kinds import BY_NAME, KINDS, Kind
from localcloud.provider.errors import ProviderError


@dataclass(frozen=True)
class Token:
    """``patch``: it changes fields of an object that is another's, and never creates or deletes it as a whole."""

    kind: Kind
    patch: bool


def token_of(kind: Kind, *, patch: bool = False) -> str:
    """The type token of a kind, or of its …Patch type."""
    return f"kubernetes:{kind.group or 'core'}/{kind.version}:{kind.name}{'Patch' if patch else ''}"


def parse(text: str) -> Token:
    """Raises ProviderError for a type that the local cloud doesn't serve."""
    parts = text.split(":")
    if len(parts) == 3:
        _, version, name = parts
        version = version.removeprefix("core/")
        for patch, kind in ((False, name), (True, name.removesuffix("Patch"))):
            if (version, kind) in BY_NAME and (kind != name) is patch:
                return Token(BY_NAME[version, kind], patch)
    served = ", ".join(sorted(f"{kind.api_version} {kind.name}" for kind in KINDS))
    raise ProviderError(
        f"{text}: the local cloud's kubernetes provider does not serve this type. It serves {served}, the …Patch type "
        "of each, and no charts, Helm releases, YAML files or Kustomize directories"
    )

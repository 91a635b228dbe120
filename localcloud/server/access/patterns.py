"""Wildcards, policy variables and ARNs.

``*`` and ``?`` stand for any characters and any one character. In an ARN each of the first five parts is compared by
itself and the sixth, whatever it holds, as one: a wildcard never reaches over those colons (IAM user guide,
"Resource"). An incomplete ARN is completed with ``*``. What a variable stands for is text, not a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

Context = Mapping[str, Sequence[str]]
"""Request context: values by lower-case key."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"""^\s*([^,\s]+)\s*(?:,\s*'([^']*)'\s*)?$""")
ARN_PARTS = 6


class UnresolvedVariable(Exception):  # noqa: N818 - it is caught where it arises and means "matches nothing"
    """A variable whose key the request does not have (or has several values of)."""


class UnknownKey(Exception):  # noqa: N818 - it is caught where it arises
    """A condition key that AWS would set for the request, to what is not known here."""


class VariableError(ValueError):
    """A ``${...}`` that is no policy variable."""


@lru_cache(maxsize=8192)
def _compiled(expression: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


@lru_cache(maxsize=8192)
def _wild(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether ``value`` is one of what ``pattern`` with ``*`` and ``?`` stands for."""
    return _compiled(_wild(pattern), ignore_case).fullmatch(value) is not None


def _substitute(text: str, context: Context, literal: Callable[[str], str], other: Callable[[str], str]) -> str:
    """``text`` with each variable replaced and passed through ``literal``, and the rest through ``other``."""
    pieces: list[str] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        pieces.append(other(text[end : match.start()]))
        pieces.append(literal(_value(match.group(1), context)))
        end = match.end()
    return "".join([*pieces, other(text[end:])])


def _value(name: str, context: Context) -> str:
    if name in ("*", "?", "$"):
        return name
    parsed = _DEFAULT.match(name)
    if parsed is None:
        raise VariableError(f"${{{name}}} is not a policy variable")
    values = context.get(parsed.group(1).lower(), ())
    if len(values) == 1:
        return values[0]
    if parsed.group(2) is not None and not values:
        return parsed.group(2)
    raise UnresolvedVariable(name)


def resolved(text: str, context: Context) -> str:
    """``text`` with its variables replaced; what they stand for is text."""
    return _substitute(text, context, str, str) if "${" in text else text


def matches_with_variables(pattern: str, value: str, context: Context | None) -> bool:
    """As :func:`matches`; ``context`` None leaves ``${...}`` as it stands."""
    if context is None or "${" not in pattern:
        return matches(pattern, value)
    return _compiled(_substitute(pattern, context, re.escape, _wild), False).fullmatch(value) is not None


def arn_parts(arn: str) -> list[str]:
    """Up to six parts. Colons inside a variable do not split."""
    hidden = _VARIABLE.sub(lambda match: match.group(0).replace(":", "\0"), arn)
    return [part.replace("\0", ":") for part in hidden.split(":", ARN_PARTS - 1)]


def split_arn(arn: str) -> list[str]:
    """Six parts; missing ones are ``*``."""
    parts = arn_parts(arn)
    return parts + ["*"] * (ARN_PARTS - len(parts))


def arn_matches(pattern: str, arn: str, context: Context | None = None) -> bool:
    """Whether ``pattern`` (``*``, or an ARN with wildcards and variables) stands for ``arn``."""
    if pattern == "*":
        return True
    if arn == "*":
        # A call on no particular resource is allowed only by a pattern that stands for every resource.
        return False
    parts = arn.split(":", ARN_PARTS - 1)
    if len(parts) < ARN_PARTS:
        return False
    pairs = zip(split_arn(pattern), parts, strict=True)
    return all(matches_with_variables(piece, part, context) for piece, part in pairs)

"""What the pages of a site may load: its Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

DIRECTIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "default-src": ("'self'",),
    "connect-src": ("'self'",),
    "img-src": ("'self'", "data:", "blob:"),
    "worker-src": ("'self'", "blob:"),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "font-src": ("'self'",),
    "object-src": ("'none'",),
    "base-uri": ("'none'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'self'",),
}
"""What a page may load, by directive of a Content-Security-Policy."""
ANY_DISTRIBUTION: Final = "https://*.cloudfront.net"
"""Where data is read from a distribution whose name is not known."""
DATA_DIRECTIVES: Final = ("connect-src", "img-src")
"""The directives that allow a page to read data."""


def directive(value: str) -> str | None:
    return None if value in DIRECTIVES else f"directives are {', '.join(DIRECTIVES)}"


def content_policy(data: Sequence[str], more: Mapping[str, Sequence[str]]) -> str:
    """``data``: origins that pages read data from; ``more``: further sources by directive."""
    directives = {key: [*sources] for key, sources in DIRECTIVES.items()}
    for key in DATA_DIRECTIVES:
        directives[key] += data
    for key, sources in more.items():
        directives[key] = [one for one in directives[key] if one != "'none'"] + [*sources]
    return "; ".join(f"{key} {' '.join(sources)}" for key, sources in directives.items())

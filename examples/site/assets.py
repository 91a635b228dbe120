"""
Scripts and styles, each under a name with the hash of its content, so that a browser may keep it for ever.

While two releases run side by side, a page of one may ask the other for its assets. A name whose hash is another
release's is answered with the asset as it is here, which no cache keeps.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from examples.asgi import Response

FOLDER: Final = Path(__file__).parent / "static"
PATH: Final = "/build/"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FILES: Final = ("icon.svg", "style.css", "blosc.js", "zarr.js", "viewer.js")
"""A script comes after those that it imports: their hashes are in its content."""
_NAME: Final = re.compile(r"([a-z]+)\.[0-9a-f]{16}(\.[a-z]+)")


@dataclass(frozen=True)
class Asset:
    url: str
    body: bytes


def _load() -> dict[str, Asset]:
    assets: dict[str, Asset] = {}
    for name in FILES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        for imported, asset in assets.items():
            text = text.replace(f'"./{imported}"', f'"./{asset.url.removeprefix(PATH)}"')
        file = Path(name)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        assets[name] = Asset(f"{PATH}{file.stem}.{digest}{file.suffix}", text.encode())
    return assets


ASSETS: Final = _load()


def url(name: str) -> str:
    return ASSETS[name].url


def respond(path: str) -> Response | None:
    """The asset of a path below /build/; None if there is none of its name."""
    named = _NAME.fullmatch(path.removeprefix(PATH))
    asset = named and ASSETS.get(f"{named[1]}{named[2]}")
    if not asset or not named:
        return None
    caching = IMMUTABLE if asset.url == path else "no-store"
    return Response(body=asset.body, content_type=TYPES[named[2]], headers={"cache-control": caching})

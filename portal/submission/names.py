"""Names of executions, as the clients make them.

Rests on: an execution's name has 80 characters at most and is unique for its state machine for 90 days; the clients
replace whatever is no letter, digit or hyphen, after they have cut what is too long.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping
from itertools import count
from typing import Final

LONGEST: Final = 80
_DIGEST: Final = 8


def execution_name(unix: int, label: str, head: int = 0) -> str:
    """``{unix}-{label}``, cut and sanitized.

    Of what is too long the last 80 characters stay; with ``head``, so many of the label's first characters stay too,
    and the end fills up the rest.
    """
    full = f"{unix}-{label}"
    if len(full) > LONGEST:
        head_length = len(f"{unix}-") + head if head else 0
        rest = LONGEST - head_length
        full = full[:head_length] + full[-rest:] if rest > 0 else full[-LONGEST:]
    return re.sub(r"[^0-9a-zA-Z-]", "-", full)


def distinct(wanted: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """A name of its own for each key.

    ``wanted``: names by key, which may be the same for several: keys that differ in replaced characters or in what was
    cut off alone. Each of those gets a digest of its key at its end; so does one whose name is ``taken``.
    """
    counts = Counter(wanted.values())
    chosen = {key: name for key, name in wanted.items() if counts[name] == 1 and name not in taken}
    used = {*taken, *chosen.values()}
    for key, name in wanted.items():
        if key not in chosen:
            chosen[key] = next(one for one in _suffixed(key, name) if one not in used)
            used.add(chosen[key])
    return {key: chosen[key] for key in wanted}


def _suffixed(key: str, name: str):
    for attempt in count():
        digest = hashlib.sha256(f"{attempt}:{key}".encode(errors="surrogatepass")).hexdigest()[:_DIGEST]
        yield f"{name[: LONGEST - _DIGEST - 1]}-{digest}"

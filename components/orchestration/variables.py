"""Environment variables of jobs: which names a stack file may set. Settings and components both check with it.

Rests on: a submit's variables go over the definition's, so that one set here in vain would be lost without a word;
Batch drops a variable without a value; credentials and region are the job's own.
"""

from __future__ import annotations

import re
from typing import Final

from . import contract

CALL_CACHE: Final = {
    "MINIWDL__CALL_CACHE__BACKEND": "s3_progressive_upload_call_cache_backend",
    "MINIWDL__CALL_CACHE__GET": "true",
    "MINIWDL__CALL_CACHE__PUT": "true",
}
STATUS_FILES: Final = {"OUTPUT_STATUS_JSON_FILES": "true"}
_FIXED: Final = {"APP_NAME", "MINIWDL_DIR", "MINIWDL__DOWNLOAD_CACHE__DIR", "WDL_PASSTHRU_ENVVARS"}
OWN: Final = frozenset({*_FIXED, *CALL_CACHE, *STATUS_FILES, *contract.environment("Run")})
"""What the orchestrator sets by itself, by a key of its own, or anew with each submit."""
_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def name(value: str) -> str | None:
    """What is wrong with a name; None: nothing."""
    if not _NAME.fullmatch(value):
        return "a variable's name is letters, digits and _, not beginning with a digit"
    if value in OWN:
        return "the orchestrator sets this variable itself"
    return "names that begin with AWS_ are the job's own" if value.startswith("AWS_") else None


def text(value: str) -> str | None:
    """What is wrong with a value; None: nothing."""
    return None if value else "Batch drops a variable without a value"

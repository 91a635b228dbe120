"""
What the examples' command lines have in common.

Each takes every argument of the portal's own tool. It acts on those that mean something here and says which of the
others it ignores; an argument that the portal's tool doesn't have is refused by name.
"""

import argparse
import json
import sys
from collections.abc import Mapping


def ignored(given: argparse.Namespace, reasons: Mapping[str, str]) -> list[str]:
    """One line for each argument that was given and has no effect. `reasons`: why, by argument (`--debug`)."""
    return [f"{name} is ignored: {reason}" for name, reason in reasons.items() if getattr(given, _attribute(name))]


def _attribute(name: str) -> str:
    return name.removeprefix("--").replace("-", "_")


def fail(error: Exception) -> int:
    """The exit status, after the line on stderr that the runner hands on as the job's error."""
    sys.stdout.flush()  # before it: a job's two streams are one log, and the error is its last line
    said = {"wdl_error_message": True, "error": type(error).__name__, "cause": str(error)}
    sys.stderr.write(json.dumps(said) + "\n")
    return 1

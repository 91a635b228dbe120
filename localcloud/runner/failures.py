"""
A failed run as a document: what the state machine reads to say why.

Three forms, by what is known:
- the task's last line on stderr is a JSON object with `wdl_error_message`: that line is the document (the program
  said itself what is wrong: `error` is its class, `cause` its text);
- a task's command failed otherwise: `{"error": "UncaughtError", "cause": last line of stderr, "exit_status": n, …}`, or
  that it used more memory than it may;
- anything else: miniwdl's own (`RunFailed` with the `cause` inside, `InputError`, `SyntaxError`, …).
"""

import json
from pathlib import Path
from typing import Any

from WDL.runtime.error import CommandFailed, RunFailed, Terminated, error_json

from localcloud.runner import exits

LAST_LINE_BYTES = 65_536


def root_cause(error: BaseException) -> BaseException:
    """The failure inside miniwdl's wrappers, one for each task and workflow around it."""
    while isinstance(error, RunFailed) and error.__cause__ is not None:
        error = error.__cause__
    return error


def document(error: BaseException) -> dict[str, Any]:
    """The error document of a failed run."""
    cause = root_cause(error)
    if not isinstance(cause, CommandFailed):
        described = error_json(error)
        return {"message": str(error) or type(error).__name__, **described}
    line = last_line(cause)
    said = reported(line)
    if said is not None:
        return said
    details = error_json(error)
    over_memory = details.get("cause", details).get("memory", "")
    return {
        "error": "UncaughtError",
        "cause": over_memory or line or str(cause),
        "message": str(cause),
        "exit_status": cause.exit_status,
        **{name: details["cause"][name] for name in ("run",) if name in details.get("cause", {})},
    }


def exit_status(error: BaseException) -> int:
    """The runner's exit status for a failed run: that of the task's command, if one failed."""
    cause = root_cause(error)
    return cause.exit_status if isinstance(cause, CommandFailed) else exits.RUN_FAILED


def last_line(failure: CommandFailed) -> str:
    """The last line that is not empty of what the task wrote on stderr, "" if there is none."""
    path = Path(failure.stderr_file)
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_LINE_BYTES))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def reported(line: str) -> dict[str, Any] | None:
    """The document that a program wrote about its own failure, None if the line isn't one."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) and said.get("wdl_error_message") else None


def is_user_fault(error: BaseException) -> bool:
    """Whether the task said that its input is to blame."""
    cause = root_cause(error)
    said = reported(last_line(cause)) if isinstance(cause, CommandFailed) else None
    return said is not None and said.get("error") == "InvalidInputFileError"


def is_termination(error: BaseException) -> bool:
    return isinstance(root_cause(error), Terminated)

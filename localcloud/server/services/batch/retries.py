"""Whether another attempt is made.

AWS facts (*EvaluateOnExit*): the first condition that matches decides; every given pattern of it must match; only a
trailing ``*`` is a wildcard; without a match the job is retried while attempts are left. A host that is lost counts as
an attempt. A job that was terminated or whose attempt took too long is not retried.
"""

from __future__ import annotations

from localcloud.server.call import Params


def retried(
    strategy: Params, attempts: int, exit_code: int | None, reason: str | None, status_reason: str | None
) -> bool:
    """``made`` attempts have ended; the last in the way that the other arguments say."""
    if attempts >= strategy["attempts"]:
        return False
    seen = {
        "onExitCode": "" if exit_code is None else str(exit_code),
        "onReason": reason or "",
        "onStatusReason": status_reason or "",
    }
    for condition in strategy.get("evaluateOnExit", []):
        if all(_matches(condition[name], text) for name, text in seen.items() if condition.get(name)):
            return str(condition["action"]).upper() == "RETRY"
    return True


def _matches(glob: str, text: str) -> bool:
    if glob.endswith("*"):
        return text.startswith(glob[:-1])
    return text == glob

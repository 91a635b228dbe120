"""What a failure says of itself: the facts in the Cause that Step Functions hands over, and AWS's own words in them.

A failure is an error name and a Cause, as Step Functions hands them over. The Cause of a ``batch:submitJob.sync`` task
is the job's description as JSON without blanks, keys in alphabetical order, the latest attempt repeated in
``Container``; a service's refusal is a sentence with ``Status Code`` (and, from the optimised integrations,
``Error Code``) at its end. A Cause may also be cut off, be any other text, or be absent. JSONata cannot try to parse,
so nothing is parsed: each fact is found by an expression that holds for whole and for cut-off JSON. Text inside a JSON
string has its quotation marks escaped, so that no input of a user can look like a key. A reason that is cut off counts
where there is no whole one, and then as the text of AWS's that alone can begin so.

A reason that is not known here may be AWS's own all the same, or the words of whoever called TerminateJob or CancelJob.
Batch tells the two apart by ``isTerminated`` and ``isCancelled``, and it isn't documented whether a Cause has them.
Without them nobody is said to have cancelled the job, and the reason stands in the cause.
"""

from __future__ import annotations

import re
from typing import Final

BLANK: Final = r"[ \t\r\n]*"
_OPEN = r'"([^"\x5C]*(?:\x5C[\s\S][^"\x5C]*)*)'
"""A JSON string without its end. Unrolled: Java's engine recurses on alternatives in a loop.
A backslash is written in hex: JSONata counts brackets to find a pattern's end, and would take it as escaping one."""
_TEXT = f'{_OPEN}"'
_CUT = rf"{_OPEN}\x5C?$"
"""A JSON string that the Cause ends in."""

JOB: Final = rf"^{BLANK}\{{"
"""A Cause that begins so describes a job."""
CONTAINER: Final = rf'"Container"{BLANK}:{BLANK}\{{'
"""Begins each attempt's container, and the job's: what follows the last of these belongs to the latest attempt."""
OF_JOB: Final = rf"\]{BLANK},{BLANK}{CONTAINER}"
"""The job's container was reached: it repeats the latest attempt's, which is the part before it."""

JOB_FACTS: Final = {
    "status": rf'"StatusReason"{BLANK}:{BLANK}{_TEXT}',
    "cut": rf'"StatusReason"{BLANK}:{BLANK}{_CUT}',
    "reason": rf'"Reason"{BLANK}:{BLANK}{_TEXT}',
    "cut_reason": rf'"Reason"{BLANK}:{BLANK}{_CUT}',
    "exit": rf'"ExitCode"{BLANK}:{BLANK}(-?[0-9]+)[^0-9]',
    "ended": rf'"Is(?:Cancelled|Terminated)"{BLANK}:{BLANK}(true)',
    "silent": rf'"Status"{BLANK}:{BLANK}"FAILED"{BLANK}(\}}|,{BLANK}"(?:StoppedAt|Tags|Timeout)")',
    "job": rf'"JobId"{BLANK}:{BLANK}{_TEXT}',
    "log": rf'"LogStreamName"{BLANK}:{BLANK}{_TEXT}',
}
"""Facts of the latest attempt; the last place that fits counts. ``silent``: no status reason, though not cut off."""
TEXT_FACTS: Final = {
    "code": r"Error Code: ([A-Za-z0-9._-]+)",
    "http": r"Status Code: ([0-9]+)",
}
"""Facts of a Cause that describes no job."""
STARTED: Final = rf'"Attempts"{BLANK}:{BLANK}\[{BLANK}\{{'
"""There was an attempt at all; looked for in the whole Cause."""

HOST, LIMIT = "Host EC2 (instance ", "Canceled by JobStateTimeLimit action due to reason: "
CAPACITY, MISCONFIGURATION = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "MISCONFIGURATION:"
EXITED, NOT_STARTED = "Essential container in task exited", "Task failed to start"
TOO_LONG, CHILD, DEPENDENT = "Job attempt duration exceeded timeout", "Array Child Job failed", "Dependent Job failed"
OVERRIDES, RESOURCES = "Container Overrides length", "ResourceInitializationError"
STOPPED = "The Task state in AWS Step Functions execution ["
STATUS_BEGINNINGS: Final = (
    *(HOST, EXITED, NOT_STARTED, TOO_LONG, CHILD, DEPENDENT, OVERRIDES, RESOURCES, STOPPED),
    *(CAPACITY, MISCONFIGURATION, LIMIT + CAPACITY, LIMIT + MISCONFIGURATION, "ACTION_REQUIRED", "UNDETERMINED"),
)
"""How AWS's status reasons begin, as far as they are the same each time."""
LEAST_CUT: Final = 8
"""Characters from which on a status reason that is cut off counts: fewer may begin anyone's words."""


def facts(error: str, cause: str) -> dict[str, str]:
    """By name; the empty string for what is not told."""
    is_job = re.search(JOB, cause) is not None
    latest, text = (_latest(cause), "") if is_job else ("", cause)
    extracted = {
        "error": error,
        "text": text,
        "started": "yes" if is_job and re.search(STARTED, cause) else "",
        **{fact: _last(pattern, latest) for fact, pattern in JOB_FACTS.items()},
        **{fact: _last(pattern, text) for fact, pattern in TEXT_FACTS.items()},
    }
    return {
        **extracted,
        "cut": "" if extracted["status"] else extracted["cut"],
        "status": extracted["status"] or _completed(extracted["cut"]),
        "reason": extracted["reason"] or extracted["cut_reason"],
    }


def _completed(cut: str) -> str:
    """The only beginning of AWS's status reasons that a cut-off one can be of."""
    completions = [text for text in STATUS_BEGINNINGS if text.startswith(cut) or cut.startswith(text)]
    return completions[0] if len(cut) >= LEAST_CUT and len(completions) == 1 else ""


def _latest(cause: str) -> str:
    parts = re.split(CONTAINER, cause)
    return "".join(parts[-2:]) if re.search(OF_JOB, cause) else parts[-1]


def _last(pattern: str, text: str) -> str:
    matches = [match[1] for match in re.finditer(pattern, text)]
    return matches[-1] if matches else ""

"""JSONata as text: literals, regular expressions, and the table of failures as an expression.

Step Functions evaluates JSONata without ``$eval`` and cannot keep a function in a variable, so what several states need
is written out in each. A bare name at the top level is refused there; every name here is a variable or a quoted key.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from . import causes, failures
from .failures import Failure, Kind, Rule


def expression(text: str) -> str:
    """The field's value, as the States Language marks an expression."""
    return "{% " + text + " %}"


def literal(value: Any) -> str:
    """A JSON value is JSONata for itself; ASCII, since a definition may pass through anything."""
    return json.dumps(value)


def regex(pattern: str) -> str:
    """A regular expression. ``/`` ends it, outside of brackets: those must be balanced as JSONata counts them.

    Raises ValueError for a pattern that JSONata would not find the end of.
    """
    depth = 0
    for before, char in pairwise("/" + pattern):
        depth += (char in "([{") - (char in ")]}") if before != "\\" else 0
        if depth < 0:
            break
    if depth:
        raise ValueError(f"JSONata doesn't find the end of the regular expression {pattern!r}: write \\x for a bracket")
    return "/" + pattern.replace("/", r"\/") + "/"


def block(*steps: str) -> str:
    """Steps in order, the last of which is the value."""
    return "(" + "; ".join(steps) + ")"


def size(text: str) -> str:
    """The bytes that a text takes in UTF-8; JSONata counts characters by itself. ``text``: an expression."""
    return f'($bytes := $encodeUrlComponent({text}); $length($bytes) - 2 * $length($replace($bytes, /[^%]+/, "")))'


def first_of(cases: list[tuple[str, str]], otherwise: str) -> str:
    """The value of the first case whose condition holds."""
    return " : ".join([f"{condition} ? {value}" for condition, value in cases] + [otherwise])


def failure(classified: Failure) -> str:
    """A failure that is known when the machine is generated; its cause is an expression."""
    return _record(
        literal(classified.kind.name), literal(classified.action.value), literal(classified.error), classified.cause
    )


def known(kind: Kind, cause: str) -> str:
    """A failure of a class that the state knows by itself; ``cause``: an expression of text."""
    return failure(Failure(kind, kind.error, cause))


def _record(kind: str, action: str, error: str, cause: str) -> str:
    return f'{{"kind": {kind}, "action": {action}, "error": {error}, "cause": {cause}}}'


def classify(error: str, cause: str) -> str:
    """``failures.classify`` as an expression: a record of kind, action, error, cause.

    ``error`` and ``cause`` are expressions; ``cause`` may have no value.
    """
    return block(
        f"$error_name := {error}",
        f"$text := {cause}",
        '$text := $exists($text) ? $string($text) : ""',
        f"$is_job := $contains($text, {regex(causes.JOB)})",
        f"$parts := $split($text, {regex(causes.CONTAINER)})",
        f'$before := $contains($text, {regex(causes.OF_JOB)}) ? $parts[-2] : ""',
        '$latest := $is_job ? $before & $parts[-1] : ""',
        f'$started := $is_job and $contains($text, {regex(causes.STARTED)}) ? "yes" : ""',
        '$text := $is_job ? "" : $text',
        *(_assign_last_match(fact, pattern, "$latest") for fact, pattern in causes.JOB_FACTS.items()),
        *(_assign_last_match(fact, pattern, "$text") for fact, pattern in causes.TEXT_FACTS.items()),
        '$reason := $reason != "" ? $reason : $cut_reason',
        '$cut := $status != "" ? "" : $cut',
        f'$status := $status != "" ? $status : {_completed()}',
        f"$kind := {_kind()}",
        f"$about := $lookup({_kinds()}, $kind)",
        f"$details := {_details()}",
        _record("$kind", "$about.action", "$about.error", '$about.meaning & " (" & $details & ")"'),
    )


def settled(failure: str, output: str) -> str:
    """``failures.settled`` as an expression; ``failure``: a record. Fails if ``output`` is not JSON."""
    own, interrupted = Kind.APPLICATION, Kind.INTERRUPTED
    again = f"{literal(own.meaning)} & $substring($failed.cause, {len(interrupted.meaning)})"
    return block(
        f"$failed := {failure}",
        f"$output := {output}",
        "$document := $parse($output)",
        f"$told_to_stop := $contains($output, {regex(failures.TERMINATED)})",
        f"$failed.kind = {literal(interrupted.name)} and {_HAS_ERROR} and $not($told_to_stop) "
        f"? {known(own, again)} : $failed",
    )


_HAS_ERROR = '($type($document) = "object" and $type($document.error) = "string" and $document.error != "")'


def explained(failure: str, output: str) -> str:
    """``failures.explained`` as an expression; ``failure``: a record. Fails if ``output`` is not JSON."""
    memory = Kind.OUT_OF_MEMORY
    killed = f'{literal(memory.meaning + ": a task was killed (")} & $failed.cause & ")"'
    cause = f'$substring($why, 0, {failures.LONGEST_DETAIL}) & " (" & $failed.cause & ")"'
    error = f"$substring($document.error, 0, {failures.LONGEST_ERROR})"
    return block(
        f"$output := {output}",
        f"$failed := {settled(failure, '$output')}",
        "$document := $parse($output)",
        '$why := $exists($document.cause) ? $document.cause : $exists($document.message) ? $document.message : ""',
        "$why := $string($why)",
        first_of(
            [
                (f'$failed.kind != {literal(Kind.APPLICATION.name)} or $type($document) != "object"', "$failed"),
                (f"$contains($output, {regex(failures.KILLED_TASK)})", known(memory, killed)),
                (_HAS_ERROR, _record("$failed.kind", "$failed.action", error, cause)),
            ],
            "$failed",
        ),
    )


_VARIABLES = {"error": "error_name"}
"""``$error`` is a function."""


def _variable(fact: str) -> str:
    return "$" + _VARIABLES.get(fact, fact)


def _assign_last_match(fact: str, pattern: str, scope: str) -> str:
    """Assigns the last match of a fact's pattern; no match: the empty string."""
    match = f"$match({scope}, {regex(pattern)})[-1].groups[0]"
    return f'${fact} := (${fact} := {match}; $exists(${fact}) ? ${fact} : "")'


def _completed() -> str:
    """``causes._completed`` of ``$cut``."""
    ahead, behind = "$substring($one, 0, $length($cut)) = $cut", "$substring($cut, 0, $length($one)) = $one"
    begun = f"$filter({literal(list(causes.STATUS_BEGINNINGS))}, function($one) {{ {ahead} or {behind} }})"
    return f'($begun := {begun}; $length($cut) >= {causes.LEAST_CUT} and $count($begun) = 1 ? $begun[0] : "")'


def _kind() -> str:
    return first_of([(_fits(rule), literal(rule.kind.name)) for rule in failures.RULES], literal(Kind.UNEXPLAINED.name))


def _fits(rule: Rule) -> str:
    return " and ".join(f"$contains({_variable(fact)}, {regex(pattern)})" for fact, pattern in rule.when)


def _kinds() -> str:
    return literal({k.name: {"action": k.action.value, "error": k.error, "meaning": k.meaning} for k in Kind})


def _details() -> str:
    shown = [
        f'{_variable(fact)} = "" ? [] : {literal(before)} & $substring({_variable(fact)}, 0, {failures.LONGEST_DETAIL})'
        for fact, before in failures.SHOWN + failures.SHOWN_LAST
    ]
    return f"""$replace($join([{", ".join(shown)}], "; "), '\\\\"', '"')"""

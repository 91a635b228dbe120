"""Rules for names in an orchestrator, with which settings and components both check: stages and readers of messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .. import orchestrator_names, rules
from . import contract
from .limits import LONGEST_QUEUE_NAME


def stage_faults(stages: Sequence[str]) -> Iterator[tuple[int, str]]:
    """By index, what is wrong with the names of stages beside each other."""
    for index, stage in enumerate(stages):
        if stage in stages[:index]:
            yield index, "is the name of a stage before it"
        elif shorter := [one for one in stages if one != stage and stage.startswith(one)]:
            yield index, f"begins with the name of the stage {shorter[0]}: their states would have the same names"


def stage(name: str) -> str | None:
    return None if contract.STAGE_NAME.fullmatch(name) else "words that begin with a capital, like HostFilter"


def reader(word: str) -> str | None:
    if word.endswith("dead-letter"):
        return "must not end with dead-letter: the queue of what was not delivered is named so"
    return rules.word(word)


def queue_faults(environment: str, readers: Sequence[str]) -> Iterator[tuple[int, str]]:
    """By index, what is wrong with the readers of an environment's messages, each of which has a queue."""
    for index, one in enumerate(readers):
        queue = orchestrator_names.dead_letter_queue(environment, one)
        if rule := reader(one):
            yield index, rule
        elif one in readers[:index]:
            yield index, "is listed twice"
        elif len(queue) > LONGEST_QUEUE_NAME:
            yield index, f"too long: the queue {queue} would exceed {LONGEST_QUEUE_NAME} characters"

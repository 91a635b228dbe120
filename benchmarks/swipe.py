"""swipe's default state machine as an executable model: which states a run enters, by how its jobs end.

It is its structure alone (states, transitions, catches, retries), taken from swipe 1.4.9's default definition; what the
functions do inside is not modelled but for whether they raise. swipe's machine cannot run here: it needs eight Lambda
functions, which the local cloud refuses by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class End(Enum):
    """How a job ends."""

    WELL = "well"
    RECLAIMED = "reclaimed"
    FAILED = "failed"


@dataclass(frozen=True)
class State:
    """``kind``: function, job, choice or pass. ``caught``: the next state after an error; empty: the run ends by it."""

    kind: str
    after: str = ""
    caught: str = ""
    otherwise: str = ""
    """A choice's other way."""


START = "PreprocessInput"
MACHINE: Mapping[str, State] = {
    "PreprocessInput": State("function", after="SpotChoice"),
    "SpotChoice": State("choice", after="RunEC2", otherwise="RunSPOT"),
    "RunSPOT": State("job", after="RunReadOutput", caught="RunGetCause"),
    "RunGetCause": State("pass", after="RunDetectError"),
    "RunDetectError": State("choice", after="RunEC2", otherwise="RunReadOutput"),
    "RunEC2": State("job", after="RunReadOutput", caught="RunReadOutput"),
    "RunReadOutput": State("function", after="HandleSuccess", caught="HandleFailure"),
    "HandleSuccess": State("function"),
    "HandleFailure": State("function"),
}
MOST_RETRIES = 3
"""Of a submission that Batch refuses for its rate or fails to take."""


@dataclass(frozen=True)
class Way:
    """What one run entered."""

    states: Sequence[str]
    retries: int

    @property
    def transitions(self) -> int:
        """What AWS bills: each state entered, and each retry."""
        return len(self.states) + self.retries

    @property
    def functions(self) -> int:
        """Lambda invocations of the machine itself; two more archive each execution's change of status."""
        return sum(MACHINE[name].kind == "function" for name in self.states)


def run(*jobs: End, do_not_interrupt: bool = False, throttled: int = 0) -> Way:
    """One run whose jobs end so, in order; ``throttled``: how often the first submission is refused.

    Raises ValueError if the run would need more jobs than are given, or leaves some unused.
    """
    if throttled > MOST_RETRIES:
        raise ValueError(f"throttled {throttled}: swipe gives up after {MOST_RETRIES} retries, without a reason")
    left = list(jobs)
    ended = End.WELL
    entered: list[str] = []
    name = START
    while name:
        state = MACHINE[name]
        entered.append(name)
        if state.kind == "job":
            if not left:
                raise ValueError(f"the run reached {name}, and nothing says how its job ends")
            ended = left.pop(0)
            name = state.after if ended is End.WELL else state.caught
        elif state.kind == "choice":
            taken = do_not_interrupt if name == "SpotChoice" else ended is End.RECLAIMED
            name = state.after if taken else state.otherwise
        else:
            raises = name == "RunReadOutput" and ended is not End.WELL
            name = state.caught if raises else state.after
    if left:
        raise ValueError(f"the run ended before {len(left)} of its jobs")
    return Way(entered, throttled)

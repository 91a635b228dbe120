"""Rules between the old state and the new inputs, which the `custom_diff` sentences of the rules files state.

Each type's `plan_rules` has the beginning of every such sentence of its file, with the function that carries it out or
the reason why none is needed; a test compares them. A function may change the planned inputs and returns what
pulumi-aws refuses at plan, as (Terraform path, reason).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.provider.config import Settings

State = dict[str, Any]
Faults = list[tuple[str, str]]


@dataclass(frozen=True)
class Plan:
    """One planned change: `old` is empty when the resource is new."""

    old: Mapping[str, Any]
    new: State
    settings: Settings
    client: Callable[[str, str], Any] | None = None
    """(service, region) → boto3 client, for what pulumi-aws asks AWS while it plans."""


Rule = tuple[str, Callable[[Plan], Faults] | str]
"""The beginning of a sentence, and the function that carries it out or the reason why none is needed."""
FLAGS: Final = "the fields' own force_new says it"
REFUSED: Final = "the input is refused"
RELATION: Final = "the fields' own exactly_one_of, at_least_one_of or conflicts_with says it"
RECOMPUTED: Final = "the type's `recomputed` outputs"
REPLACES: Final = "the type's `replaces`"


def apply(rules: Iterable[Rule], sentences: Iterable[str], plan: Plan) -> Faults:
    """Carry out the rules that the sentences state. Raises KeyError for a sentence that no rule begins."""
    functions = [rule for sentence in sentences if not isinstance(rule := lookup(rules, sentence), str)]
    return [fault for function in functions for fault in function(plan)]


def lookup(rules: Iterable[Rule], sentence: str) -> Callable[[Plan], Faults] | str:
    """The function of a sentence, or the reason why it needs none. Raises KeyError when there is neither."""
    for start, rule in rules:
        if sentence.startswith(start):
            return rule
    raise KeyError(f"no function and no reason for: {sentence}")


def block_list(value: Any) -> list[Mapping[str, Any]]:
    """The blocks of an input that are known; none for one that is not given or not known yet."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []

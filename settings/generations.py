"""Which generations of jobs' machines are current, and which earlier ones stay beside them.

Both follow from the stack file and the stack's state alone, so that a preview shows what ``up`` does, whatever runs
meanwhile. An earlier generation stays until ``remove_machines`` names it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from components.orchestration.limits import GENERATION
from settings.faults import Fault, fault_at
from settings.schema import Settings

RESOURCE: Final = re.compile(rf"(?P<environment>.+?)-(?P<generation>{GENERATION.pattern})")
"""Names of compute environments in the program."""


def current(settings: Settings, environment: str) -> tuple[str, ...]:
    """The generations of an environment with an orchestrator, one for each market in use."""
    return settings.orchestrators[environment].hosts(settings.network.key).generations(environment)


def of_environment(environment: str, deployed: Collection[str]) -> list[str]:
    """The generations among ``deployed``, names of compute environments in the program."""
    named = (RESOURCE.fullmatch(one) for one in sorted(deployed))
    return [one["generation"] for one in named if one and one["environment"] == environment]


def earlier(settings: Settings, deployed: Collection[str], last: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By environment, the generations in the state that are not current, the latest first.

    ``deployed``: names of the compute environments in the state, those of a failed update too. ``last``: the output
    ``orchestrators`` of the last update that came to its end.
    """
    by_environment: dict[str, tuple[str, ...]] = {}
    for name in settings.orchestrators:
        there = of_environment(name, deployed)
        known = [*last.get(name, {}).get("generations", ()), *last.get(name, {}).get("retiring", ())]
        in_order = [*(one for one in there if one not in known), *(one for one in known if one in there)]
        by_environment[name] = tuple(one for one in in_order if one not in current(settings, name))
    return by_environment


def retiring(settings: Settings, deployed: Collection[str], last: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By environment, the earlier generations that stay.

    Those that were not retiring after the last update stay for this one even if they are to be removed: until the
    queues list other machines first, jobs go to them.
    """
    stays: dict[str, tuple[str, ...]] = {}
    for name, generations in earlier(settings, deployed, last).items():
        removed = set(settings.orchestrators[name].remove_machines) & set(last.get(name, {}).get("retiring", ()))
        stays[name] = tuple(one for one in generations if one not in removed)
    return stays


def faults(stack: str, settings: Settings) -> Iterator[Fault]:
    """``remove_machines`` names no current generation: it would be removed as soon as it is not current any more."""
    for name, orchestrator in settings.orchestrators.items():
        for index, one in enumerate(orchestrator.remove_machines):
            if one in current(settings, name):
                at = ("environments", name, "orchestrator", "remove_machines", index)
                yield fault_at(stack, at, one, "are the machines that this file describes now; remove the name")

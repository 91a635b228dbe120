"""Earlier machines before an update: those with jobs are not removed, and the removal of idle ones is proposed.

The program removes what ``remove_machines`` of the stack file names, and asks nothing about jobs. So their tasks are
counted here, and whoever agrees to a removal has the name written into the stack file, where each preview shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from components import orchestrator_names
from portal.console import say
from portal.errors import PortalError
from portal.machines import compute_environments, tasks
from portal.pulumi_cli import Pulumi, outputs_of
from portal.recovery import Place
from settings import Settings, generations
from settings.faults import fault_at, file_of


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A generation that is deployed and not current."""

    environment: str
    generation: str
    tasks: int | None
    """Jobs that run or start on it; None: it is not in the account any more."""
    removed: bool
    """The stack file names it in ``remove_machines``."""
    retiring: bool
    """Since the last update at least, the queues have listed other machines before it."""

    @property
    def idle(self) -> bool:
        return self.retiring and self.tasks == 0 and not self.removed

    def __str__(self) -> str:
        return f"{self.environment}: the earlier machines {self.generation}"


def earlier_machines(settings: Settings, deployment: Mapping[str, Any], place: Place) -> list[Earlier]:
    """Those of all environments, the latest of each first. Raises PortalError if the account does not say what runs."""
    last: Mapping[str, Any] = outputs_of(deployment).get("orchestrators", {})
    by_environment = generations.earlier(settings, compute_environments(deployment), last)
    named = {
        orchestrator_names.compute_environment(name, one): (name, one)
        for name, ones in by_environment.items()
        for one in ones
    }
    try:
        counts = tasks(named, place.client("batch"), place.client("ecs")) if named else {}
    except (ClientError, BotoCoreError) as error:
        raise PortalError(f"what runs on earlier machines cannot be counted as {place.role}: {error}") from error
    return [
        Earlier(
            environment=name,
            generation=one,
            tasks=counts.get(full),
            removed=one in settings.orchestrators[name].remove_machines,
            retiring=one in last.get(name, {}).get("retiring", ()),
        )
        for full, (name, one) in named.items()
    ]


def refuse_busy(stack: str, settings: Settings, machines: Sequence[Earlier]) -> None:
    """Raises PortalError for machines with jobs that the stack file removes."""
    faults = [
        fault_at(
            stack,
            (*_key(one), settings.orchestrators[one.environment].remove_machines.index(one.generation)),
            one.generation,
            f"tasks on them: {one.tasks}; remove the name, or wait for the end of the runs (portal watch)",
        )
        for one in machines
        if one.removed and one.retiring and one.tasks
    ]
    if faults:
        raise PortalError("nothing was touched: " + "; ".join(map(str, faults)))


def propose(pulumi: Pulumi, settings: Settings, machines: Sequence[Earlier], *, ask: bool, remove: bool) -> None:
    """Says which earlier machines stay and which are idle, and writes those that are to go into the stack file.

    ``remove``: all idle ones are, and nobody is asked.
    """
    for one in machines:
        print(f"  {one} {_prospect(one)}")
    idle = [one for one in machines if one.idle]
    if not idle:
        return
    if not remove and not (ask and typer.confirm("Remove the idle machines?", err=True)):
        say.print("  they stay; --remove-idle-machines removes them")
        return
    for environment in dict.fromkeys(one.environment for one in idle):
        named = len(settings.orchestrators[environment].remove_machines)
        for index, one in enumerate((one for one in idle if one.environment == environment), named):
            pulumi.set_setting((*_key(one), index), one.generation)
            print(f"  {one} are removed: {file_of(pulumi.stack)} says so")


def _key(one: Earlier) -> tuple[str, ...]:
    return ("environments", one.environment, "orchestrator", "remove_machines")


def _prospect(one: Earlier) -> str:
    if one.tasks is None:
        return "are not in the account any more: `pulumi refresh` has the state forget them"
    if one.idle:
        return "are idle"
    if one.removed and one.retiring:
        return "are removed, as the stack file says"
    later = "; a later `up` removes them, as the stack file says" if one.removed else ""
    return f"stay (tasks on them: {one.tasks}){later}"

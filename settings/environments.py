"""What an environment would lose by its stack file: its entry, its orchestrator or one of its buckets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from settings.faults import Fault, fault_at
from settings.schema import Settings

Names = Mapping[str, Mapping[str, str]]
"""By environment and key (``wdl_bucket``, ``comms_bucket``, ``orchestrator``), what is deployed under which name."""


def lost(settings: Settings, deployed: Names) -> dict[str, dict[str, str]]:
    """What is deployed and no longer in the stack file, or there by another name."""
    wanted = {name: one.deployed_names(name) for name, one in settings.environments.items()}
    losses = {
        name: {key: value for key, value in parts.items() if wanted.get(name, {}).get(key) != value}
        for name, parts in deployed.items()
    }
    return {name: parts for name, parts in losses.items() if parts}


def dropped_from_environments(stack: str, settings: Settings, protected: Names) -> Iterator[Fault]:
    """Parts of environments that were ``protected`` when the stack was last brought up, and that its file drops."""
    for name, parts in sorted(lost(settings, protected).items()):
        at = ("environments", name)
        first = "set retire: true on the environment and bring the stack up once"
        if name not in settings.environments:
            yield fault_at(stack, at, None, f"the environment is deployed; {first}, then remove the entry")
            continue
        for key, value in parts.items():
            current = settings.environments[name].deployed_names(name).get(key)
            yield fault_at(
                stack, (*at, key), current, f"{value} is deployed and would be deleted; {first}, then change it"
            )

"""How many replicas each ReplicaSet of a Deployment has next, as Kubernetes' deployment controller decides it. Pure.

Kubernetes facts: ``maxSurge`` percentages are rounded up, ``maxUnavailable`` down, and at least one of them is one; the
new set grows while all sets together stay within replicas + maxSurge; old sets shrink while the available pods stay at
replicas - maxUnavailable, pods that are not available first.

Replicas that change in the middle of a rollout are not spread over the sets in proportion: the new set takes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    desired: int
    surge: int
    unavailable: int

    @classmethod
    def of(cls, desired: int, max_surge: int | str, max_unavailable: int | str) -> Limits:
        surge = -_share(max_surge, -desired)
        unavailable = _share(max_unavailable, desired)
        return cls(desired=desired, surge=surge, unavailable=unavailable if surge or unavailable else 1)

    @property
    def least_available(self) -> int:
        return self.desired - self.unavailable


@dataclass(frozen=True, kw_only=True)
class Set:
    """A ReplicaSet: the pods that it asks for, and those that are available."""

    name: str
    replicas: int
    available: int


def _share(value: int | str, of: int) -> int:
    """A number, or a percentage of ``of`` rounded down; a number has the sign of ``of``."""
    if isinstance(value, int):
        return value if of >= 0 else -value
    return of * int(value.removesuffix("%")) // 100


def next_replicas(limits: Limits, new: Set, old: Sequence[Set]) -> dict[str, int]:
    """Name -> replicas of the sets that change. ``old`` is sorted by age, the oldest first."""
    replicas = _new_replicas(limits, new, old)
    return {new.name: replicas} if replicas != new.replicas else _old_replicas(limits, new, old)


def _new_replicas(limits: Limits, new: Set, old: Sequence[Set]) -> int:
    if new.replicas >= limits.desired:
        return limits.desired
    room = limits.desired + limits.surge - new.replicas - sum(one.replicas for one in old)
    return new.replicas + min(max(room, 0), limits.desired - new.replicas)


def _old_replicas(limits: Limits, new: Set, old: Sequence[Set]) -> dict[str, int]:
    total = new.replicas + sum(one.replicas for one in old)
    spare = total - limits.least_available - (new.replicas - new.available)
    if spare <= 0:
        return {}
    left = {one.name: one.replicas for one in old}
    for one in old:  # those that are not available anyway
        removed = min(spare, max(one.replicas - one.available, 0))
        left[one.name] -= removed
        spare -= removed
    removable = new.available + sum(one.available for one in old) - limits.least_available
    for one in old:
        removed = max(min(removable, left[one.name]), 0)
        left[one.name] -= removed
        removable -= removed
    return {one.name: left[one.name] for one in old if left[one.name] != one.replicas}

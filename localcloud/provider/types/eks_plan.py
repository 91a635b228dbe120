"""What pulumi-aws checks of a change of an EKS cluster before it is carried out."""

from collections.abc import Mapping
from typing import Any, Final

from localcloud.provider.plan import Faults, Plan
from localcloud.provider.property_values import UNKNOWN

_SWITCHES: Final = (
    ("compute_config", "enabled"),
    ("kubernetes_network_config", "elastic_load_balancing", "enabled"),
    ("storage_config", "block_storage", "enabled"),
)


def auto_mode_agrees(plan: Plan) -> Faults:
    """Auto Mode's three switches, where one of their blocks changes. What is unknown yet is not compared."""
    blocks = [path[0] for path in _SWITCHES]
    if all(plan.new.get(name) == plan.old.get(name) for name in blocks):
        return []
    values = [_at(plan.new, path) for path in _SWITCHES]
    if UNKNOWN in values or len({bool(value) for value in values}) == 1:
        return []
    names = ", ".join(".".join(path) for path in _SWITCHES)
    return [("compute_config.enabled", f"{names} must all be set to either true or false")]


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(value, Mapping):
            return value
        value = value.get(name)
    return value

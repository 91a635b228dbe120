"""Rules between old state and new inputs of clusters of RDS. See `plan_rules`."""

from typing import Final

from localcloud.provider.plan import REFUSED, Faults, Plan, Rule

_CAPACITY: Final = "serverlessv2_scaling_configuration"


def _capacity_stays(plan: Plan) -> Faults:
    if plan.old.get(_CAPACITY) and not plan.new.get(_CAPACITY):
        plan.new[_CAPACITY] = plan.old[_CAPACITY]
    return []


RDS: Final[dict[str, tuple[Rule, ...]]] = {
    "aws_rds_cluster": (
        ("storage_type", REFUSED),
        ("snapshot_identifier removed", REFUSED),
        ("engine_mode empty", "the default fills it in"),
        ("removing serverlessv2_scaling_configuration", _capacity_stays),
    ),
}

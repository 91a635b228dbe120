"""Each resource type of the provider, once: what all tests that walk the types know of it.

`test_provider_types` makes, changes, replaces and imports one through the provider alone, and checks that a case's
inputs reach every input that the type says it carries out. A type that a stack registers has besides what journeys ask:
`program` (`test_changes`), `drifts` (`test_drift`) and `listed` (`test_kill` compares account and state).
"""

from . import balancing, batch, database, delivery, eks, network, orchestration, storage
from .case import Case

CASES: tuple[Case, ...] = (
    *balancing.BALANCING_CASES,
    *database.DATABASE_CASES,
    *eks.EKS_CASES,
    *storage.S3_CASES,
    *storage.OBJECT_CASES,
    *storage.ACCOUNT_CASES,
    *storage.IAM_CASES,
    *storage.KMS_CASES,
    *delivery.DELIVERY_CASES,
    *network.CASES,
    *orchestration.CASES,
    *batch.CASES,
)

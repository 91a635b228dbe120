"""For each type in use in the stack dev: what somebody changes behind Pulumi's back."""

from tests.journey.drifts import database, delivery, network, orchestration, storage
from tests.journey.drifts.kind import Aws, Drift, Drifts, Held

__all__ = ["DRIFTS", "Aws", "Drift", "Held"]

DRIFTS: Drifts = {**database.DRIFTS, **delivery.DRIFTS, **network.DRIFTS, **orchestration.DRIFTS, **storage.DRIFTS}
"""In this order: with another boundary the roles may no longer do what AWS wants to see for a change."""

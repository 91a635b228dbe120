"""EventBridge's operations, SNS's deliveries, and what queues, topics and log groups refuse: importing this module
registers them all.
"""

from __future__ import annotations

from . import bus, log_groups, queues, refusals, topics

__all__ = ["bus", "log_groups", "queues", "refusals", "topics"]

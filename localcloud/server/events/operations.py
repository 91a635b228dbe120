"""EventBridge's operations, SNS's deliveries, and what rules, queues and topics refuse: importing this module registers
them all.
"""

from __future__ import annotations

from . import bus, queues, refusals, topic_rules, topics

__all__ = ["bus", "queues", "refusals", "topic_rules", "topics"]

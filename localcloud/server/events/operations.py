"""EventBridge's operations and SNS's deliveries: importing this module registers them all."""

from __future__ import annotations

from . import bus, refusals, topics

__all__ = ["bus", "refusals", "topics"]

"""Batch's operations: importing this module registers them all."""

from __future__ import annotations

from . import containers, definitions, environments, faults, jobs, queues, submitting

__all__ = ["containers", "definitions", "environments", "faults", "jobs", "queues", "submitting"]

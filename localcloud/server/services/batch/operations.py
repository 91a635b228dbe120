"""Batch's operations: importing this module registers them all."""

from __future__ import annotations

from . import compute_environments, containers, definitions, faults, jobs, queues, retention, submitting

__all__ = ["compute_environments", "containers", "definitions", "faults", "jobs", "queues", "retention", "submitting"]

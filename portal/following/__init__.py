"""Follows executions: how they end and why, on which machines, and what their jobs print."""

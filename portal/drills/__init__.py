"""Drills: whether what was backed up can be brought back, tried without touching what runs."""

"""Worked examples that run on the platform."""

"""hypothesis' ``given`` without its deadline of 200 ms for each example: no test fails because the machine is busy."""

from hypothesis import given, settings

__all__ = ["given"]
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

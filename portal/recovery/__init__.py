"""Puts a stack right after an update was killed: a lock left behind, and creations of unknown outcome."""

from portal.recovery.errors import RecoverError
from portal.recovery.locks import clear_dead_lock
from portal.recovery.places import Place
from portal.recovery.recover import recover, was_interrupted

__all__ = ["Place", "RecoverError", "clear_dead_lock", "recover", "was_interrupted"]

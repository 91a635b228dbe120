"""The one error of this package."""


class RecoverError(Exception):
    """The stack can't be put right without a person; the message says what to look at."""

"""Failures that a depositor or an operator can mend."""


class InvalidInputFileError(Exception):
    """The configuration or a source file is not what it should be; the text says which and why."""

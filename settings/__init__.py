"""The stack files: what each account holds.

``load`` reads the settings of one stack and of all stacks beside it, checks them together, with no network and before
any resource exists, and reports every fault at once.
"""

from settings.faults import Fault, SettingsError
from settings.portal import Portal, Release, load
from settings.schema import Bucket, BucketRef, Environment, Lifecycle, Settings, StackFile

__all__ = [
    "Bucket",
    "BucketRef",
    "Environment",
    "Fault",
    "Lifecycle",
    "Portal",
    "Release",
    "Settings",
    "SettingsError",
    "StackFile",
    "load",
]

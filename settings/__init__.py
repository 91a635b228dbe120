"""The stack files: what each account holds.

``load`` reads the settings of one stack and of all stacks beside it, checks them together, with no network and before
any resource exists, and reports every fault at once.
"""

from settings.base import BucketRef
from settings.cluster import Cluster
from settings.database import Database
from settings.faults import Fault, SettingsError
from settings.loading import files_of_stacks, load
from settings.orchestration import Orchestrator
from settings.portal import Portal, Release
from settings.project import Project
from settings.schema import Bucket, Environment, Lifecycle, Settings, StackFile

__all__ = [
    "Bucket",
    "BucketRef",
    "Cluster",
    "Database",
    "Environment",
    "Fault",
    "Lifecycle",
    "Orchestrator",
    "Portal",
    "Project",
    "Release",
    "Settings",
    "SettingsError",
    "StackFile",
    "files_of_stacks",
    "load",
]

"""The API server of a local cluster: Kubernetes' paths, verbs, watches, validation and refusals over objects in memory.

`Cluster` is one cluster's server; `Cluster.application` answers HTTP, `Cluster.client` the same verbs in this process.
"""

from localcloud.kubernetes.api.cluster import Cluster
from localcloud.kubernetes.api.selectors import matches_labels
from localcloud.kubernetes.api.tokens import TokenOwner
from localcloud.kubernetes.api.users import CONTROLLERS, NODE_AGENT, POLICIES, AccessPolicy, User
from localcloud.kubernetes.objects.errors import ApiError

__all__ = [
    "CONTROLLERS",
    "NODE_AGENT",
    "POLICIES",
    "AccessPolicy",
    "ApiError",
    "Cluster",
    "TokenOwner",
    "User",
    "matches_labels",
]

"""The API servers of clusters: started beside the call that makes a cluster, ended with it."""

from __future__ import annotations

import threading
from typing import Final

from . import authentication
from .account import Account
from .model import REGIONS, Cluster

STOP_SECONDS: Final = 10.0
_ending: list[threading.Thread] = []
"""Those that end clusters, until somebody asks again."""


def start(cluster: Cluster) -> None:
    """Has the cluster's API server and what runs in it come up."""
    running, account = cluster.running, Account(cluster)

    def work() -> None:
        services = cluster.settings["kubernetesNetworkConfig"]["serviceIpv4Cidr"]
        running.start(
            cluster.name, cluster.version, services, lambda token: authentication.user(cluster, token), account
        )

    threading.Thread(target=work, daemon=True, name=f"eks-{cluster.name}").start()


def end(cluster: Cluster) -> None:
    """Ends it, beside the call: what runs in it may be in a call of its own."""
    thread = threading.Thread(target=cluster.running.stop, daemon=True, name=f"eks-{cluster.name}-end")
    thread.start()
    _ending[:] = [one for one in _ending if one.is_alive()] + [thread]


def forget() -> None:
    """Ends all of them, beside the call."""
    for region in list(REGIONS.values()):
        for cluster in list(region.all.values()):
            end(cluster)
    REGIONS.clear()


def stop() -> None:
    """Ends all of them; returns once they are, and those that were deleted before."""
    forget()
    for thread in _ending:
        thread.join(STOP_SECONDS)


def flush() -> None:
    """Lets what runs in them deliver what it holds back."""
    for region in list(REGIONS.values()):
        for cluster in list(region.all.values()):
            cluster.running.flush()

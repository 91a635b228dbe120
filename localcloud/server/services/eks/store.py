"""What ARNs name, who uses what, and everything that an account has."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.server.call import Call
from localcloud.server.service import Resource

from .model import REGIONS, Cluster, Region
from .parts import Addon, Association, Entry, Tags

Tagged = Cluster | Entry | Addon | Association


def _all(region: Region) -> Iterator[Tagged]:
    for cluster in list(region.clusters.values()):
        yield cluster
        yield from (*cluster.entries.values(), *cluster.addons.values(), *cluster.associations.values())


def by_arn(arn: str) -> Tagged | None:
    _, _, _, name, account, _ = arn.split(":", 5)
    region = REGIONS.get((account, name))
    return next((one for one in _all(region) if one.arn == arn), None) if region else None


def resource(arn: str) -> Resource | None:
    tagged = by_arn(arn)
    return Resource(owner=arn.split(":")[4], tags=tags_of(tagged)) if tagged else None


def tags_of(tagged: Tagged) -> Tags:
    return tagged.tags


def inventory(account: str) -> Iterator[str]:
    for region in list(REGIONS.values()):
        if region.account == account:
            yield from (one.arn for one in _all(region))


def _cluster(call: Call) -> Cluster | None:
    region = REGIONS.get((call.account, call.region))
    return region.clusters.get(call.params.get("clusterName", "")) if region else None


def entry_arn(call: Call, principal: str) -> str:
    """The ARN of the access entry of that principal; of one that isn't there, all of the cluster's."""
    cluster = _cluster(call)
    if cluster and principal in cluster.entries:
        return cluster.entries[principal].arn
    name = call.params.get("clusterName", "*")
    return f"arn:aws:eks:{call.region}:{call.account}:access-entry/{name}/*"


def addon_arn(call: Call, name: str) -> str:
    """The ARN of the cluster's add-on of that name; of one that isn't there, all of that name."""
    cluster = _cluster(call)
    if cluster and name in cluster.addons:
        return cluster.addons[name].arn
    place = f"arn:aws:eks:{call.region}:{call.account}"
    return f"{place}:addon/{call.params.get('clusterName', '*')}/{name}/*"


def association_arn(call: Call, identifier: str) -> str:
    """The ARN of the association with that id."""
    place = f"arn:aws:eks:{call.region}:{call.account}"
    return f"{place}:podidentityassociation/{call.params.get('clusterName', '*')}/{identifier}"

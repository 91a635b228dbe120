"""What an account's cluster has, asked for past Pulumi."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components import names
from localcloud.kubernetes.api import User
from localcloud.kubernetes.client import Client
from localcloud.kubernetes.objects.kinds import BY_NAME, Kind
from localcloud.provider_kubernetes.state import MANAGER_PREFIX, identity
from localcloud.provider_kubernetes.tokens import parse
from localcloud.server.services.eks.model import REGIONS
from tests.journey.conftest import DEV
from tests.localcloud.conftest import REGION

ADMINISTRATOR = User("somebody", ("system:masters",))


def inside(account: str = DEV) -> Client | None:
    """The API of the account's cluster, for somebody who may do everything; None if there is no cluster."""
    region = REGIONS.get((account, REGION))
    cluster = region.clusters.get(names.CLUSTER) if region else None
    api = cluster.running.api if cluster else None
    return api.client(ADMINISTRATOR) if api else None


def path_of(held: Mapping[str, Any]) -> str:
    """The URL path of an object of which a state holds the outputs."""
    kind: Kind = BY_NAME[held["apiVersion"], held["kind"]]
    return kind.path(held["metadata"].get("namespace") or "", held["metadata"]["name"])


def made_by_pulumi(account: str, token: str) -> set[str]:
    """Ids of the objects of a type that Pulumi's provider owns fields of."""
    client = inside(account)
    listed = client.get(parse(token).kind.path())["items"] if client else []
    return {identity(one) for one in listed if _is_managed(one)}


def _is_managed(live: Mapping[str, Any]) -> bool:
    owners = [one for one in live["metadata"].get("managedFields") or () if one["operation"] == "Apply"]
    return any(str(one["manager"]).startswith(MANAGER_PREFIX) for one in owners)

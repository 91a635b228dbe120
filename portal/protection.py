"""What the state has and a stack file may not drop, or open, looked at before the engine starts.

The program itself knows what its stack put out when it was last brought up to the end. An `up` that was killed before
its end put out nothing of what it made; the state has that all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.cdn import distributions
from components.kinds import BUCKET_KINDS, BucketKind
from settings import Portal
from settings.audience import Deployed
from settings.cdn_audience import Readers

BUCKET: Final = "aws:s3/bucket:Bucket"
CLUSTER: Final = "aws:rds/cluster:Cluster"
DATABASE: Final = {
    "identifier": "clusterIdentifier",
    "name": "databaseName",
    "user": "masterUsername",
    "engine_version": "engineVersion",
    "kms_key": "kmsKeyId",
}
"""What the settings compare of a database, by the input that has it."""
ADDRESSES: Final = "aws:wafv2/ipSet:IpSet"
PUBLIC_KEY: Final = "aws:cloudfront/publicKey:PublicKey"
DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"
DATA_CDN, SITE = "portal:cdn:DataCdn", "portal:cdn:SiteCdn"
MACHINE: Final = "aws:sfn/stateMachine:StateMachine"
WORKFLOWS: Final = "portal:workflows:Workflows::"
"""In the URN of the component that has an environment's buckets."""
SUFFIXES: Final = {"-wdl": "wdl_bucket", "-comms": "comms_bucket", "-machine": "orchestrator"}
"""By the end of the resource's name, the key of the stack file."""
Resources = list[Mapping[str, Any]]


def _resources(deployment: Mapping[str, Any]) -> Resources:
    """Those that exist, and those whose creation has an unknown outcome."""
    operations = deployment.get("pending_operations") or []
    return [*(deployment.get("resources") or []), *(operation["resource"] for operation in operations)]


def _buckets(resources: Resources, *, of_environments: bool) -> Resources:
    parents = {one["urn"]: one.get("parent", "") for one in resources}
    buckets = (one for one in resources if one["type"] == BUCKET)
    return [one for one in buckets if (WORKFLOWS in parents.get(one.get("parent", ""), "")) == of_environments]


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"].rpartition("::")[2])


def protected_buckets(deployment: Mapping[str, Any]) -> dict[str, str]:
    """Names by key of the protected buckets, but for those of environments."""
    buckets = _buckets(_resources(deployment), of_environments=False)
    return {_name(one): one["inputs"]["bucket"] for one in buckets if one.get("protect")}


def deployed_environments(deployment: Mapping[str, Any], *, protected: bool = False) -> dict[str, dict[str, str]]:
    """Names of the environments' buckets and state machines, by environment and key; ``protected``: of those that are
    alone."""
    resources = _resources(deployment)
    machines = [one for one in resources if one["type"] == MACHINE]
    environments: dict[str, dict[str, str]] = {}
    for one in (*_buckets(resources, of_environments=True), *machines):
        environment, hyphen, word = _name(one).rpartition("-")
        if one.get("protect") or not protected:
            name = one["inputs"]["name" if one in machines else "bucket"]
            environments.setdefault(environment, {})[SUFFIXES[hyphen + word]] = name
    return environments


def deployed_buckets(deployment: Mapping[str, Any]) -> dict[str, Deployed]:
    """By name, those whose tags say of which kind they are. With whom they are shared the tags do not say.

    A CDN that is missing is not known: an `up` that failed may have made its bucket alone."""
    resources = _resources(deployment)
    cdns, buckets = _readers(resources, DATA_CDN), [one for one in resources if one["type"] == BUCKET]
    kinds: dict[str, Any] = {_name(one): (one["inputs"].get("tags") or {}).get("kind") for one in buckets}
    known: dict[str, BucketKind] = {key: kind for key, kind in kinds.items() if kind in BUCKET_KINDS}
    return {
        one["inputs"]["bucket"]: Deployed(kind=known[_name(one)], readers=None, cdn=cdns.get(_name(one)))
        for one in buckets
        if _name(one) in known
    }


def deployed_sites(deployment: Mapping[str, Any]) -> dict[str, Readers]:
    """Whom the sites serve, by environment."""
    return {name.removesuffix("-site"): one for name, one in _readers(_resources(deployment), SITE).items()}


def _readers(resources: Resources, component: str) -> dict[str, Readers]:
    """Whom the distributions of components of this type serve, by the components' names."""
    parts: dict[str, Resources] = {}
    for one in resources:
        type_, _, name = str(one.get("parent", "")).rpartition("::")
        if type_.endswith(component):
            parts.setdefault(name, []).append(one)
    return {
        name: Readers(
            addresses=frozenset(cidr for one in own if one["type"] == ADDRESSES for cidr in one["inputs"]["addresses"]),
            keys={
                _name(one): distributions.encoded_key(one["inputs"]["encodedKey"])
                for one in own
                if one["type"] == PUBLIC_KEY
            },
        )
        for name, own in parts.items()
        if any(one["type"] == DISTRIBUTION for one in own)
    }


def protected_databases(deployment: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By environment: what of each protected one can't be changed."""
    clusters = (one for one in _resources(deployment) if one["type"] == CLUSTER and one.get("protect"))
    return {
        _name(one).removesuffix("-database"): {
            key: one["inputs"][name] for key, name in DATABASE.items() if name in one["inputs"]
        }
        for one in clusters
    }


def refuse_accidents(portal: Portal, deployment: Mapping[str, Any]) -> None:
    """Raises SettingsError where a stack's file lets go of what is protected without ``retire``, would make another
    database of one, or opens a bucket, a CDN or a site without ``open_contents_to``."""
    environments, clusters = deployed_environments(deployment, protected=True), protected_databases(deployment)
    buckets, sites = deployed_buckets(deployment), deployed_sites(deployment)
    portal.refuse_accidents(protected_buckets(deployment), buckets, environments, clusters, sites=sites)

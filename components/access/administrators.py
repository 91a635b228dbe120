"""Changes that the deploy role may not make, by resource type: what decision 31 gives to administrators.

The role's policies (``deployment``) are what AWS enforces, call by call and in the middle of an update; this is the
same by whole changes, for an update under that role to be refused before its first. A unit test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..cdn import CLOSED

MAKE_AND_REMOVE: Final = frozenset({"create", "delete"})
ALL: Final = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """An administrator's changes of one resource type."""

    reason: str
    changes: frozenset[str] = ALL
    except_properties: frozenset[str] = frozenset()
    """Properties that CI may change, where an update touches no other."""


_ROLES: Final = "roles, and who may enter them, are an administrator's"
_CLUSTERS: Final = "clusters, their keys, and who gets in are an administrator's"
_DATABASES: Final = "databases and their secrets are an administrator's"
_BUCKETS: Final = "buckets, and what opens them or loses data in them, are an administrator's"
_IMAGES: Final = "image repositories, who pushes to them and what expires are an administrator's"
_SIGNED: Final = "keys of signed URLs are an administrator's"
_CLOSED: Final = "what some networks or holders of keys alone may read is an administrator's to change"
_TAGS: Final = frozenset({"tags", "tagsAll"})

RESERVED: Final[Mapping[str, Reserved]] = {
    "aws:cloudfront/keyGroup:KeyGroup": Reserved(reason=_SIGNED),
    "aws:cloudfront/publicKey:PublicKey": Reserved(reason=_SIGNED),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Reserved(
        reason="a new network is an administrator's", changes=frozenset({"create"})
    ),
    "aws:ec2/vpc:Vpc": Reserved(reason="a new network is an administrator's", changes=frozenset({"create"})),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Reserved(reason=_IMAGES),
    "aws:ecr/repository:Repository": Reserved(
        reason=_IMAGES, except_properties=frozenset({"imageScanningConfiguration", *_TAGS})
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Reserved(reason=_IMAGES),
    "aws:eks/accessEntry:AccessEntry": Reserved(reason=_CLUSTERS),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Reserved(reason=_CLUSTERS),
    "aws:eks/addon:Addon": Reserved(reason=_CLUSTERS),
    "aws:eks/cluster:Cluster": Reserved(reason=_CLUSTERS),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Reserved(reason=_CLUSTERS),
    "aws:iam/instanceProfile:InstanceProfile": Reserved(reason=_ROLES, changes=MAKE_AND_REMOVE),
    "aws:iam/role:Role": Reserved(reason=_ROLES),
    "aws:iam/rolePolicy:RolePolicy": Reserved(reason=_ROLES),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Reserved(reason=_ROLES, changes=MAKE_AND_REMOVE),
    "aws:kms/alias:Alias": Reserved(reason=_CLUSTERS),
    "aws:kms/key:Key": Reserved(reason=_CLUSTERS),
    "aws:rds/cluster:Cluster": Reserved(reason=_DATABASES),
    "aws:rds/clusterInstance:ClusterInstance": Reserved(reason=_DATABASES),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Reserved(reason=_DATABASES),
    "aws:rds/subnetGroup:SubnetGroup": Reserved(reason=_DATABASES),
    "aws:s3/bucket:Bucket": Reserved(reason=_BUCKETS, changes=MAKE_AND_REMOVE),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Reserved(reason=_BUCKETS),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Reserved(reason=_BUCKETS),
    "aws:s3/bucketPolicy:BucketPolicy": Reserved(reason=_BUCKETS),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Reserved(reason=_BUCKETS),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Reserved(reason=_BUCKETS),
    "aws:s3/bucketVersioning:BucketVersioning": Reserved(reason=_BUCKETS),
    "aws:secretsmanager/secret:Secret": Reserved(reason=_DATABASES),
    "aws:secretsmanager/secretVersion:SecretVersion": Reserved(reason=_DATABASES),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Reserved(
        reason="a new way into a database, a load balancer or pods is an administrator's", changes=frozenset({"create"})
    ),
}
OF_WORKSPACES: Final = frozenset(
    {
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
    }
)
"""Settings that CI may change on the environments' own buckets, which hold nothing that can't be made again."""


def reserved(
    type_: str,
    change: str,
    inputs: Mapping[str, Any],
    properties: Sequence[str],
    *,
    workspaces: Sequence[str],
    delegated: Sequence[str],
) -> str | None:
    """Why a change is an administrator's; None if CI may make it. ``change``: create, update or delete; ``properties``:
    paths of those that an update changes; ``workspaces``: buckets, and ``delegated``: roles, that are CI's."""
    if CLOSED.items() <= (inputs.get("tags") or {}).items():
        return _CLOSED
    found = RESERVED.get(type_)
    if found is None or change not in found.changes or _delegated(type_, inputs, workspaces, delegated):
        return None
    exempt = found.except_properties
    if type_ == "aws:iam/role:Role" and inputs.get("name") in delegated:
        exempt = _TAGS
    return None if change == "update" and _only(properties, exempt) else found.reason


def _delegated(type_: str, inputs: Mapping[str, Any], workspaces: Sequence[str], delegated: Sequence[str]) -> bool:
    """Whether it is a setting of what CI may change, of a type that is an administrator's elsewhere."""
    if type_ in OF_WORKSPACES:
        return inputs.get("bucket") in workspaces
    return type_ == "aws:iam/rolePolicy:RolePolicy" and inputs.get("role") in delegated


def _only(paths: Sequence[str], names: frozenset[str]) -> bool:
    return bool(paths) and {path.split(".", 1)[0].split("[", 1)[0] for path in paths} <= names

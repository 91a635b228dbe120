"""CloudFront: distributions over S3 buckets and load balancers, what they name, and the edge that serves them.

AWS facts: everything is in no region; a distribution is known by its id, its own name and its aliases. moto keeps no
origin access control, policy or function of a distribution, so all of it is the service's own. Sources: CloudFront
API reference, service authorization reference ("Amazon CloudFront").
"""

from __future__ import annotations

from localcloud.server.service import Service, imported_late

from . import store


def _arn(kind: str, parameter: str = "Id") -> str:
    return f"arn:aws:cloudfront::{{account}}:{kind}/{{{parameter}}}"


def _reset() -> None:
    store.reset()
    imported_late("localcloud.edge.serve", "reset")()
    _stop()


def _stop() -> None:
    imported_late("localcloud.edge.ports", "close")()


SERVICE = Service(
    name="cloudfront",
    operations={
        (
            "*",
        ): """CreateCachePolicy CreateKeyGroup CreateOriginAccessControl CreatePublicKey CreateResponseHeadersPolicy
            DeletePublicKey GetPublicKey GetPublicKeyConfig ListCachePolicies ListDistributions ListKeyGroups
            ListOriginAccessControls ListPublicKeys ListResponseHeadersPolicies UpdatePublicKey
            DeleteKeyGroup GetKeyGroup GetKeyGroupConfig UpdateKeyGroup CreateVpcOrigin ListVpcOrigins""",
        ("arn:aws:cloudfront::{account}:distribution/*",): "CreateDistribution CreateDistributionWithTags",
        (_arn("distribution"),): "DeleteDistribution GetDistribution GetDistributionConfig UpdateDistribution",
        (_arn("distribution", "TargetDistributionId"),): "AssociateAlias",
        (_arn("vpcorigin"),): "DeleteVpcOrigin GetVpcOrigin UpdateVpcOrigin",
        (_arn("distribution", "DistributionId"),): "CreateInvalidation GetInvalidation ListInvalidations",
        (_arn("cache-policy"),): "DeleteCachePolicy GetCachePolicy GetCachePolicyConfig UpdateCachePolicy",
        (_arn("origin-access-control"),): """DeleteOriginAccessControl GetOriginAccessControl
            GetOriginAccessControlConfig UpdateOriginAccessControl""",
        (_arn("response-headers-policy"),): """DeleteResponseHeadersPolicy GetResponseHeadersPolicy
            GetResponseHeadersPolicyConfig UpdateResponseHeadersPolicy""",
        ("{Resource}",): "ListTagsForResource TagResource UntagResource",
    },
    actions={"CreateDistributionWithTags": "CreateDistribution"},
    tags_on_create={"CreateDistributionWithTags": "TagResource", "CreateVpcOrigin": "TagResource"},
    principals=("vpcorigin.cloudfront.amazonaws.com",),
    service_linked_roles={"vpcorigin.cloudfront.amazonaws.com": "CloudFrontVPCOrigin"},
    invalid="InvalidArgument",
    resource=store.resource,
    inventory=store.inventory,
    users=store.users,
    serves=imported_late("localcloud.edge.serve", "answer"),
    flush=imported_late("localcloud.edge.logs", "flush"),
    reset=_reset,
    stop=_stop,
    modules=("entities", "operations", "vpc_origins", "local_ports"),
)

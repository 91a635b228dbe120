"""What drift detection and deployments of data CDNs and sites call.

Granted only where an account has one. Rests on: the service authorization reference and the calls of the provider's
resource types. What these services make has an id in its ARN, so nothing of it can be named beforehand, and all that
the account has of it is the program's. Whoever sets a log delivery up needs
`cloudfront:AllowVendedLogDeliveryForResource` too. Records are changed in the zones of the stack file alone.

A distribution that not everybody may ask bears a tag (``cdn.CLOSED``), with its web ACL and sets of addresses. A
deployment changes nothing that has it, and neither gives nor takes it. Keys of signed URLs, which bear no tags, are an
administrator's as a whole. A log's record has whatever its delivery lists, the signature of a signed URL too: so a
deployment has logs delivered to the account's own log bucket alone.
"""

from __future__ import annotations

from typing import Final

from .. import names
from ..cdn import CLOSED, CLOUDFRONT_REGION
from .scope import Scope
from .statements import Condition, Statement

_READ: Final = (
    "acm:Describe*",
    "acm:List*",
    "cloudfront:Get*",
    "cloudfront:List*",
    "logs:GetDeliver*",
    "logs:ListTagsForResource",
    "wafv2:Get*",
    "wafv2:List*",
)
_MAKE: Final = (
    "acm:AddTagsToCertificate",
    "acm:DeleteCertificate",
    "acm:RemoveTagsFromCertificate",
    "acm:RequestCertificate",
    "acm:UpdateCertificateOptions",
    "cloudfront:CreateCachePolicy",
    "cloudfront:CreateDistribution",
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:CreateResponseHeadersPolicy",
    "cloudfront:CreateVpcOrigin",
    "cloudfront:DeleteCachePolicy",
    "cloudfront:DeleteOriginAccessControl",
    "cloudfront:DeleteResponseHeadersPolicy",
    "cloudfront:UpdateCachePolicy",
    "cloudfront:UpdateOriginAccessControl",
    "cloudfront:UpdateResponseHeadersPolicy",
    "wafv2:CreateIPSet",
    "wafv2:CreateWebACL",
)
"""Also on what has no tags."""
_CHANGE: Final = (
    "cloudfront:AllowVendedLogDeliveryForResource",
    "cloudfront:DeleteDistribution",
    "cloudfront:DeleteVpcOrigin",
    "cloudfront:UpdateDistribution",
    "cloudfront:UpdateVpcOrigin",
    "wafv2:DeleteIPSet",
    "wafv2:DeleteWebACL",
    "wafv2:UpdateIPSet",
    "wafv2:UpdateWebACL",
)
_TAG: Final = ("cloudfront:TagResource", "cloudfront:UntagResource", "wafv2:TagResource", "wafv2:UntagResource")
_DELIVER: Final = (
    "logs:CreateDelivery",
    "logs:DeleteDelivery",
    "logs:DeleteDeliveryDestination",
    "logs:DeleteDeliverySource",
    "logs:PutDeliverySource",
    "logs:TagResource",
    "logs:UntagResource",
    "logs:UpdateDeliveryConfiguration",
)
_READ_ZONE: Final = ("route53:GetHostedZone", "route53:ListResourceRecordSets")


def reads(zones: tuple[str, ...]) -> tuple[Statement, ...]:
    """What a refresh looks at."""
    return (Statement(sid="Cdn", actions=_READ, resources=("*",)), *_in_zones(zones, _READ_ZONE))


def looks_up_hosts(zones: tuple[str, ...]) -> tuple[Statement, ...]:
    """Whether a host has a record already."""
    return _in_zones(zones, ("route53:ListResourceRecordSets",))


def changes(scope: Scope) -> tuple[Statement, ...]:
    """What a deployment looks at, makes, changes and deletes."""
    zones, [(tag, closed)] = scope.cdn_zones or (), CLOSED.items()
    is_open = Condition(operator="StringNotEquals", key=f"aws:ResourceTag/{tag}", values=(closed,))
    other_tags = Condition(operator="ForAllValues:StringNotEquals", key="aws:TagKeys", values=(tag,))
    # A change of records has an id of its own.
    seen = Statement(sid="CdnSeen", actions=("route53:GetChange",), resources=("arn:aws:route53:::change/*",))
    return (
        # A killed creation of a delivery is looked for among all.
        Statement(sid="MakeCdn", actions=(*_READ, *_MAKE, "logs:DescribeDeliveries"), resources=("*",)),
        Statement(sid="ChangeOpenCdn", actions=_CHANGE, resources=("*",), conditions=(is_open,)),
        Statement(sid="TagOpenCdn", actions=_TAG, resources=("*",), conditions=(is_open, other_tags)),
        *_log_deliveries(scope),
        *_in_zones(zones, ("route53:ChangeResourceRecordSets", *_READ_ZONE)),
        *((seen,) if zones else ()),
    )


def _log_deliveries(scope: Scope) -> tuple[Statement, ...]:
    """Of this account alone; a delivery's own name is an id."""
    logs = f"arn:aws:logs:{CLOUDFRONT_REGION}:{scope.account}"
    destinations = f"{logs}:delivery-destination:{names.ANY_NAME}"
    buckets = tuple(map(names.bucket_arn, scope.log_buckets))
    to_own = Condition(operator="ArnEquals", key="logs:DeliveryDestinationResourceArn", values=buckets)
    own = (f"{logs}:delivery-source:{names.ANY_NAME}", destinations, f"{logs}:delivery:*")
    return (
        Statement(sid="DeliverLogs", actions=_DELIVER, resources=own),
        Statement(
            sid="DeliverToOwnBucket",
            actions=("logs:PutDeliveryDestination",),
            resources=(destinations,),
            conditions=(to_own,),
        ),
    )


def _in_zones(zones: tuple[str, ...], actions: tuple[str, ...]) -> tuple[Statement, ...]:
    arns = tuple(f"arn:aws:route53:::hostedzone/{zone}" for zone in zones)
    return (Statement(sid="CdnRecords", actions=actions, resources=arns),) if arns else ()

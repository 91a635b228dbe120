"""What drift detection and deployments of data CDNs and sites call.

Granted only where an account has one. Rests on: the service authorization reference and the calls of the provider's
resource types. What these services make has an id in its ARN, so nothing of it can be named beforehand, and all that
the account has of it is the program's; a role's policy is short of room besides. Whoever sets a log delivery up needs
`cloudfront:AllowVendedLogDeliveryForResource` too. Records are changed in the zones of the stack file alone.
"""

from __future__ import annotations

from typing import Final

from .statements import Statement

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
_CHANGE: Final = ("acm:*", "cloudfront:*", "logs:*Deliver*", "logs:*Tag*Resource", "wafv2:*")
_READ_ZONE: Final = ("route53:GetHostedZone", "route53:ListResourceRecordSets")


def reads(zones: tuple[str, ...]) -> tuple[Statement, ...]:
    """What a refresh looks at."""
    return (Statement(sid="Cdn", actions=_READ, resources=("*",)), *_in_zones(zones, _READ_ZONE))


def changes(zones: tuple[str, ...]) -> tuple[Statement, ...]:
    """What a deployment looks at, makes, changes and deletes. A change of records has an id of its own."""
    seen = Statement(sid="CdnSeen", actions=("route53:GetChange",), resources=("arn:aws:route53:::change/*",))
    records = _in_zones(zones, ("route53:ChangeResourceRecordSets", *_READ_ZONE))
    return (Statement(sid="Cdn", actions=_CHANGE, resources=("*",)), *records, *((seen,) if zones else ()))


def _in_zones(zones: tuple[str, ...], actions: tuple[str, ...]) -> tuple[Statement, ...]:
    arns = tuple(f"arn:aws:route53:::hostedzone/{zone}" for zone in zones)
    return (Statement(sid="CdnRecords", actions=actions, resources=arns),) if arns else ()

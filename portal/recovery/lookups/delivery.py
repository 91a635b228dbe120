"""Of what is served over HTTPS: the ``List`` calls of CloudFront, ACM and WAF, which show no tags.

ACM tells a certificate's tags by another call, and lists certificates of other keys than RSA of 1024 and 2048 bits only
if it is asked for them.
"""

from __future__ import annotations

from typing import Final

from portal.recovery.lookup import Lookup

KEY_TYPES: Final = [f"RSA_{bits}" for bits in (1024, 2048, 3072, 4096)] + [
    f"EC_{curve}" for curve in ("prime256v1", "secp384r1", "secp521r1")
]
"""All that a certificate of ACM can have."""


def _cloudfront(call: str, items: str, **same: str) -> Lookup:
    """What CloudFront lists without tags: its comment or description names the bucket and what it is for; a name is as
    a rule the engine's."""
    return Lookup(
        service="cloudfront",
        call=call,
        items=f"{items} || `[]`",
        id="Id",
        same=same,
        fixed={"Type": "custom"} if items.endswith("Policy") else {},
        marker=f"{items.partition('.')[0]}.NextMarker",
        marker_asked="Marker",
        tags="",
    )


def _firewall(call: str, items: str) -> Lookup:
    return Lookup(
        service="wafv2",
        call=call,
        items=items,
        id="Id",
        asked={"Scope": "scope"},
        same={"name": "Name", "description": "Description"},
        marker="NextMarker",
        marker_asked="NextMarker",
        tags="",
    )


LOOKUPS: Final[dict[str, Lookup]] = {
    "aws:acm/certificate:Certificate": Lookup(
        service="acm",
        call="list_certificates",
        items="CertificateSummaryList",
        id="CertificateArn",
        same={"domainName": "DomainName", "subjectAlternativeNames": "SubjectAlternativeNameSummaries"},
        fixed={"Includes": {"keyTypes": KEY_TYPES}},
        tags_call="list_tags_for_certificate",
        tags_asked="CertificateArn",
    ),
    "aws:cloudfront/cachePolicy:CachePolicy": _cloudfront(
        "list_cache_policies",
        "CachePolicyList.Items[].CachePolicy",
        name="CachePolicyConfig.Name",
        comment="CachePolicyConfig.Comment",
    ),
    "aws:cloudfront/distribution:Distribution": _cloudfront(
        "list_distributions", "DistributionList.Items", comment="Comment"
    ),
    "aws:cloudfront/keyGroup:KeyGroup": _cloudfront(
        "list_key_groups",
        "KeyGroupList.Items[].KeyGroup",
        name="KeyGroupConfig.Name",
        comment="KeyGroupConfig.Comment",
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": _cloudfront(
        "list_origin_access_controls", "OriginAccessControlList.Items", name="Name", description="Description"
    ),
    "aws:cloudfront/publicKey:PublicKey": _cloudfront(
        "list_public_keys", "PublicKeyList.Items", name="Name", comment="Comment"
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _cloudfront(
        "list_response_headers_policies",
        "ResponseHeadersPolicyList.Items[].ResponseHeadersPolicy",
        name="ResponseHeadersPolicyConfig.Name",
        comment="ResponseHeadersPolicyConfig.Comment",
    ),
    "aws:cloudfront/vpcOrigin:VpcOrigin": _cloudfront(
        "list_vpc_origins", "VpcOriginList.Items", **{"vpcOriginEndpointConfig.name": "Name"}
    ),
    "aws:cloudwatch/logDelivery:LogDelivery": Lookup(
        service="logs",
        call="describe_deliveries",
        items="deliveries",
        id="id",
        same={"deliverySourceName": "deliverySourceName", "deliveryDestinationArn": "deliveryDestinationArn"},
        tags="",
    ),
    "aws:wafv2/ipSet:IpSet": _firewall("list_ip_sets", "IPSets"),
    "aws:wafv2/webAcl:WebAcl": _firewall("list_web_acls", "WebACLs"),
}

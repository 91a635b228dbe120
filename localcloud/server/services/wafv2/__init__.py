"""WAFv2: web ACLs and IP sets, as far as a distribution needs them.

AWS facts: what is for CloudFront (scope CLOUDFRONT) is made and read in us-east-1 alone; an update replaces the whole
and names the lock token that it was made for; what is in use is not deleted. Sources: WAFv2 API reference.
"""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

_MADE = "arn:aws:wafv2:{region}:{account}:"
SERVICE = Service(
    name="wafv2",
    operations={
        ("*",): "ListIPSets ListWebACLs",
        (_MADE + "{Scope}/ipset/{Name}/*",): "CreateIPSet",
        (_MADE + "{Scope}/webacl/{Name}/*",): "CreateWebACL",
        (_MADE + "{Scope}/ipset/{Name}/{Id}",): "DeleteIPSet GetIPSet UpdateIPSet",
        (_MADE + "{Scope}/webacl/{Name}/{Id}",): "DeleteWebACL GetWebACL UpdateWebACL",
        ("{ResourceARN}",): "ListTagsForResource TagResource UntagResource",
    },
    stands_for={"Scope": store.scope},
    tags_on_create={"CreateIPSet": "TagResource", "CreateWebACL": "TagResource"},
    invalid="WAFInvalidParameterException",
    resource=store.resource,
    inventory=store.inventory,
    users=store.users,
    reset=store.ENTITIES.clear,
    modules=("operations",),
)

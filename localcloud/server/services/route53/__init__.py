"""Route 53: moto's hosted zones, with records of our own that DNS here answers with.

AWS facts: a batch of changes is done as a whole or not at all; a set of records is named by its name, type and
identifier; changes reach all name servers within a minute, which is at once here. Zones are AWS-wide, in no region.
Sources: Route 53 API reference ("ChangeResourceRecordSets") and developer guide ("Alias records", "Supported types").
"""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

SERVICE = Service(
    name="route53",
    operations={
        ("*",): "CreateHostedZone ListHostedZones ListHostedZonesByName",
        ("arn:aws:route53:::hostedzone/{Id}",): "DeleteHostedZone GetHostedZone UpdateHostedZoneComment",
        ("arn:aws:route53:::hostedzone/{HostedZoneId}",): "ChangeResourceRecordSets ListResourceRecordSets",
        ("arn:aws:route53:::{ResourceType}/{ResourceId}",): "ChangeTagsForResource ListTagsForResource",
        ("arn:aws:route53:::change/{Id}",): "GetChange",
    },
    stands_for={"Id": store.bare_id, "HostedZoneId": store.bare_id},
    resource=store.resource,
    inventory=store.inventory,
    reset=store.RECORDS.clear,
    modules=("operations",),
)

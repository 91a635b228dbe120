"""Certificate Manager: public certificates that are issued once DNS has the records that ACM asks for.

AWS facts: a certificate of a region serves that region, and CloudFront those of us-east-1; the record that proves a
name is the same at each request of one account, for a name and its wildcard alike; one that something uses is not
deleted; a list shows certificates of other keys than RSA of 1024 and 2048 bits only if it is asked for them.
Imported and private certificates are not there. Sources: ACM API reference (ListCertificates, Filters) and user guide
("DNS validation").
"""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

SERVICE = Service(
    name="acm",
    operations={
        ("*",): "ListCertificates",
        ("arn:aws:acm:{region}:{account}:certificate/*",): "RequestCertificate",
        ("{CertificateArn}",): """AddTagsToCertificate DeleteCertificate DescribeCertificate ListTagsForCertificate
            RemoveTagsFromCertificate UpdateCertificateOptions""",
    },
    tags_on_create={"RequestCertificate": "AddTagsToCertificate"},
    resource=store.resource,
    inventory=store.inventory,
    reset=store.CERTIFICATES.clear,
    modules=("operations",),
)

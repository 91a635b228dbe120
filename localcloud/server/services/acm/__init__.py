"""Certificate Manager: public certificates that are issued once DNS has the records that ACM asks for.

AWS facts: a certificate of a region serves that region, and CloudFront those of us-east-1; the record that proves a
name is the same at each request of one account, for a name and its wildcard alike; one that something uses is not
deleted. Imported and private certificates are not there. Sources: ACM API reference and user guide ("DNS validation").
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

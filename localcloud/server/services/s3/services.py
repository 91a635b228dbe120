"""What S3 itself may do to other resources: deliver logs, send notifications.

AWS facts: S3 comes as a service principal, and the resource's policy must let that in; ``aws:SourceArn`` is the bucket
that the delivery is for and ``aws:SourceAccount`` that bucket's account.
"""

from __future__ import annotations

from localcloud.server.access.decide import decide
from localcloud.server.call import Call, Caller
from localcloud.server.permissions import on
from localcloud.server.services.s3.store import FakeBucket


def service_may(service: str, source: FakeBucket, action: str, arn: str) -> bool:
    """Whether ``service`` (``logging.s3.amazonaws.com``, ...) has the permission on behalf of the bucket ``source``."""
    context = {"aws:SourceArn": [f"arn:aws:s3:::{source.name}"], "aws:SourceAccount": [source.account_id]}
    call = Call(
        id="",
        service="s3",
        operation="ServiceDelivery",
        params={},
        caller=Caller(kind="service", arn=service),
        region=source.region_name,
        secure=True,
    )
    return decide(call, on(call, action, arn, context)).allowed

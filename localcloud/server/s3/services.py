"""What S3 itself may do to other resources: deliver logs, send notifications.

AWS facts: S3 comes as a service principal, and the resource's policy must let that in; ``aws:SourceArn`` is the bucket
that the delivery is for and ``aws:SourceAccount`` that bucket's account.
"""

from __future__ import annotations

from dataclasses import replace

from moto.s3.models import FakeBucket

from ..access.decide import decide
from ..access.permission import Permission
from ..call import Call, Caller

EMPTY_POLICY = '{"Version": "2012-10-17", "Statement": []}'


def service_may(service: str, source: FakeBucket, permission: Permission) -> bool:
    """Whether ``service`` (``logging.s3.amazonaws.com``, ...) has the permission on behalf of the bucket ``source``."""
    context = {
        "aws:SourceArn": [f"arn:aws:s3:::{source.name}"],
        "aws:SourceAccount": [source.account_id],
        "aws:PrincipalServiceName": [service],
        "aws:PrincipalIsAWSService": ["true"],
    }
    call = Call(
        id="",
        service="s3",
        operation="ServiceDelivery",
        params={},
        caller=Caller(kind="service", arn=service),
        region=source.region_name,
        secure=True,
    )
    return decide(call, replace(permission, context=permission.context | context)).allowed

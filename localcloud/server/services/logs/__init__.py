"""CloudWatch Logs: moto's groups and streams, with what AWS refuses and moto takes, and what moto lacks.

AWS facts: log groups are checked as CloudWatch Logs names them in its own refusals, with ``:log-stream:`` behind; a
group is named by its name or, where the API has an identifier, by its ARN, which may be another account's; the
account's resource policies hold for all its groups.
"""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

_ARN = "arn:aws:logs:{region}:{account}:"
GROUP = "arn:aws:logs:{region}:{account}:log-group:{logGroupName|logGroupIdentifier}:log-stream:"
QUERIED = "arn:aws:logs:{region}:{account}:log-group:{logGroupName|logGroupNames|logGroupIdentifiers}:log-stream:"

SERVICE = Service(
    name="logs",
    operations={
        (GROUP,): """AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeLogStreams
            DisassociateKmsKey FilterLogEvents ListTagsLogGroup PutRetentionPolicy TagLogGroup UntagLogGroup""",
        (QUERIED,): "StartQuery",
        (GROUP + "{logStreamName}",): "CreateLogStream DeleteLogStream GetLogEvents PutLogEvents",
        ("arn:aws:logs:{region}:{account}:log-group::log-stream:",): "DescribeLogGroups",
        (_ARN + "delivery-source:{name}",): "DeleteDeliverySource GetDeliverySource PutDeliverySource",
        (
            _ARN + "delivery-destination:{name}",
        ): "DeleteDeliveryDestination GetDeliveryDestination PutDeliveryDestination",
        (_ARN + "delivery-source:{deliverySourceName}", "{deliveryDestinationArn}"): "CreateDelivery",
        (_ARN + "delivery:{id}",): "DeleteDelivery GetDelivery UpdateDeliveryConfiguration",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): """DeleteResourcePolicy DescribeDeliveries DescribeDeliveryDestinations DescribeDeliverySources
            DescribeResourcePolicies GetQueryResults PutResourcePolicy StopQuery""",
    },
    stands_for={"logGroupIdentifier": store.name_in, "logGroupIdentifiers": store.name_in},
    account=store.account,
    condition_keys={
        "logs:DeliveryDestinationResourceArn": "deliveryDestinationConfiguration.destinationResourceArn",
    },
    tags_on_create={
        "CreateDelivery": "TagResource",
        "CreateLogGroup": "TagResource",
        "PutDeliveryDestination": "TagResource",
        "PutDeliverySource": "TagResource",
    },
    principals=("delivery.logs.amazonaws.com",),
    resource=store.resource,
    inventory=store.inventory,
    invalid="InvalidParameterException",
    modules=("refusals", "expiry", "deliveries"),
)

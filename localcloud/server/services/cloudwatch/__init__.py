"""CloudWatch: moto's alarms, with what AWS refuses and moto takes. Metrics are taken and not kept."""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

SERVICE = Service(
    name="cloudwatch",
    signing_name="monitoring",
    operations={
        ("arn:aws:cloudwatch:{region}:{account}:alarm:{AlarmName}",): "PutMetricAlarm",
        ("arn:aws:cloudwatch:{region}:{account}:alarm:{AlarmNames}",): "DeleteAlarms DescribeAlarms",
        ("{ResourceARN}",): "ListTagsForResource TagResource UntagResource",
    },
    condition_keys={"cloudwatch:AlarmActions": "AlarmActions"},
    tags_on_create={"PutMetricAlarm": "TagResource"},
    resource=store.resource,
    inventory=store.inventory,
    invalid="ValidationError",
    modules=("refusals",),
)

"""aws:s3/bucketNotification:BucketNotification: one a bucket, a PUT replaces all of it. EventBridge alone."""

from localcloud.provider.resource import Operation, State
from localcloud.provider.types.s3_settings import BucketSetting


class Notification(BucketSetting):
    """Whether the bucket tells EventBridge of its objects."""

    tf = "aws_s3_bucket_notification"
    pulumi = "aws:s3/bucketNotification:BucketNotification"
    handles = frozenset({"bucket", "eventbridge"})

    def put(self, op: Operation, bucket: str) -> None:
        wanted = {"EventBridgeConfiguration": {}} if op.new["eventbridge"] else {}
        op.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)

    def get(self, op: Operation, bucket: str) -> State | None:
        found = op.client("s3").get_bucket_notification_configuration(Bucket=bucket)
        return {"eventbridge": "EventBridgeConfiguration" in found}

    def clear(self, op: Operation, bucket: str) -> None:
        op.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})

"""What is called to make, keep and delete a log group of CloudWatch Logs.

Rests on: the service authorization reference, and the calls of the provider's `aws.cloudwatch.LogGroup`.
"""

from __future__ import annotations

from typing import Final

CHANGE_LOG_GROUP: Final = (
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
)

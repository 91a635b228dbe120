"""Corrections of the rules for queues, topics, events, Batch, Step Functions, ECR and alarms. See `trim_rules`.

(type, input): {rule: right value}, with the reason.
"""

from typing import Any, Final

PERIOD: Final = {"enum": [], "validate": "one of 10, 20, 30 or a multiple of 60"}
QUERY_PERIOD: Final = {"enum": [], "validate": "one of 1, 5, 10, 20, 30 or a multiple of 60"}
ACTIONS: Final = {
    "elem_validate": r"regex ^arn:[\w-]+:(automate:[\w-]+:ec2:(reboot|recover|stop|terminate)"
    r"|[a-zA-Z0-9-]+:([a-z]{2}(-[a-z]+)+-\d)?:(\d{12}|aws|aws-managed)?:.+)$"
}
"""An alarm's actions: an ARN, or EC2's own, which have no account."""
SEVERAL: Final = {"diff_suppress": "", "computed": True}
"""Leaving it out is no difference, which is what optional and computed means."""
JSON: Final = {"diff_suppress": "equivalent JSON is no diff"}
CORRECTIONS: Final[dict[tuple[str, str], dict[str, Any]]] = {
    # Kept as normalised JSON, so that spelling is no difference.
    ("aws_sqs_queue", "redrive_policy"): JSON,
    ("aws_sqs_queue", "redrive_allow_policy"): JSON,
    ("aws_sns_topic_subscription", "delivery_policy"): JSON,
    # In pulumi-aws 7.51.1, missing in the source.
    ("aws_sns_topic", "maximum_message_size"): {"type": "int", "optional": True, "computed": True},
    ("aws_cloudwatch_event_rule", "event_pattern"): JSON,
    ("aws_cloudwatch_event_rule", "state"): SEVERAL,
    ("aws_cloudwatch_event_rule", "is_enabled"): SEVERAL,
    ("aws_cloudwatch_event_target", "input"): JSON,
    ("aws_ecr_repository", "image_scanning_configuration"): SEVERAL,
    ("aws_ecr_repository", "encryption_configuration"): SEVERAL,
    # Alternatives, listed as if all of them had to hold.
    ("aws_cloudwatch_metric_alarm", "period"): PERIOD,
    ("aws_cloudwatch_metric_alarm", "evaluation_interval"): PERIOD,
    ("aws_cloudwatch_metric_alarm", "metric_query.period"): QUERY_PERIOD,
    ("aws_cloudwatch_metric_alarm", "metric_query.metric.period"): QUERY_PERIOD,
    ("aws_cloudwatch_metric_alarm", "metric_query.metric.stat"): {"enum": [], "validate": "not empty"},
    **{
        ("aws_cloudwatch_metric_alarm", f"{kind}_actions"): ACTIONS
        for kind in ("alarm", "ok", "insufficient_data")
    },
    # In pulumi-aws 7.51.1, missing in the source.
    ("aws_cloudwatch_metric_alarm", "evaluation_window"): {"type": "list(block)", "optional": True, "max_items": 1},
    ("aws_cloudwatch_metric_alarm", "evaluation_window.wall_clock_window"): {
        "type": "list(block)", "required": True, "max_items": 1,
    },
    ("aws_cloudwatch_metric_alarm", "evaluation_window.wall_clock_window.timezone"): {
        "type": "string", "optional": True,
    },
    ("aws_cloudwatch_metric_alarm", "warm_up_configuration"): {"type": "list(block)", "optional": True, "max_items": 1},
    ("aws_cloudwatch_metric_alarm", "warm_up_configuration.warm_up_period_duration_in_minutes"): {
        "type": "int", "required": True,
    },
    ("aws_cloudwatch_metric_alarm", "warm_up_configuration.only_start_evaluating_after_warm_up_period_ends"): {
        "type": "bool", "optional": True,
    },
    # As on all types with tags.
    ("aws_batch_job_queue", "tags_all"): {"type": "map(string)", "optional": True, "computed": True},
}  # fmt: skip

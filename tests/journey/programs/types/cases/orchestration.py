"""Batch, Step Functions, and what tells of their runs; images and logs."""

from __future__ import annotations

import json
from typing import Any

from .kind import Case, Change, Of, arn, document


def machines(most: int) -> dict[str, Any]:
    return {
        "type": "EC2",
        "allocationStrategy": "BEST_FIT_PROGRESSIVE",
        "minVcpus": 0,
        "maxVcpus": most,
        "instanceTypes": ["r5d"],
        "instanceRole": Of("profile", "arn"),
        "subnets": [Of("one-subnet")],
        "securityGroupIds": [Of("one-group")],
    }


def container(memory: int) -> str:
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": str(memory)}]
    return json.dumps({"image": "one", "resourceRequirements": needs})


def machine(comment: str) -> str:
    return json.dumps({"Comment": comment, "StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}})


def pattern(source: str) -> str:
    return json.dumps({"source": [source]})


def let_in(action: str, resource: str) -> str:
    return document(Effect="Allow", Principal={"Service": "events.amazonaws.com"}, Action=action, Resource=resource)


def pull(action: str) -> str:
    return document(Effect="Allow", Principal={"AWS": "arn:aws:iam::111122223333:root"}, Action=action)


def expire(days: int) -> str:
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


ORCHESTRATION: dict[str, Case] = {
    "batch.ComputeEnvironment": Case(
        rules="aws_batch_compute_environment",
        inputs={"name": "types-machines", "type": "MANAGED", "computeResources": machines(16)},
        update=Change(path="compute_resources.max_vcpus", inputs={"computeResources": machines(32)}),
        replace=Change(path="name", inputs={"name": "types-machines-renamed"}),
    ),
    "batch.JobQueue": Case(
        rules="aws_batch_job_queue",
        inputs={
            "name": "types-queue",
            "state": "ENABLED",
            "priority": 1,
            "computeEnvironmentOrders": [{"order": 1, "computeEnvironment": Of("machines", "arn")}],
        },
        update=Change(path="priority", inputs={"priority": 2}),
        replace=Change(path="name", inputs={"name": "types-queue-renamed"}),
    ),
    "batch.JobDefinition": Case(
        rules="aws_batch_job_definition",
        inputs={"name": "types-job", "type": "container", "containerProperties": container(64)},
        update=Change(path="container_properties", inputs={"containerProperties": container(128)}),
        replace=Change(path="name", inputs={"name": "types-job-renamed"}),
    ),
    "sfn.StateMachine": Case(
        rules="aws_sfn_state_machine",
        inputs={"name": "types-machine", "roleArn": Of("states-role", "arn"), "definition": machine("one")},
        update=Change(path="definition", inputs={"definition": machine("two")}),
        replace=Change(path="name", inputs={"name": "types-machine-renamed"}),
    ),
    "cloudwatch.EventRule": Case(
        rules="aws_cloudwatch_event_rule",
        inputs={"name": "types-rule", "eventPattern": pattern("aws.states")},
        update=Change(path="event_pattern", inputs={"eventPattern": pattern("aws.batch")}),
        replace=Change(path="name", inputs={"name": "types-rule-renamed"}),
    ),
    "cloudwatch.EventTarget": Case(
        rules="aws_cloudwatch_event_target",
        inputs={"rule": Of("rule", "name"), "targetId": "one", "arn": Of("one-queue", "arn")},
        update=Change(path="arn", inputs={"arn": Of("other-queue", "arn")}),
        replace=Change(path="target_id", inputs={"targetId": "two"}),
    ),
    "cloudwatch.MetricAlarm": Case(
        rules="aws_cloudwatch_metric_alarm",
        inputs={
            "name": "types-alarm",
            "namespace": "AWS/SQS",
            "metricName": "ApproximateNumberOfMessagesVisible",
            "dimensions": {"QueueName": "types-one"},
            "statistic": "Maximum",
            "period": 300,
            "evaluationPeriods": 1,
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 0,
        },
        update=Change(path="threshold", inputs={"threshold": 5}),
        replace=Change(path="alarm_name", inputs={"name": "types-alarm-renamed"}),
    ),
    "cloudwatch.LogGroup": Case(
        rules="aws_cloudwatch_log_group",
        inputs={"name": "types-log", "retentionInDays": 7},
        update=Change(path="retention_in_days", inputs={"retentionInDays": 14}),
        replace=Change(path="name", inputs={"name": "types-log-renamed"}),
    ),
    "sns.Topic": Case(
        rules="aws_sns_topic",
        inputs={"name": "types-topic", "displayName": "One"},
        update=Change(path="display_name", inputs={"displayName": "Two"}),
        replace=Change(path="name", inputs={"name": "types-topic-renamed"}),
    ),
    "sns.TopicPolicy": Case(
        rules="aws_sns_topic_policy",
        inputs={"arn": Of("one-topic", "arn"), "policy": let_in("sns:Publish", arn("sns", "types-one"))},
        update=Change(path="policy", inputs={"policy": let_in("sns:Subscribe", arn("sns", "types-one"))}),
        replace=Change(
            path="arn",
            inputs={"arn": Of("other-topic", "arn"), "policy": let_in("sns:Publish", arn("sns", "types-other"))},
        ),
    ),
    "sqs.Queue": Case(
        rules="aws_sqs_queue",
        inputs={"name": "types-messages", "visibilityTimeoutSeconds": 60},
        update=Change(path="visibility_timeout_seconds", inputs={"visibilityTimeoutSeconds": 120}),
        replace=Change(path="name", inputs={"name": "types-messages-renamed"}),
    ),
    "sqs.QueuePolicy": Case(
        rules="aws_sqs_queue_policy",
        inputs={"queueUrl": Of("one-queue", "url"), "policy": let_in("sqs:SendMessage", arn("sqs", "types-one"))},
        update=Change(path="policy", inputs={"policy": let_in("sqs:ReceiveMessage", arn("sqs", "types-one"))}),
        replace=Change(
            path="queue_url",
            inputs={
                "queueUrl": Of("other-queue", "url"),
                "policy": let_in("sqs:SendMessage", arn("sqs", "types-other")),
            },
        ),
    ),
    "ecr.Repository": Case(
        rules="aws_ecr_repository",
        inputs={"name": "types-images", "imageTagMutability": "MUTABLE"},
        update=Change(path="image_tag_mutability", inputs={"imageTagMutability": "IMMUTABLE"}),
        replace=Change(path="name", inputs={"name": "types-images-renamed"}),
    ),
    "ecr.RepositoryPolicy": Case(
        rules="aws_ecr_repository_policy",
        inputs={"repository": Of("one-images", "name"), "policy": pull("ecr:BatchGetImage")},
        update=Change(path="policy", inputs={"policy": pull("ecr:GetDownloadUrlForLayer")}),
        replace=Change(path="repository", inputs={"repository": Of("other-images", "name")}),
    ),
    "ecr.LifecyclePolicy": Case(
        rules="aws_ecr_lifecycle_policy",
        inputs={"repository": Of("one-images", "name"), "policy": expire(14)},
        replace=Change(path="policy", inputs={"policy": expire(7)}),
        lacks="each of its inputs replaces it",
    ),
}

"""Cases of the types of queues, topics, events, ECR and alarms."""

from __future__ import annotations

import json
from typing import Any

from tests.journey.programs.types import inputs
from tests.journey.programs.types.inputs import Change
from tests.localcloud.conftest import DEV, PROD, REGION

from . import batch, behind, listing
from .case import Case, Drift, Inputs, Make, Name, Program


def _resource_policy(action: str, resource: str, service: str = "events.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _queue(make: Make, name: Name) -> Inputs:
    return make("aws:sqs/queue:Queue", {"name": name("queue")})[1]


def _topic(make: Make, name: Name) -> Inputs:
    return make("aws:sns/topic:Topic", {"name": name("topic")})[1]


def _topic_and_queue(make: Make, name: Name) -> dict[str, Any]:
    return {"topic": _topic(make, name)["arn"], "queue": _queue(make, name)["arn"]}


def _redrive(dead: str, count: int = 3) -> str:
    return json.dumps({"maxReceiveCount": count, "deadLetterTargetArn": dead})


def _queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{DEV}:{name}"


QUEUE_CASES = (
    Case(
        "aws:sqs/queue:Queue",
        before=lambda make, name: {**_queue(make, name), "own": name("case-queue")},
        inputs=lambda dead: {
            "name": dead["own"],
            "tags": {"a": "1"},
            "messageRetentionSeconds": 1_209_600,
            "visibilityTimeoutSeconds": 120,
            "sqsManagedSseEnabled": True,
            "redrivePolicy": _redrive(dead["arn"]),
        },
        updates=lambda dead: [
            {"tags": {"b": "2"}},
            {"visibilityTimeoutSeconds": 60, "delaySeconds": 5, "maxMessageSize": 2048, "receiveWaitTimeSeconds": 3},
            {"messageRetentionSeconds": None},
            {"redrivePolicy": _redrive(dead["arn"], 5)},
            {"policy": _resource_policy("sqs:SendMessage", _queue_arn(dead["own"]))},
            {"redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})},
        ],
        replacement=lambda _: {"name": "another"},
        variants=lambda _: [
            {"namePrefix": "provider-case-", "kmsMasterKeyId": "alias/aws/sqs"},
            {"name": "provider-case-one.fifo", "fifoQueue": True, "contentBasedDeduplication": True},
        ],
        drift=lambda aws, url, _: aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"}),
        drifted="visibilityTimeoutSeconds",
        program=Program(
            inputs={"name": "types-messages", "visibilityTimeoutSeconds": 60},
            update=Change(path="visibility_timeout_seconds", inputs={"visibilityTimeoutSeconds": 120}),
            replace=Change(path="name", inputs={"name": "types-messages-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-portal-dead-letter",
                change=lambda aws, held: aws("sqs").set_queue_attributes(
                    QueueUrl=held["id"], Attributes={"MessageRetentionPeriod": "60"}
                ),
                shows="messageRetentionSeconds",
            ),
        ),
        listed=listing.queues,
    ),
    Case(
        "aws:sqs/queuePolicy:QueuePolicy",
        before=_queue,
        inputs=lambda queue: {
            "queueUrl": queue["url"],
            "policy": _resource_policy("sqs:SendMessage", queue["arn"]),
        },
        updates=lambda queue: [{"policy": _resource_policy("sqs:ReceiveMessage", queue["arn"])}],
        replacement=lambda _: {"queueUrl": "https://sqs.us-west-2.amazonaws.com/908710317728/another"},
        drift=lambda aws, url, queue: aws("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": _resource_policy("sqs:DeleteMessage", queue["arn"])}
        ),
        drifted="policy",
        program=Program(
            inputs={
                "queueUrl": inputs.Of("one-queue", "url"),
                "policy": inputs.let_in_of_orchestration("sqs:SendMessage", inputs.arn("sqs", "types-one")),
            },
            update=Change(
                path="policy",
                inputs={"policy": inputs.let_in_of_orchestration("sqs:ReceiveMessage", inputs.arn("sqs", "types-one"))},
            ),
            replace=Change(
                path="queue_url",
                inputs={
                    "queueUrl": inputs.Of("other-queue", "url"),
                    "policy": inputs.let_in_of_orchestration("sqs:SendMessage", inputs.arn("sqs", "types-other")),
                },
            ),
        ),
        drifts=(Drift(name="staging-portal-dead-letter", change=behind.queue_policy, shows="policy"),),
        listed=listing.queue_policies,
    ),
    Case(
        "aws:sns/topic:Topic",
        before=lambda _, name: name("case-topic"),
        inputs=lambda name: {"name": name, "tags": {"a": "1"}, "displayName": "Alarms"},
        updates=lambda name: [
            {"tags": {"b": "2"}},
            {"displayName": "Other"},
            {"kmsMasterKeyId": "alias/aws/sns"},
            {"policy": _resource_policy("sns:Publish", f"arn:aws:sns:{REGION}:{DEV}:{name}")},
            {"deliveryPolicy": json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}})},
        ],
        replacement=lambda _: {"name": "another"},
        variants=lambda _: [
            {"namePrefix": "provider-case-"},
            {"name": "provider-case-one.fifo", "fifoTopic": True, "contentBasedDeduplication": True},
        ],
        drift=lambda aws, arn, _: aws("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="DisplayName", AttributeValue="Changed"
        ),
        drifted="displayName",
        program=Program(
            inputs={"name": "types-topic", "displayName": "One"},
            update=Change(path="display_name", inputs={"displayName": "Two"}),
            replace=Change(path="name", inputs={"name": "types-topic-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-alarms",
                change=lambda aws, held: aws("sns").set_topic_attributes(
                    TopicArn=held["arn"], AttributeName="DisplayName", AttributeValue="Other"
                ),
                shows="displayName",
            ),
        ),
        listed=listing.plain("sns", "list_topics", "Topics", "TopicArn"),
    ),
    Case(
        "aws:sns/topicPolicy:TopicPolicy",
        before=_topic,
        inputs=lambda topic: {
            "arn": topic["arn"],
            "policy": _resource_policy("sns:Publish", topic["arn"], "cloudwatch.amazonaws.com"),
        },
        updates=lambda topic: [{"policy": _resource_policy("sns:Publish", topic["arn"])}],
        replacement=lambda _: {"arn": "arn:aws:sns:us-west-2:908710317728:another"},
        drift=lambda aws, arn, _: aws("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=_resource_policy("sns:Subscribe", arn)
        ),
        drifted="policy",
        stays=True,
        program=Program(
            inputs={
                "arn": inputs.Of("one-topic", "arn"),
                "policy": inputs.let_in_of_orchestration("sns:Publish", inputs.arn("sns", "types-one")),
            },
            update=Change(
                path="policy",
                inputs={"policy": inputs.let_in_of_orchestration("sns:Subscribe", inputs.arn("sns", "types-one"))},
            ),
            replace=Change(
                path="arn",
                inputs={
                    "arn": inputs.Of("other-topic", "arn"),
                    "policy": inputs.let_in_of_orchestration("sns:Publish", inputs.arn("sns", "types-other")),
                },
            ),
        ),
        drifts=(
            Drift(
                name="staging-alarms",
                change=lambda aws, held: aws("sns").set_topic_attributes(
                    TopicArn=held["arn"],
                    AttributeName="Policy",
                    AttributeValue=behind.allow_all("sns:Publish", held["arn"]),
                ),
                shows="policy",
            ),
        ),
    ),
    Case(
        "aws:sns/topicSubscription:TopicSubscription",
        before=_topic_and_queue,
        inputs=lambda made: {
            "topic": made["topic"],
            "protocol": "sqs",
            "endpoint": made["queue"],
            "endpointAutoConfirms": False,
            "confirmationTimeoutInMinutes": 1,
        },
        updates=lambda made: [
            {"rawMessageDelivery": True},
            {"filterPolicy": json.dumps({"kind": ["one"]}), "filterPolicyScope": "MessageBody"},
            {"redrivePolicy": json.dumps({"deadLetterTargetArn": made["queue"]})},
            {"deliveryPolicy": json.dumps({"healthyRetryPolicy": {"numRetries": 5}})},
        ],
        replacement=lambda _: {"endpoint": "arn:aws:sqs:us-west-2:908710317728:another"},
        drift=lambda aws, arn, _: aws("sns").set_subscription_attributes(
            SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="false"
        ),
        drifted="rawMessageDelivery",
        listed=listing.plain("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    ),
)


def _event_rule(make: Make, name: Name) -> Inputs:
    pattern = json.dumps({"source": ["aws.states"]})
    return make("aws:cloudwatch/eventRule:EventRule", {"name": name("rule"), "eventPattern": pattern})[1]


def _targets(make: Make, name: Name) -> dict[str, Any]:
    role = {"name": name("events"), "assumeRolePolicy": batch.trust("events.amazonaws.com")}
    return {
        "rule": _event_rule(make, name)["name"],
        "queue": _queue(make, name)["arn"],
        "dead": _queue(make, name)["arn"],
        "role": make("aws:iam/role:Role", role)[1]["arn"],
    }


EVENT_CASES = (
    Case(
        "aws:cloudwatch/eventRule:EventRule",
        before=lambda make, name: (_targets(make, name)["role"], name("case-rule")),
        inputs=lambda made: {
            "name": made[1],
            "description": "Status changes",
            "eventPattern": json.dumps({"source": ["aws.states"]}),
            "tags": {"a": "1"},
            "forceDestroy": False,
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"description": None},
            {"eventPattern": json.dumps({"source": ["aws.batch"]})},
            {"state": "DISABLED"},
            {"roleArn": made[0]},
        ],
        replacement=lambda _: {"name": "another"},
        variants=lambda _: [
            {"namePrefix": "provider-case-", "scheduleExpression": "rate(1 day)", "eventBusName": "default"}
        ],
        drift=lambda aws, name, _: aws("events").put_rule(Name=name, EventPattern='{"source":["other"]}'),
        drifted="eventPattern",
        program=Program(
            inputs={"name": "types-rule", "eventPattern": inputs.pattern("aws.states")},
            update=Change(path="event_pattern", inputs={"eventPattern": inputs.pattern("aws.batch")}),
            replace=Change(path="name", inputs={"name": "types-rule-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-status",
                change=lambda aws, held: aws("events").disable_rule(Name=held["name"]),
                shows="state",
            ),
        ),
        listed=listing.rules,
    ),
    Case(
        "aws:cloudwatch/eventTarget:EventTarget",
        before=_targets,
        inputs=lambda made: {
            "rule": made["rule"],
            "targetId": "one",
            "arn": made["queue"],
            "eventBusName": "default",
            "forceDestroy": False,
            "deadLetterConfig": {"arn": made["dead"]},
        },
        updates=lambda _: [
            {"input": json.dumps({"a": 1})},
            {"input": None, "inputPath": "$.detail"},
            {
                "inputPath": None,
                "inputTransformer": {"inputPaths": {"id": "$.id"}, "inputTemplate": '{"id": <id>}'},
            },
            {"retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 2}},
            {"sqsTarget": {"messageGroupId": "group"}},
            {"deadLetterConfig": None},
        ],
        replacement=lambda _: {"targetId": "another"},
        variants=lambda made: [
            {
                "rule": made["rule"],
                "arn": f"arn:aws:batch:{REGION}:{DEV}:job-queue/any",
                "roleArn": made["role"],
                "batchTarget": {
                    "jobDefinition": "any",
                    "jobName": "any",
                    "arraySize": 2,
                    "jobAttempts": 3,
                },
            }
        ],
        drift=lambda aws, _, made: aws("events").put_targets(
            Rule=made["rule"], Targets=[{"Id": "one", "Arn": made["dead"]}]
        ),
        drifted="arn",
        program=Program(
            inputs={"rule": inputs.Of("rule", "name"), "targetId": "one", "arn": inputs.Of("one-queue", "arn")},
            update=Change(path="arn", inputs={"arn": inputs.Of("other-queue", "arn")}),
            replace=Change(path="target_id", inputs={"targetId": "two"}),
        ),
        drifts=(Drift(name="staging-portal", change=behind.retarget, shows="arn"),),
        listed=listing.targets,
    ),
    Case(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        before=lambda make, name: {"topic": _topic(make, name)["arn"], "name": name("case-alarm")},
        inputs=lambda made: {
            "name": made["name"],
            "alarmDescription": "Messages were lost",
            "namespace": "AWS/SQS",
            "metricName": "ApproximateNumberOfMessagesVisible",
            "dimensions": {"QueueName": "one"},
            "statistic": "Maximum",
            "period": 300,
            "evaluationPeriods": 1,
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 0,
            "treatMissingData": "notBreaching",
            "alarmActions": [made["topic"]],
            "okActions": [made["topic"]],
            "tags": {"a": "1"},
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"threshold": 2.5, "period": 10, "evaluationPeriods": 3, "datapointsToAlarm": 2},
            {"dimensions": {"QueueName": "two"}, "unit": "Count"},
            {"okActions": None, "insufficientDataActions": [made["topic"]]},
            {"actionsEnabled": False},
        ],
        replacement=lambda _: {"name": "another"},
        drift=lambda aws, name, _: aws("cloudwatch").put_metric_alarm(
            AlarmName=name,
            MetricName="ApproximateNumberOfMessagesVisible",
            Namespace="AWS/SQS",
            Statistic="Maximum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=99,
            ComparisonOperator="GreaterThanThreshold",
        ),
        drifted="threshold",
        program=Program(
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
        drifts=(
            Drift(
                name="staging-portal-dead-letter",
                change=behind.silence,
                shows="threshold",
            ),
        ),
        listed=listing.plain("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ),
    Case(
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        inputs=lambda _: {
            "policyName": "provider-case",
            "policyDocument": _resource_policy("logs:PutLogEvents", "*"),
        },
        updates=lambda _: [{"policyDocument": _resource_policy("logs:CreateLogStream", "*")}],
        replacement=lambda _: {"policyName": "another"},
        drift=lambda aws, name, _: aws("logs").put_resource_policy(
            policyName=name, policyDocument=_resource_policy("logs:*", "*")
        ),
        drifted="policyDocument",
    ),
)


def _repository(make: Make, name: Name) -> Inputs:
    return make("aws:ecr/repository:Repository", {"name": name("repository")})[1]


def _expire(days: int) -> str:
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


def _pull(account: str, *more: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["ecr:BatchGetImage", *more],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


IMAGE_CASES = (
    Case(
        "aws:ecr/repository:Repository",
        inputs=lambda _: {
            "name": "provider-case/one",
            "imageTagMutability": "MUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "forceDelete": False,
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"imageTagMutability": "IMMUTABLE"},
            {"imageScanningConfiguration": {"scanOnPush": False}},
            {"forceDelete": True},
        ],
        replacement=lambda _: {"name": "another"},
        variants=lambda _: [
            {"name": "provider-case/two", "encryptionConfigurations": [{"encryptionType": "AES256"}]},
        ],
        drift=lambda aws, name, _: aws("ecr").put_image_tag_mutability(
            repositoryName=name, imageTagMutability="MUTABLE"
        ),
        drifted="imageTagMutability",
        unsent={"encryptionConfigurations.kmsKey": "the key must be one of the account's"},
        program=Program(
            inputs={"name": "types-images", "imageTagMutability": "MUTABLE"},
            update=Change(path="image_tag_mutability", inputs={"imageTagMutability": "IMMUTABLE"}),
            replace=Change(path="name", inputs={"name": "types-images-renamed"}),
        ),
        drifts=(
            Drift(
                name="ingest",
                change=lambda aws, held: aws("ecr").put_image_tag_mutability(
                    repositoryName=held["name"], imageTagMutability="IMMUTABLE"
                ),
                shows="imageTagMutability",
            ),
        ),
        listed=listing.plain("ecr", "describe_repositories", "repositories", "repositoryName"),
    ),
    Case(
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        before=_repository,
        inputs=lambda made: {"repository": made["name"], "policy": _pull(PROD)},
        updates=lambda _: [{"policy": _pull(PROD, "ecr:GetDownloadUrlForLayer")}],
        replacement=lambda _: {"repository": "another"},
        drift=lambda aws, name, _: aws("ecr").set_repository_policy(
            repositoryName=name, policyText=_pull(PROD, "ecr:ListImages")
        ),
        drifted="policy",
        program=Program(
            inputs={"repository": inputs.Of("one-images", "name"), "policy": inputs.pull("ecr:BatchGetImage")},
            update=Change(path="policy", inputs={"policy": inputs.pull("ecr:GetDownloadUrlForLayer")}),
            replace=Change(path="repository", inputs={"repository": inputs.Of("other-images", "name")}),
        ),
        drifts=(
            Drift(
                name="ingest",
                change=lambda aws, held: aws("ecr").set_repository_policy(
                    repositoryName=held["repository"], policyText=behind.PULL
                ),
                shows="policy",
            ),
        ),
        listed=listing.of_repositories("get_repository_policy"),
    ),
    Case(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        before=_repository,
        inputs=lambda made: {"repository": made["name"], "policy": _expire(14)},
        replacement=lambda _: {"policy": _expire(7)},
        program=Program(
            inputs={"repository": inputs.Of("one-images", "name"), "policy": inputs.expire(14)},
            replace=Change(path="policy", inputs={"policy": inputs.expire(7)}),
            lacks="each of its inputs replaces it",
        ),
        drifts=(
            Drift(
                name="ingest",
                change=lambda aws, held: aws("ecr").put_lifecycle_policy(
                    repositoryName=held["repository"], lifecyclePolicyText=behind.KEEP_ONE
                ),
                shows="policy",
            ),
        ),
        listed=listing.of_repositories("get_lifecycle_policy"),
    ),
)
CASES = (*QUEUE_CASES, *EVENT_CASES, *IMAGE_CASES)

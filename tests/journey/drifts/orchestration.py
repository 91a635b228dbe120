"""Batch, Step Functions, and what tells of their runs; images and logs."""

from __future__ import annotations

import json

from tests.journey.conftest import PUBLIC
from tests.journey.drifts.kind import Aws, Drift, Drifts, Held
from tests.journey.drifts.storage import document

EXPIRE = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
KEEP_ONE = json.dumps({"rules": [{"rulePriority": 1, "selection": EXPIRE, "action": {"type": "expire"}}]})
PULL = document(Effect="Allow", Principal={"AWS": f"arn:aws:iam::{PUBLIC}:root"}, Action="ecr:BatchGetImage")
PASS = json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}})


def allow_all(action: str, resource: str) -> str:
    return document(Effect="Allow", Principal={"Service": "events.amazonaws.com"}, Action=action, Resource=resource)


def retarget(aws: Aws, held: Held) -> None:
    """Messages straight into the queue for those that were lost."""
    dead = held["deadLetterConfig"]["arn"]
    aws("events").put_targets(Rule=held["rule"], Targets=[{"Id": held["targetId"], "Arn": dead}])


def queue_policy(aws: Aws, held: Held) -> None:
    sqs = aws("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=held["id"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=held["id"], Attributes={"Policy": allow_all("sqs:*", arn)})


def silence(aws: Aws, held: Held) -> None:
    """The alarm as it is, but for its threshold."""
    cloudwatch = aws("cloudwatch")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[held["name"]])["MetricAlarms"]
    names = (
        "AlarmName AlarmDescription AlarmActions OKActions Namespace MetricName Dimensions Statistic Period"
        " EvaluationPeriods ComparisonOperator TreatMissingData"
    )
    cloudwatch.put_metric_alarm(**{name: alarm[name] for name in names.split()}, Threshold=1000)


DRIFTS: Drifts = {
    "aws:batch/computeEnvironment:ComputeEnvironment": (
        Drift(
            name="staging-overflow-",
            change=lambda aws, held: aws("batch").update_compute_environment(
                computeEnvironment=held["id"], computeResources={"maxvCpus": 2048}
            ),
            shows="computeResources.maxVcpus",
        ),
    ),
    "aws:batch/jobQueue:JobQueue": (
        Drift(
            name="dev-spot-queue",
            change=lambda aws, held: aws("batch").update_job_queue(jobQueue=held["id"], priority=99),
            shows="priority",
        ),
    ),
    "aws:batch/jobDefinition:JobDefinition": (
        Drift(
            name="dev-job",
            change=lambda aws, held: aws("batch").tag_resource(resourceArn=held["arn"], tags={"who": "else"}),
            shows="tags",
        ),
        Drift(
            name="staging-job-sync",
            change=lambda aws, held: aws("batch").deregister_job_definition(jobDefinition=held["arn"]),
            gone="all but the tags of a revision is what it is once it is registered",
        ),
    ),
    "aws:sfn/stateMachine:StateMachine": (
        Drift(
            name="dev-machine",
            change=lambda aws, held: aws("stepfunctions").update_state_machine(
                stateMachineArn=held["id"], definition=PASS
            ),
            shows="definition",
        ),
    ),
    "aws:cloudwatch/eventRule:EventRule": (
        Drift(
            name="dev-status",
            change=lambda aws, held: aws("events").disable_rule(Name=held["name"]),
            shows="state",
        ),
    ),
    "aws:cloudwatch/eventTarget:EventTarget": (Drift(name="staging-portal", change=retarget, shows="arn"),),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        Drift(
            name="staging-portal-dead-letter",
            change=silence,
            shows="threshold",
        ),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        Drift(
            name="dev-machine",
            change=lambda aws, held: aws("logs").put_retention_policy(logGroupName=held["name"], retentionInDays=1),
            shows="retentionInDays",
        ),
    ),
    "aws:sns/topic:Topic": (
        Drift(
            name="dev-alarms",
            change=lambda aws, held: aws("sns").set_topic_attributes(
                TopicArn=held["arn"], AttributeName="DisplayName", AttributeValue="Other"
            ),
            shows="displayName",
        ),
    ),
    "aws:sns/topicPolicy:TopicPolicy": (
        Drift(
            name="dev-alarms",
            change=lambda aws, held: aws("sns").set_topic_attributes(
                TopicArn=held["arn"], AttributeName="Policy", AttributeValue=allow_all("sns:Publish", held["arn"])
            ),
            shows="policy",
        ),
    ),
    "aws:sqs/queue:Queue": (
        Drift(
            name="staging-portal-dead-letter",
            change=lambda aws, held: aws("sqs").set_queue_attributes(
                QueueUrl=held["id"], Attributes={"MessageRetentionPeriod": "60"}
            ),
            shows="messageRetentionSeconds",
        ),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": (Drift(name="staging-portal-dead-letter", change=queue_policy, shows="policy"),),
    "aws:ecr/repository:Repository": (
        Drift(
            name="ingest",
            change=lambda aws, held: aws("ecr").put_image_tag_mutability(
                repositoryName=held["name"], imageTagMutability="IMMUTABLE"
            ),
            shows="imageTagMutability",
        ),
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": (
        Drift(
            name="ingest",
            change=lambda aws, held: aws("ecr").set_repository_policy(
                repositoryName=held["repository"], policyText=PULL
            ),
            shows="policy",
        ),
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": (
        Drift(
            name="ingest",
            change=lambda aws, held: aws("ecr").put_lifecycle_policy(
                repositoryName=held["repository"], lifecyclePolicyText=KEEP_ONE
            ),
            shows="policy",
        ),
    ),
}

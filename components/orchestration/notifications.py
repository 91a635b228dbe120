"""What others are told of runs: every change of an execution's status, in each of the environment's queues.

EventBridge sends them; the state machine itself adds one message a stage, of the same form. What cannot be delivered,
or is received and not dealt with too often, is kept in a dead-letter queue, and an alarm says so.

Rests on: a rule has at most five targets; a queue encrypted with SQS's own key takes messages of EventBridge and
CloudWatch, one with a KMS key of AWS's would not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws import cloudwatch, sns, sqs

from .. import names, orchestrator_names
from ..access.resources import alarm_topic, resource_document, status_queue
from ..checks import Args, Fault, refused, within
from .limits import MOST_QUEUES, RECEIVES, VISIBILITY_SECONDS
from .orchestrator_rules import queue_faults

KEPT_SECONDS: Final = 1_209_600


@dataclass(frozen=True, kw_only=True)
class StatusQueues:
    """The queues from which readers learn of status changes."""

    queues: tuple[str, ...] = ()
    """A word for each reader, who has a queue and a dead-letter queue; at most five."""
    visibility_timeout_seconds: int = 120
    """How long a reader has for a message before others get it."""
    max_receive_count: int = 30
    """How often a message is received before it is dead."""

    def faults(self, environment: str) -> Iterator[Fault]:
        """Everything that is wrong with those of an environment."""
        if len(self.queues) > MOST_QUEUES:
            yield "queues", self.queues, f"at most {MOST_QUEUES}"
        for index, rule in queue_faults(environment, self.queues):
            yield f"queues[{index}]", self.queues[index], rule
        seconds, count = self.visibility_timeout_seconds, self.max_receive_count
        yield from refused("visibility_timeout_seconds", seconds, VISIBILITY_SECONDS.fault(seconds))
        yield from refused("max_receive_count", count, RECEIVES.fault(count))


@dataclass(frozen=True, kw_only=True)
class NotificationsArgs(Args):
    environment: str
    account: str
    region: str
    status_queues: StatusQueues

    def faults(self) -> Iterator[Fault]:
        yield from within("status_queues", self.status_queues.faults(self.environment))


class Notifications(pulumi.ComponentResource):
    """Queues of status changes, their dead-letter queues, and an alarm on each."""

    alarm_topic_arn: pulumi.Output[str]
    queues: tuple[sqs.Queue, ...]
    """One for each reader, in their order."""

    def __init__(self, name: str, args: NotificationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:orchestration:Notifications", name, None, opts)
        self.name, self._args, self._environment = name, args, args.environment
        self._account, self._region = args.account, args.region
        rule = self._rule()
        topic = self._alarm_topic()
        self.alarm_topic_arn = topic.arn
        self.queues = tuple(self._queue(key, rule, topic) for key in args.status_queues.queues)
        self.register_outputs({"alarm_topic_arn": self.alarm_topic_arn})

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after])

    def _rule(self) -> cloudwatch.EventRule:
        """Matches changes of this environment's state machine, and of no other in the account."""
        machine = names.state_machine_arn(self._account, self._region, self._environment)
        pattern = {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [machine]},
        }
        return cloudwatch.EventRule(
            f"{self.name}-status",
            name=orchestrator_names.status_rule(self._environment),
            description=f"Status changes of runs of the environment {self._environment}",
            event_pattern=json.dumps(pattern),
            state="ENABLED",  # left out, nobody would see that somebody has disabled it
            opts=self._child(),
        )

    def _alarm_topic(self) -> sns.Topic:
        """Subscribe here to be told when messages are lost. It carries alarms alone, no data."""
        name = f"{self.name}-alarms"
        topic = sns.Topic(name, name=orchestrator_names.alarm_topic(self._environment), opts=self._child())
        policy = resource_document(alarm_topic(self._account, self._region, self._environment))
        sns.TopicPolicy(name, arn=topic.arn, policy=policy, opts=self._child())
        return topic

    def _queue(self, key: str, rule: cloudwatch.EventRule, topic: sns.Topic) -> sqs.Queue:
        dead = self._plain_queue(f"{key}-dead-letter", orchestrator_names.dead_letter_queue(self._environment, key))
        self._open_to_rule(f"{key}-dead-letter", dead, orchestrator_names.dead_letter_queue(self._environment, key))
        redrive = dead.arn.apply(
            lambda arn: json.dumps(
                {"deadLetterTargetArn": arn, "maxReceiveCount": self._args.status_queues.max_receive_count}
            )
        )
        queue = self._plain_queue(key, orchestrator_names.notification_queue(self._environment, key), redrive)
        policy = self._open_to_rule(key, queue, orchestrator_names.notification_queue(self._environment, key))
        cloudwatch.EventTarget(
            f"{self.name}-{key}",
            rule=rule.name,
            target_id=key,
            arn=queue.arn,
            dead_letter_config=cloudwatch.EventTargetDeadLetterConfigArgs(arn=dead.arn),
            opts=self._child(policy),
        )
        self._alarm(key, topic)
        return queue

    def _plain_queue(self, key: str, name: str, redrive: pulumi.Input[str] | None = None) -> sqs.Queue:
        return sqs.Queue(
            f"{self.name}-{key}",
            name=name,
            sqs_managed_sse_enabled=True,
            message_retention_seconds=KEPT_SECONDS,
            visibility_timeout_seconds=self._args.status_queues.visibility_timeout_seconds,
            redrive_policy=redrive,
            opts=self._child(),
        )

    def _open_to_rule(self, key: str, queue: sqs.Queue, name: str) -> sqs.QueuePolicy:
        policy = resource_document(status_queue(self._account, self._region, self._environment, name), "queue")
        return sqs.QueuePolicy(f"{self.name}-{key}", queue_url=queue.id, policy=policy, opts=self._child())

    def _alarm(self, key: str, topic: sns.Topic) -> None:
        name = orchestrator_names.dead_letter_queue(self._environment, key)
        cloudwatch.MetricAlarm(
            f"{self.name}-{key}-dead-letter",
            name=f"{name}-not-empty",
            alarm_description=f"Messages to {key} were lost: read them in the queue {name}",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": name},
            statistic="Maximum",
            period=300,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            treat_missing_data="notBreaching",
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            opts=self._child(),
        )

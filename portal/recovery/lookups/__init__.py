"""Types whose ids AWS chooses: where to look for one, and what tells it from every other in the account.

Rests on: the ``Describe`` calls of Batch and Secrets Manager, ``GetQueueUrl`` of SQS, ``ListSubscriptionsByTopic`` of
SNS, the list of EKS's associations, which shows no tags, and KMS's of keys, which tells tags and state
by other calls and has a deleted key until its waiting period is over.
"""

from __future__ import annotations

from typing import Final

from portal.recovery.lookup import Lookup
from portal.recovery.lookups import balancing, databases, delivery, network

LOOKUPS: Final[dict[str, Lookup]] = {
    **balancing.LOOKUPS,
    **databases.LOOKUPS,
    **delivery.LOOKUPS,
    **network.LOOKUPS,
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Lookup(
        service="eks",
        call="list_pod_identity_associations",
        items="associations",
        id="associationId",
        asked={"clusterName": "clusterName"},
        same={"namespace": "namespace", "serviceAccount": "serviceAccount"},
        absent=frozenset({"ResourceNotFoundException"}),
        tags="",
    ),
    "aws:batch/jobDefinition:JobDefinition": Lookup(
        service="batch",
        call="describe_job_definitions",
        items="jobDefinitions",
        id="jobDefinitionArn",
        asked={"jobDefinitionName": "name"},
        fixed={"status": "ACTIVE"},
        tags="",
    ),
    "aws:kms/key:Key": Lookup(
        service="kms",
        call="list_keys",
        items="Keys",
        id="KeyId",
        tags_call="list_resource_tags",
        tags_asked="KeyId",
        tags="Tags[].{Key: TagKey, Value: TagValue}",
        state_call="describe_key",
        gone="KeyMetadata.KeyState=='PendingDeletion'",
        foreign=frozenset({"AccessDeniedException"}),
    ),
    "aws:secretsmanager/secret:Secret": Lookup(
        service="secretsmanager",
        call="describe_secret",
        items="[@]",
        id="ARN",
        asked={"SecretId": "name"},
        tags="",
        absent=frozenset({"ResourceNotFoundException"}),
    ),
    "aws:sns/topicSubscription:TopicSubscription": Lookup(
        service="sns",
        call="list_subscriptions_by_topic",
        items="Subscriptions[?starts_with(SubscriptionArn, 'arn:')]",
        id="SubscriptionArn",
        asked={"TopicArn": "topic"},
        same={"protocol": "Protocol", "endpoint": "Endpoint"},
        tags="",
        absent=frozenset({"NotFound", "NotFoundException"}),
    ),
    "aws:sqs/queue:Queue": Lookup(
        service="sqs",
        call="get_queue_url",
        items="[QueueUrl]",
        id="@",
        asked={"QueueName": "name"},
        tags="",
        absent=frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}),
    ),
}

CREATED_AGAIN: Final = frozenset(
    {
        # A wait until a certificate is issued: AWS holds nothing of it.
        "aws:acm/certificateValidation:CertificateValidation",
        # pulumi-aws makes its id up at each creation, and registering a target again changes nothing.
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
        # AWS chooses its id and lists neither tags nor value, so one version can't be told from another. A further
        # version is harmless: whoever reads a version asks for it by its own id.
        "aws:secretsmanager/secretVersion:SecretVersion",
    }
)
"""Types that AWS gives no way to look for, and that can be created again beside what an interrupted update created."""

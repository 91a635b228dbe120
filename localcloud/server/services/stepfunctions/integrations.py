"""What a Task's Resource means: which service, operation and way of waiting.

AWS facts: ``arn:aws:states:::batch:submitJob.sync`` is an optimised integration, ``arn:aws:states:::aws-sdk:s3:
getObject`` calls any operation of any service; ``.sync`` waits for what was begun and is for some optimised ones only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.utils import get_service_model

RESOURCE = re.compile(
    r"arn:aws[a-z-]*:states:(?P<region>[a-z0-9-]*):(?P<account>\d{12})?:"
    r"(?P<sdk>aws-sdk:)?(?P<service>[a-zA-Z0-9]+):(?P<action>[a-zA-Z0-9]+)(?P<pattern>\.[A-Za-z]+(?::2)?)?"
)
SDK_SERVICES = {
    "sfn": "stepfunctions",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "cloudwatch": "cloudwatch",
    "elasticloadbalancingv2": "elbv2",
    "costexplorer": "ce",
}
"""Names in aws-sdk resources -> botocore's, where they differ."""
JAVA_NAMES = {
    "s3": "S3", "sqs": "Sqs", "sns": "Sns", "sfn": "Sfn", "batch": "Batch", "dynamodb": "DynamoDb", "sts": "Sts",
    "cloudwatchlogs": "CloudWatchLogs", "cloudwatch": "CloudWatch", "eventbridge": "EventBridge", "ec2": "Ec2",
    "secretsmanager": "SecretsManager", "ssm": "Ssm", "iam": "Iam", "kms": "Kms", "ecr": "Ecr",
}  # fmt: skip
"""How error names call the services of aws-sdk resources."""


@dataclass(frozen=True, kw_only=True)
class Optimised:
    """``error_prefix`` begins the names of its errors, ``error_service`` names it in their causes."""

    service: str
    operation: str
    patterns: tuple[str, ...]
    required: tuple[str, ...]
    error_prefix: str
    error_service: str


OPTIMISED: dict[str, Optimised] = {
    "batch:submitJob": Optimised(
        service="batch",
        operation="SubmitJob",
        patterns=("", ".sync"),
        required=("JobName", "JobQueue", "JobDefinition"),
        error_prefix="Batch",
        error_service="AWSBatch",
    ),
    "sqs:sendMessage": Optimised(
        service="sqs",
        operation="SendMessage",
        patterns=("",),
        required=("QueueUrl", "MessageBody"),
        error_prefix="SQS",
        error_service="AmazonSQS",
    ),
    "sns:publish": Optimised(
        service="sns",
        operation="Publish",
        patterns=("",),
        required=("Message",),
        error_prefix="SNS",
        error_service="AmazonSNS",
    ),
    "events:putEvents": Optimised(
        service="events",
        operation="PutEvents",
        patterns=("",),
        required=("Entries",),
        error_prefix="EventBridge",
        error_service="AmazonEventBridge",
    ),
    "states:startExecution": Optimised(
        service="stepfunctions",
        operation="StartExecution",
        patterns=("", ".sync", ".sync:2"),
        required=("StateMachineArn",),
        error_prefix="StepFunctions",
        error_service="AWSStepFunctions",
    ),
}
ELSEWHERE = ("lambda:invoke", "ecs:runTask", "glue:startJobRun", "dynamodb:getItem", "dynamodb:putItem",
             "dynamodb:updateItem", "dynamodb:deleteItem", "apigateway:invoke", "http:invoke", "codebuild:startBuild",
             "athena:startQueryExecution", "sagemaker:createTrainingJob", "eks:runJob", "bedrock:invokeModel",
             "emr-serverless:startJobRun", "mediaconvert:createJob")  # fmt: skip
"""Optimised integrations of AWS that are not run here."""


@dataclass(frozen=True, kw_only=True)
class Integration:
    """``resource`` and ``resource_type`` are as the history names them; ``sdk_name`` is empty for an optimised one."""

    resource: str
    resource_type: str
    service: str
    operation: str
    pattern: str
    sdk_name: str
    optimised: Optimised | None

    @property
    def model(self) -> OperationModel:
        return get_service_model(self.service).operation_model(self.operation)


class Unknown(ValueError):  # noqa: N818 - the resource is what is unknown
    """A Resource that AWS does not know either."""


class Absent(ValueError):  # noqa: N818 - the integration is what is absent
    """A Resource that AWS knows and that is not run here."""


@cache
def integration(resource: str) -> Integration:
    """Raises Unknown or Absent."""
    match = RESOURCE.fullmatch(resource)
    if match is None:
        if re.match(r"arn:aws[a-z-]*:(lambda|states):.*:(function|activity):", resource):
            raise Absent(f"{resource}: Lambda functions and activities are not run here")
        raise Unknown(f"The resource provided {resource} is not recognized. The value is not a valid resource ARN")
    service, action, pattern = match["service"], match["action"], match["pattern"] or ""
    if match["sdk"]:
        return _sdk(resource, service, action, pattern)
    name = f"{service}:{action}"
    known = OPTIMISED.get(name)
    if known is None:
        if name in ELSEWHERE:
            raise Absent(f"{resource}: the integration {name} is not run here")
        raise Unknown(f"The resource provided {resource} is not recognized")
    if pattern not in known.patterns:
        if pattern == ".waitForTaskToken" and service in ("sqs", "sns", "events", "states"):
            raise Absent(f"{resource}: waiting for a task token is not implemented here")
        raise Unknown(f"The resource provided {resource} is not recognized")
    return Integration(
        resource=f"{action}{pattern}",
        resource_type=service,
        service=known.service,
        operation=known.operation,
        pattern=pattern,
        sdk_name="",
        optimised=known,
    )


def _sdk(resource: str, service: str, action: str, pattern: str) -> Integration:
    unknown = Unknown(f"The resource provided {resource} is not recognized. The value is not a valid resource ARN, or "
                      "the resource is not available in this region.")  # fmt: skip
    if pattern:
        if pattern == ".waitForTaskToken":
            raise Absent(f"{resource}: waiting for a task token is not implemented here")
        raise unknown
    operation = f"{action[0].upper()}{action[1:]}"
    try:
        model = get_service_model(SDK_SERVICES.get(service, service))
    except UnknownServiceError:
        raise unknown from None
    if service != service.lower() or action[0] != action[0].lower() or operation not in model.operation_names:
        raise unknown
    return Integration(
        resource=action,
        resource_type=f"aws-sdk:{service}",
        service=str(model.service_name),
        operation=operation,
        pattern="",
        sdk_name=service,
        optimised=None,
    )


def error_name(integration: Integration, code: str) -> str:
    """How Retry and Catch see a service's error: ``S3.NoSuchKeyException``, ``Batch.ClientException``."""
    modelled = code in {str(shape.name) for shape in integration.model.error_shapes} or any(
        shape.metadata.get("error", {}).get("code") == code for shape in integration.model.error_shapes
    )
    if integration.optimised is not None:
        prefix = integration.optimised.error_prefix
        return f"{prefix}.{code if modelled else integration.optimised.error_service + 'Exception'}"
    prefix = JAVA_NAMES.get(integration.sdk_name, integration.sdk_name.capitalize())
    if not modelled:
        return f"{prefix}.{prefix}Exception"
    return f"{prefix}.{code if code.endswith('Exception') else code + 'Exception'}"


def error_cause(integration: Integration, message: str, status: int, code: str, request_id: str) -> str:
    """The cause of a service's error, in the form of the kind of integration."""
    if integration.optimised is not None:
        return (
            f"{message} (Service: {integration.optimised.error_service}; Status Code: {status}; Error Code: {code}; "
            f"Request ID: {request_id}; Proxy: null)"
        )
    name = JAVA_NAMES.get(integration.sdk_name, integration.sdk_name.capitalize())
    return f"{message} (Service: {name}, Status Code: {status}, Request ID: {request_id}) (SDK Attempt Count: 1)"

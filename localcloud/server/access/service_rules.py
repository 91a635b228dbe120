"""Operations of the services whose actions are named as they are, by what they work on.

Rests on the service authorization reference. Resources are templates: ``{name}`` is a parameter (a parameter that is
an ARN already stands for the whole), several resources are all checked. What AWS checks on no particular resource is
under ``*``. Log groups are checked as CloudWatch Logs names them in its own refusals: with ``:log-stream:`` behind.
"""

from __future__ import annotations

GROUP = "log-group:{logGroupName}:log-stream:"
RULE = "rule/{Name}"

SERVICES: dict[str, dict[tuple[str, ...], str]] = {
    "logs": {
        (GROUP,): """AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeLogStreams
            DisassociateKmsKey FilterLogEvents ListTagsLogGroup PutRetentionPolicy StartQuery TagLogGroup
            UntagLogGroup""",
        (
            "log-group:{logGroupName}:log-stream:{logStreamName}",
        ): "CreateLogStream DeleteLogStream GetLogEvents PutLogEvents",
        ("log-group::log-stream:",): "DescribeLogGroups",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "DeleteResourcePolicy DescribeResourcePolicies GetQueryResults PutResourcePolicy StopQuery",
    },
    "cloudwatch": {
        ("alarm:{AlarmName}",): "PutMetricAlarm",
        ("alarm:{AlarmNames}",): "DeleteAlarms DescribeAlarms",
        ("{ResourceARN}",): "ListTagsForResource TagResource UntagResource",
    },
    "sns": {
        ("{Name}",): "CreateTopic",
        ("{TopicArn}",): "DeleteTopic GetTopicAttributes ListSubscriptionsByTopic Publish SetTopicAttributes Subscribe",
        ("{ResourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "GetSubscriptionAttributes ListSubscriptions ListTopics SetSubscriptionAttributes Unsubscribe",
    },
    "sqs": {
        ("{QueueName}",): "CreateQueue GetQueueUrl",
        ("{QueueUrl}",): """ChangeMessageVisibility DeleteMessage DeleteQueue GetQueueAttributes
            ListDeadLetterSourceQueues ListQueueTags PurgeQueue ReceiveMessage SendMessage SetQueueAttributes
            TagQueue UntagQueue""",
        ("*",): "ListQueues",
    },
    "events": {
        (RULE,): "DeleteRule DescribeRule DisableRule EnableRule PutRule",
        ("rule/{Rule}",): "ListTargetsByRule PutTargets RemoveTargets",
        ("event-bus/{Name}",): "CreateEventBus DeleteEventBus DescribeEventBus",
        ("event-bus/{EventBusName}",): "PutPermission RemovePermission",
        ("archive/{ArchiveName}",): "CreateArchive DeleteArchive DescribeArchive UpdateArchive",
        ("{ResourceARN}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "ListArchives ListEventBuses ListRuleNamesByTarget ListRules TestEventPattern",
    },
    "ecr": {
        ("repository/{repositoryName}",): """BatchCheckLayerAvailability BatchDeleteImage BatchGetImage
            CompleteLayerUpload CreateRepository DeleteLifecyclePolicy DeleteRepository DeleteRepositoryPolicy
            DescribeImages GetDownloadUrlForLayer GetLifecyclePolicy GetRepositoryPolicy InitiateLayerUpload
            ListImages PutImage PutImageScanningConfiguration PutImageTagMutability PutLifecyclePolicy
            SetRepositoryPolicy UploadLayerPart""",
        ("repository/{repositoryNames}",): "DescribeRepositories",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "DescribeRegistry GetAuthorizationToken GetRegistryPolicy GetRegistryScanningConfiguration",
    },
    "batch": {
        ("compute-environment/{computeEnvironmentName}",): "CreateComputeEnvironment",
        ("compute-environment/{computeEnvironment}",): "DeleteComputeEnvironment UpdateComputeEnvironment",
        ("job-queue/{jobQueueName}",): "CreateJobQueue",
        ("job-queue/{jobQueue}",): "DeleteJobQueue GetJobQueueSnapshot UpdateJobQueue",
        ("job-definition/{jobDefinitionName}",): "RegisterJobDefinition",
        ("job-definition/{jobDefinition}",): "DeregisterJobDefinition",
        ("job-definition/{jobDefinition}", "job-queue/{jobQueue}"): "SubmitJob",
        ("job/{jobId}",): "CancelJob TerminateJob",
        ("scheduling-policy/{name}",): "CreateSchedulingPolicy",
        ("{arn}",): "DeleteSchedulingPolicy UpdateSchedulingPolicy",
        ("{arns}",): "DescribeSchedulingPolicies",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): """DescribeComputeEnvironments DescribeJobDefinitions DescribeJobQueues DescribeJobs ListJobs
            ListSchedulingPolicies""",
    },
    "ecs": {("cluster/{clusters}",): "DescribeClusters"},
    "stepfunctions": {
        ("stateMachine:{name}",): "CreateStateMachine",
        ("{stateMachineArn}",): """DeleteStateMachine DescribeStateMachine ListExecutions ListStateMachineVersions
            PublishStateMachineVersion StartExecution StartSyncExecution UpdateStateMachine""",
        ("{executionArn}",): """DescribeExecution DescribeStateMachineForExecution GetExecutionHistory ListMapRuns
            RedriveExecution StopExecution""",
        ("{mapRunArn}",): "DescribeMapRun UpdateMapRun",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "ListStateMachines SendTaskFailure SendTaskHeartbeat SendTaskSuccess ValidateStateMachineDefinition",
    },
    "ec2": {
        ("*",): """DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeFlowLogs DescribeImages
            DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances DescribeInternetGateways
            DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeNatGateways DescribeNetworkAcls
            DescribeNetworkInterfaces DescribePrefixLists DescribeRegions DescribeRouteTables
            DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets DescribeTags DescribeVpcAttribute
            DescribeVpcEndpointServices DescribeVpcEndpoints DescribeVpcs""",
        ("vpc/*",): "CreateVpc",
        ("vpc/{VpcId}",): "DeleteVpc ModifyVpcAttribute ModifyVpcTenancy",
        ("subnet/*", "vpc/{VpcId}"): "CreateSubnet",
        ("subnet/{SubnetId}",): "DeleteSubnet ModifySubnetAttribute",
        ("route-table/*", "vpc/{VpcId}"): "CreateRouteTable",
        ("route-table/{RouteTableId}",): "CreateRoute DeleteRoute DeleteRouteTable ReplaceRoute",
        ("route-table/{RouteTableId}", "subnet/{SubnetId}"): "AssociateRouteTable",
        ("route-table/{RouteTableId}", "route-table/*"): "ReplaceRouteTableAssociation",
        ("route-table/*",): "DisassociateRouteTable",
        ("elastic-ip/*",): "AllocateAddress",
        ("elastic-ip/{AllocationId}",): "ReleaseAddress",
        ("natgateway/*", "subnet/{SubnetId}", "elastic-ip/{AllocationId}"): "CreateNatGateway",
        ("natgateway/{NatGatewayId}",): "DeleteNatGateway",
        ("vpc-flow-log/*", "*/{ResourceIds}"): "CreateFlowLogs",
        ("vpc-flow-log/{FlowLogIds}",): "DeleteFlowLogs",
        ("internet-gateway/*",): "CreateInternetGateway",
        ("internet-gateway/{InternetGatewayId}",): "DeleteInternetGateway",
        (
            "internet-gateway/{InternetGatewayId}",
            "vpc/{VpcId}",
        ): "AttachInternetGateway DetachInternetGateway",
        ("security-group/*", "vpc/{VpcId}"): "CreateSecurityGroup",
        ("security-group/{GroupId}",): """AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress
            DeleteSecurityGroup ModifySecurityGroupRules RevokeSecurityGroupEgress RevokeSecurityGroupIngress""",
        ("vpc-endpoint/*", "vpc/{VpcId}"): "CreateVpcEndpoint",
        ("vpc-endpoint/{VpcEndpointIds}",): "DeleteVpcEndpoints",
        ("vpc-endpoint/{VpcEndpointId}",): "ModifyVpcEndpoint",
        ("launch-template/*",): "CreateLaunchTemplate",
        ("launch-template/{LaunchTemplateId}",): """CreateLaunchTemplateVersion DeleteLaunchTemplate
            ModifyLaunchTemplate""",
        ("*/{Resources}",): "CreateTags DeleteTags",
    },
}
"""Botocore's service -> resources -> operations."""

ACTION_PREFIX = {"stepfunctions": "states"}
"""Botocore's service -> the prefix of its actions and ARNs, where they differ."""

PASSED_ROLES: dict[tuple[str, str], dict[str, str]] = {
    ("batch", "CreateComputeEnvironment"): {
        "serviceRole": "batch.amazonaws.com",
        "computeResources.instanceRole": "ec2.amazonaws.com",
        "computeResources.spotIamFleetRole": "spotfleet.amazonaws.com",
    },
    ("batch", "UpdateComputeEnvironment"): {
        "serviceRole": "batch.amazonaws.com",
        "computeResources.instanceRole": "ec2.amazonaws.com",
    },
    ("batch", "RegisterJobDefinition"): {
        "containerProperties.jobRoleArn": "ecs-tasks.amazonaws.com",
        "containerProperties.executionRoleArn": "ecs-tasks.amazonaws.com",
        "ecsProperties.taskProperties.taskRoleArn": "ecs-tasks.amazonaws.com",
        "ecsProperties.taskProperties.executionRoleArn": "ecs-tasks.amazonaws.com",
    },
    ("stepfunctions", "CreateStateMachine"): {"roleArn": "states.amazonaws.com"},
    ("stepfunctions", "UpdateStateMachine"): {"roleArn": "states.amazonaws.com"},
    ("events", "PutRule"): {"RoleArn": "events.amazonaws.com"},
    ("events", "PutTargets"): {"Targets.RoleArn": "events.amazonaws.com"},
    ("ec2", "CreateFlowLogs"): {"DeliverLogsPermissionArn": "vpc-flow-logs.amazonaws.com"},
}
"""Operation -> parameters that name a role (or an instance profile) and the service that it is passed to."""

TAGS_ON_CREATION = {
    ("batch", "CreateComputeEnvironment"), ("batch", "CreateJobQueue"), ("batch", "RegisterJobDefinition"),
    ("batch", "SubmitJob"), ("batch", "CreateSchedulingPolicy"), ("stepfunctions", "CreateStateMachine"),
    ("events", "PutRule"), ("events", "CreateEventBus"), ("ecr", "CreateRepository"), ("logs", "CreateLogGroup"),
    ("cloudwatch", "PutMetricAlarm"),
    ("sns", "CreateTopic"),
    ("sqs", "CreateQueue"),
}  # fmt: skip
"""Operations whose tags need the service's TagResource (SQS: TagQueue) too."""

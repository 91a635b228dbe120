"""Operations of the services whose actions are named as they are, by what they work on.

Rests on the service authorization reference. Resources are templates: ``{name}`` is a parameter (a parameter that is
an ARN already stands for the whole), several resources are all checked. What AWS checks on no particular resource is
under ``*``.
"""

from __future__ import annotations

SERVICES: dict[str, dict[tuple[str, ...], str]] = {
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
    ("ec2", "CreateFlowLogs"): {"DeliverLogsPermissionArn": "vpc-flow-logs.amazonaws.com"},
}
"""Operation -> parameters that name a role (or an instance profile) and the service that it is passed to."""

TAGS_ON_CREATION = {
    ("batch", "CreateComputeEnvironment"), ("batch", "CreateJobQueue"), ("batch", "RegisterJobDefinition"),
    ("batch", "SubmitJob"), ("batch", "CreateSchedulingPolicy"), ("stepfunctions", "CreateStateMachine"),
}  # fmt: skip
"""Operations whose tags need the service's TagResource too."""

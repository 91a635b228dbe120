"""The table of resource types: token → where its class is. A module is imported for the first resource of its types."""

from importlib import import_module
from typing import Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Resource

TABLE: Final[dict[str, str]] = {
    "aws:acm/certificate:Certificate": "acm:Certificate",
    "aws:acm/certificateValidation:CertificateValidation": "acm:CertificateValidation",
    "aws:batch/computeEnvironment:ComputeEnvironment": "batch:ComputeEnvironment",
    "aws:batch/jobDefinition:JobDefinition": "batch_definition:JobDefinition",
    "aws:batch/jobQueue:JobQueue": "batch:JobQueue",
    "aws:cloudfront/cachePolicy:CachePolicy": "cloudfront_policies:CachePolicy",
    "aws:cloudfront/distribution:Distribution": "cloudfront_distribution:Distribution",
    "aws:cloudfront/keyGroup:KeyGroup": "cloudfront_policies:KeyGroup",
    "aws:cloudfront/originAccessControl:OriginAccessControl": "cloudfront_policies:OriginAccessControl",
    "aws:cloudfront/publicKey:PublicKey": "cloudfront_policies:PublicKey",
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": "cloudfront_policies:ResponseHeadersPolicy",
    "aws:cloudwatch/eventRule:EventRule": "events:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget": "events:EventTarget",
    "aws:cloudwatch/logDelivery:LogDelivery": "log_delivery:LogDelivery",
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": "log_delivery:LogDeliveryDestination",
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": "log_delivery:LogDeliverySource",
    "aws:cloudwatch/logGroup:LogGroup": "logs:LogGroup",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "cloudwatch:LogResourcePolicy",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch:MetricAlarm",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "ec2_groups:DefaultSecurityGroup",
    "aws:ec2/eip:Eip": "ec2_network:Eip",
    "aws:ec2/flowLog:FlowLog": "ec2_flow_log:FlowLog",
    "aws:ec2/internetGateway:InternetGateway": "ec2_network:InternetGateway",
    "aws:ec2/launchTemplate:LaunchTemplate": "ec2_template:LaunchTemplate",
    "aws:ec2/natGateway:NatGateway": "ec2_network:NatGateway",
    "aws:ec2/route:Route": "ec2_routes:Route",
    "aws:ec2/routeTable:RouteTable": "ec2_routes:RouteTable",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "ec2_routes:RouteTableAssociation",
    "aws:ec2/securityGroup:SecurityGroup": "ec2_groups:SecurityGroup",
    "aws:ec2/subnet:Subnet": "ec2_network:Subnet",
    "aws:ec2/vpc:Vpc": "ec2_network:Vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "ec2_endpoint:VpcEndpoint",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "ecr:LifecyclePolicy",
    "aws:ecr/repository:Repository": "ecr:Repository",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "ecr:RepositoryPolicy",
    "aws:iam/instanceProfile:InstanceProfile": "iam_instance_profile:InstanceProfile",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "iam_openid:OpenIdConnectProvider",
    "aws:iam/policy:Policy": "iam_policy:Policy",
    "aws:iam/role:Role": "iam_role:Role",
    "aws:iam/rolePolicy:RolePolicy": "iam_role:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "iam_role:RolePolicyAttachment",
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": "iam_service_linked:ServiceLinkedRole",
    "aws:kms/alias:Alias": "kms:Alias",
    "aws:kms/key:Key": "kms:Key",
    "aws:rds/cluster:Cluster": "rds_cluster:Cluster",
    "aws:rds/clusterInstance:ClusterInstance": "rds_instance:ClusterInstance",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "rds_groups:ClusterParameterGroup",
    "aws:rds/subnetGroup:SubnetGroup": "rds_groups:SubnetGroup",
    "aws:route53/record:Record": "route53:Record",
    "aws:route53/zone:Zone": "route53:Zone",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": "s3_account:AccountPublicAccessBlock",
    "aws:s3/bucket:Bucket": "s3_bucket:Bucket",
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": "s3_settings:Cors",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "s3_lifecycle:Lifecycle",
    "aws:s3/bucketLogging:BucketLogging": "s3_settings:Logging",
    "aws:s3/bucketNotification:BucketNotification": "s3_notification:Notification",
    "aws:s3/bucketObjectv2:BucketObjectv2": "s3_object:BucketObject",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "s3_settings:OwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy": "s3_settings:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3_settings:PublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "s3_settings:Encryption",
    "aws:s3/bucketVersioning:BucketVersioning": "s3_settings:Versioning",
    "aws:secretsmanager/secret:Secret": "secrets:Secret",
    "aws:secretsmanager/secretVersion:SecretVersion": "secrets:SecretVersion",
    "aws:sfn/stateMachine:StateMachine": "states:StateMachine",
    "aws:sns/topic:Topic": "sns:Topic",
    "aws:sns/topicPolicy:TopicPolicy": "sns:TopicPolicy",
    "aws:sns/topicSubscription:TopicSubscription": "sns:TopicSubscription",
    "aws:sqs/queue:Queue": "sqs:Queue",
    "aws:sqs/queuePolicy:QueuePolicy": "sqs:QueuePolicy",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "ec2_groups:EgressRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ec2_groups:IngressRule",
    "aws:wafv2/ipSet:IpSet": "wafv2:IpSet",
    "aws:wafv2/webAcl:WebAcl": "wafv2:WebAcl",
}


def resource_type(token: str) -> Resource:
    """The code of a type by its token. Raises ProviderError naming a type that isn't in the table."""
    if token not in TABLE:
        raise ProviderError(f"not supported by the local cloud: resource type {token}")
    module, name = TABLE[token].split(":")
    return getattr(import_module(f"{__name__}.{module}"), name)()

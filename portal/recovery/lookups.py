"""Types whose ids AWS chooses: where to look for one, and what tells it from every other in the account.

Rests on: the ``Describe`` calls of EC2, Batch, Secrets Manager and load balancing, ``GetQueueUrl`` of SQS,
``ListSubscriptionsByTopic`` of SNS, the ``List`` calls of CloudFront, ACM, WAF and of EKS's associations. Those of load
balancing, CloudFront, ACM, WAF and EKS show no tags; ACM tells a certificate's by another call and lists certificates
of other keys than RSA of 1024 and 2048 bits only if it is asked for them. EC2, ACM and Batch attach the tags in the
call that makes the thing, so what has been made has them; a default security group is made with its VPC and gets its
tags last, so without them its creation was not carried out to the end and is repeated. Deleted NAT gateways and
endpoints stay visible for an hour.
"""

from __future__ import annotations

from typing import Final

from portal.recovery.lookup import Lookup


def _ec2(call: str, items: str, id_: str, *, tags: str = "Tags", **same: str) -> Lookup:
    return Lookup(service="ec2", call=call, items=items, id=id_, same=same, tags=tags)


def _rule(*, egress: bool) -> Lookup:
    return _ec2(
        "describe_security_group_rules",
        f"SecurityGroupRules[?IsEgress==`{str(egress).lower()}`]",
        "SecurityGroupRuleId",
        securityGroupId="GroupId",
        ipProtocol="IpProtocol",
        cidrIpv4="CidrIpv4",
        cidrIpv6="CidrIpv6",
        prefixListId="PrefixListId",
        referencedSecurityGroupId="ReferencedGroupInfo.GroupId",
        fromPort="FromPort >= `0` && FromPort || `null`",
        toPort="ToPort >= `0` && ToPort || `null`",
    )


KEY_TYPES: Final = [f"RSA_{bits}" for bits in (1024, 2048, 3072, 4096)] + [
    f"EC_{curve}" for curve in ("prime256v1", "secp384r1", "secp521r1")
]
"""All that a certificate of ACM can have."""


def _cloudfront(call: str, items: str, **same: str) -> Lookup:
    """What CloudFront lists without tags: its comment or description names the bucket and what it is for; a name is as
    a rule the engine's."""
    return Lookup(
        service="cloudfront",
        call=call,
        items=f"{items} || `[]`",
        id="Id",
        same=same,
        fixed={"Type": "custom"} if items.endswith("Policy") else {},
        marker=f"{items.partition('.')[0]}.NextMarker",
        marker_asked="Marker",
        tags="",
    )


def _firewall(call: str, items: str) -> Lookup:
    return Lookup(
        service="wafv2",
        call=call,
        items=items,
        id="Id",
        asked={"Scope": "scope"},
        same={"name": "Name", "description": "Description"},
        marker="NextMarker",
        marker_asked="NextMarker",
        tags="",
    )


def _balancing(call: str, items: str, id_: str, *, asked: dict[str, str] | None = None, **same: str) -> Lookup:
    """What Elastic Load Balancing lists without tags: its name, port or number tells it from others."""
    absent = frozenset({"LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound"})
    return Lookup(service="elbv2", call=call, items=items, id=id_, same=same, asked=asked or {}, tags="", absent=absent)


LOOKUPS: Final[dict[str, Lookup]] = {
    "aws:acm/certificate:Certificate": Lookup(
        service="acm",
        call="list_certificates",
        items="CertificateSummaryList",
        id="CertificateArn",
        same={"domainName": "DomainName", "subjectAlternativeNames": "SubjectAlternativeNameSummaries"},
        fixed={"Includes": {"keyTypes": KEY_TYPES}},
        tags_call="list_tags_for_certificate",
        tags_asked="CertificateArn",
    ),
    "aws:cloudfront/cachePolicy:CachePolicy": _cloudfront(
        "list_cache_policies",
        "CachePolicyList.Items[].CachePolicy",
        name="CachePolicyConfig.Name",
        comment="CachePolicyConfig.Comment",
    ),
    "aws:cloudfront/distribution:Distribution": _cloudfront(
        "list_distributions", "DistributionList.Items", comment="Comment"
    ),
    "aws:cloudfront/keyGroup:KeyGroup": _cloudfront(
        "list_key_groups",
        "KeyGroupList.Items[].KeyGroup",
        name="KeyGroupConfig.Name",
        comment="KeyGroupConfig.Comment",
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": _cloudfront(
        "list_origin_access_controls", "OriginAccessControlList.Items", name="Name", description="Description"
    ),
    "aws:cloudfront/publicKey:PublicKey": _cloudfront(
        "list_public_keys", "PublicKeyList.Items", name="Name", comment="Comment"
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _cloudfront(
        "list_response_headers_policies",
        "ResponseHeadersPolicyList.Items[].ResponseHeadersPolicy",
        name="ResponseHeadersPolicyConfig.Name",
        comment="ResponseHeadersPolicyConfig.Comment",
    ),
    "aws:cloudfront/vpcOrigin:VpcOrigin": _cloudfront(
        "list_vpc_origins", "VpcOriginList.Items", **{"vpcOriginEndpointConfig.name": "Name"}
    ),
    "aws:cloudwatch/logDelivery:LogDelivery": Lookup(
        service="logs",
        call="describe_deliveries",
        items="deliveries",
        id="id",
        same={"deliverySourceName": "deliverySourceName", "deliveryDestinationArn": "deliveryDestinationArn"},
        tags="",
    ),
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
    "aws:wafv2/ipSet:IpSet": _firewall("list_ip_sets", "IPSets"),
    "aws:wafv2/webAcl:WebAcl": _firewall("list_web_acls", "WebACLs"),
    "aws:batch/jobDefinition:JobDefinition": Lookup(
        service="batch",
        call="describe_job_definitions",
        items="jobDefinitions",
        id="jobDefinitionArn",
        asked={"jobDefinitionName": "name"},
        fixed={"status": "ACTIVE"},
        tags="",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _ec2(
        "describe_security_groups", "SecurityGroups[?GroupName=='default']", "GroupId", vpcId="VpcId"
    ),
    "aws:ec2/eip:Eip": _ec2("describe_addresses", "Addresses", "AllocationId", domain="Domain"),
    "aws:ec2/flowLog:FlowLog": _ec2(
        "describe_flow_logs",
        "FlowLogs",
        "FlowLogId",
        vpcId="starts_with(ResourceId, 'vpc-') && ResourceId || `null`",
        subnetId="starts_with(ResourceId, 'subnet-') && ResourceId || `null`",
        eniId="starts_with(ResourceId, 'eni-') && ResourceId || `null`",
        trafficType="TrafficType",
    ),
    # Attached to its VPC in a second call: that it isn't yet does not tell it apart.
    "aws:ec2/internetGateway:InternetGateway": _ec2(
        "describe_internet_gateways", "InternetGateways", "InternetGatewayId"
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": _ec2(
        "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId", name="LaunchTemplateName"
    ),
    "aws:ec2/natGateway:NatGateway": _ec2(
        "describe_nat_gateways",
        "NatGateways[?State=='pending' || State=='available']",
        "NatGatewayId",
        subnetId="SubnetId",
    ),
    "aws:ec2/routeTable:RouteTable": _ec2("describe_route_tables", "RouteTables", "RouteTableId", vpcId="VpcId"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _ec2(
        "describe_route_tables",
        "RouteTables[].Associations[]",
        "RouteTableAssociationId",
        tags="",
        routeTableId="RouteTableId",
        subnetId="SubnetId",
    ),
    "aws:ec2/securityGroup:SecurityGroup": _ec2(
        "describe_security_groups",
        "SecurityGroups[?GroupName!='default']",
        "GroupId",
        vpcId="VpcId",
        name="GroupName",
        description="Description",
    ),
    "aws:ec2/subnet:Subnet": _ec2("describe_subnets", "Subnets", "SubnetId", vpcId="VpcId", cidrBlock="CidrBlock"),
    "aws:ec2/vpc:Vpc": _ec2("describe_vpcs", "Vpcs", "VpcId", cidrBlock="CidrBlock"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2(
        "describe_vpc_endpoints",
        "VpcEndpoints[?State!='deleted' && State!='deleting' && State!='Deleted' && State!='Deleting']",
        "VpcEndpointId",
        vpcId="VpcId",
        serviceName="ServiceName",
    ),
    "aws:lb/listener:Listener": _balancing(
        "describe_listeners", "Listeners", "ListenerArn", asked={"LoadBalancerArn": "loadBalancerArn"}, port="Port"
    ),
    "aws:lb/listenerRule:ListenerRule": _balancing(
        "describe_rules",
        "Rules[?!IsDefault]",
        "RuleArn",
        asked={"ListenerArn": "listenerArn"},
        priority="to_number(Priority)",
    ),
    "aws:kms/key:Key": Lookup(
        service="kms",
        call="list_keys",
        items="Keys",
        id="KeyId",
        tags_call="list_resource_tags",
        tags_asked="KeyId",
        tags="Tags[].{Key: TagKey, Value: TagValue}",
    ),
    "aws:lb/loadBalancer:LoadBalancer": _balancing(
        "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", name="LoadBalancerName"
    ),
    "aws:lb/targetGroup:TargetGroup": _balancing(
        "describe_target_groups", "TargetGroups", "TargetGroupArn", name="TargetGroupName", vpcId="VpcId"
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
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule(egress=True),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule(egress=False),
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

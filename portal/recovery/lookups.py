"""Types whose ids AWS chooses: where to look for one, and what tells it from every other in the account.

Rests on: the ``Describe`` calls of EC2, Batch, Secrets Manager and load balancing, ``GetQueueUrl`` of SQS,
``ListSubscriptionsByTopic`` of SNS, the ``List`` calls of CloudFront, ACM and WAF. Those of load balancing, CloudFront,
ACM and WAF show no tags; ACM tells a certificate's by another call and lists certificates of other keys than RSA of
1024 and 2048 bits only if it is asked for them. EC2, ACM and Batch attach the tags in the call that makes the thing, so
what has been made has them; a default security group is made with its VPC and gets its tags last, so without them its
creation was not carried out to the end and is repeated. Deleted NAT gateways and endpoints stay visible for an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jmespath
from botocore.exceptions import ClientError

from portal.recovery.places import Place

Item = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """How to find the resources of one type. Texts are JMESPath: of an answer (``items``), of an item (the others)."""

    service: str
    call: str
    items: str
    id: str
    same: Mapping[str, str] = field(default_factory=dict[str, str])
    """Input → what of an item must be equal to it; an input that is not given must have no counterpart."""
    asked: Mapping[str, str] = field(default_factory=dict[str, str])
    """Parameter of the call → the input that it takes; empty: the call tells all of the account."""
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Parameters of the call that are always the same."""
    tags: str = "Tags"
    """AWS's list of tags; "" for a type without, and for one whose name or place says enough."""
    tags_call: str = ""
    """The call that tells an item's tags where the list shows none; ``tags`` is then of its answer."""
    tags_asked: str = ""
    """Its parameter, which takes the item's id."""
    absent: frozenset[str] = frozenset()
    """Error codes that mean: no such thing."""

    @property
    def orphans(self) -> bool:
        """Whether the account's region can be searched by one call for whatever carries the stack's tags."""
        return bool(self.tags) and not self.asked and not self.tags_call

    def list(self, place: Place, inputs: Mapping[str, Any]) -> list[Item]:
        """What the account has in the region that the inputs name, or else in its own. Raises botocore's errors."""
        client = place.client(self.service, inputs.get("region") or "")
        request = {**self.fixed, **{name: inputs[key] for name, key in self.asked.items()}}
        try:
            if client.can_paginate(self.call):
                pages = client.get_paginator(self.call).paginate(**request)
                return [item for page in pages for item in self._items(client, page)]
            return self._items(client, getattr(client, self.call)(**request))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in self.absent:
                return []
            raise

    def _items(self, client: Any, answer: Any) -> list[Item]:
        items: list[Item] = []
        for item in jmespath.search(self.items, answer):
            id_ = jmespath.search(self.id, item)
            tagged = getattr(client, self.tags_call)(**{self.tags_asked: id_}) if self.tags_call else item
            items.append({"item": item, "id": id_, "tagged": tagged})
        return items

    def tags_of(self, item: Item) -> dict[str, str]:
        pairs = jmespath.search(self.tags, item["tagged"]) if self.tags else None
        return {pair["Key"]: pair["Value"] for pair in pairs or []}

    def alike(self, item: Item, inputs: Mapping[str, Any]) -> bool:
        """Whether the attributes are those of the inputs. What the engine made up (a name) is not compared."""
        made_up = inputs.get("__defaults") or []
        return all(
            name in made_up or _comparable(inputs.get(name)) == _comparable(jmespath.search(path, item["item"]))
            for name, path in self.same.items()
        )

    def as_found(self, item: Item, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs, with what the engine had made up as it really is."""
        known = {name: jmespath.search(path, item["item"]) for name, path in self.same.items()}
        made_up = inputs.get("__defaults") or []
        return {**inputs, **{name: value for name, value in known.items() if name in made_up}}


def _comparable(value: Any) -> Any:
    """A list without its order, and nothing for what is empty."""
    return (sorted(value) if isinstance(value, list) else value) or None


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
    """What CloudFront lists without tags: its comment or description names the bucket and what it is for."""
    fixed = {"Type": "custom"} if items.endswith("Policy") else {}
    return Lookup(service="cloudfront", call=call, items=f"{items} || `[]`", id="Id", same=same, fixed=fixed, tags="")


def _firewall(call: str, items: str) -> Lookup:
    return Lookup(
        service="wafv2",
        call=call,
        items=items,
        id="Id",
        asked={"Scope": "scope"},
        same={"name": "Name", "description": "Description"},
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
        "list_cache_policies", "CachePolicyList.Items[].CachePolicy", comment="CachePolicyConfig.Comment"
    ),
    "aws:cloudfront/distribution:Distribution": _cloudfront(
        "list_distributions", "DistributionList.Items", comment="Comment"
    ),
    "aws:cloudfront/keyGroup:KeyGroup": _cloudfront(
        "list_key_groups", "KeyGroupList.Items[].KeyGroup", comment="KeyGroupConfig.Comment"
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": _cloudfront(
        "list_origin_access_controls", "OriginAccessControlList.Items", description="Description"
    ),
    "aws:cloudfront/publicKey:PublicKey": _cloudfront("list_public_keys", "PublicKeyList.Items", comment="Comment"),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _cloudfront(
        "list_response_headers_policies",
        "ResponseHeadersPolicyList.Items[].ResponseHeadersPolicy",
        comment="ResponseHeadersPolicyConfig.Comment",
    ),
    "aws:cloudwatch/logDelivery:LogDelivery": Lookup(
        service="logs",
        call="describe_deliveries",
        items="deliveries",
        id="id",
        same={"deliverySourceName": "deliverySourceName", "deliveryDestinationArn": "deliveryDestinationArn"},
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

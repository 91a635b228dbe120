"""Security groups, a VPC's default one, and rules as resources of their own.

AWS facts: a new group lets everything out, and pulumi-aws takes that away; a VPC's default group can be neither made
nor deleted, only emptied; `ModifySecurityGroupRules` changes all of a rule but its group and direction.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import FLAGS, RELATION
from localcloud.provider.resource import Operation, State
from localcloud.provider.types import ec2_rules
from localcloud.provider.types.ec2_common import Ec2Resource, Found, first, lingering
from localcloud.provider.types.iam_common import name_of

_DIRECTIONS: Final = ("ingress", "egress")
_ANSWERED: Final = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


class SecurityGroup(Ec2Resource):
    """aws:ec2/securityGroup:SecurityGroup. Rules that the program doesn't give inline are left alone."""

    tf = "aws_security_group"
    pulumi = "aws:ec2/securityGroup:SecurityGroup"
    awaits_removal = True
    kind = "security-group"
    handles = frozenset({"name", "name_prefix", "description", "vpc_id", *_DIRECTIONS})
    steers: ClassVar[Mapping[str, Any]] = {"revoke_rules_on_delete": None}
    plan_rules = (("name, name_prefix, description", FLAGS),)

    def make(self, op: Operation) -> str:
        request: Found = {"GroupName": name_of(op.new), "Description": op.new["description"], **self.tags(op)}
        if op.new.get("vpc_id"):
            request["VpcId"] = op.new["vpc_id"]
        return str(op.client("ec2").create_security_group(**request)["GroupId"])

    def settle(self, op: Operation) -> None:
        self._set(op, "egress", op.new.get("egress") or [])
        if op.new.get("ingress"):
            self._set(op, "ingress", op.new["ingress"])

    def find(self, op: Operation) -> Found | None:
        return first(op.client("ec2").describe_security_groups(GroupIds=[op.resource_id])["SecurityGroups"])

    def attributes(self, op: Operation, found: Found) -> State:
        blocks = {
            direction: ec2_rules.to_blocks(
                ec2_rules.of_answer(found[answered]), op.old.get(direction) or [], op.resource_id
            )
            for direction, answered in _ANSWERED.items()
        }
        return {
            **blocks,
            "arn": self.arn(op),
            "name": found["GroupName"],
            "description": found["Description"],
            "owner_id": found["OwnerId"],
            "vpc_id": found["VpcId"],
        }

    def change(self, op: Operation) -> None:
        for direction in _DIRECTIONS:
            if direction in op.changed:
                self._set(op, direction, op.new.get(direction) or [])

    def remove(self, op: Operation) -> None:
        if op.old.get("revoke_rules_on_delete"):
            for direction in _DIRECTIONS:
                self._set(op, direction, [])
        lingering(op, "group-id")
        op.client("ec2").delete_security_group(GroupId=op.resource_id)

    def _set(self, op: Operation, direction: str, blocks: list[State]) -> None:
        """Bring the group's rules to the blocks, whatever they are now."""
        found = self.find(op)
        if found is None:
            return
        present = ec2_rules.of_answer(found[_ANSWERED[direction]])
        wanted = ec2_rules.of_blocks(blocks, op.resource_id)
        ec2, target = op.client("ec2"), {"GroupId": op.resource_id}
        gone = [ec2_rules.to_permission(rule) for rule in present if rule not in wanted]
        new = [ec2_rules.to_permission(rule) for rule in wanted if rule not in present]
        inward = direction == "ingress"
        if gone:
            revoke = ec2.revoke_security_group_ingress if inward else ec2.revoke_security_group_egress
            revoke(**target, IpPermissions=gone)
        if new:
            authorize = ec2.authorize_security_group_ingress if inward else ec2.authorize_security_group_egress
            authorize(**target, IpPermissions=new)


class DefaultSecurityGroup(SecurityGroup):
    """aws:ec2/defaultSecurityGroup:DefaultSecurityGroup: takes over the VPC's own, and leaves it at the end."""

    tf = "aws_default_security_group"
    pulumi = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    awaits_removal = False
    handles = frozenset({"vpc_id", *_DIRECTIONS})
    plan_rules = (("vpc_id", FLAGS),)

    def make(self, op: Operation) -> str:
        vpc = [{"Name": "vpc-id", "Values": [op.new["vpc_id"]]}] if op.new.get("vpc_id") else []
        filters = [{"Name": "group-name", "Values": ["default"]}, *vpc]
        found = op.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        if len(found) != 1:
            raise ProviderError(f"the default security group of VPC {op.new.get('vpc_id')} was not found")
        return str(found[0]["GroupId"])

    def settle(self, op: Operation) -> None:
        named = [{"Name": "group-id", "Values": [op.resource_id]}]
        op.client("ec2").describe_security_group_rules(Filters=named)
        for direction in _DIRECTIONS:
            self._set(op, direction, op.new.get(direction) or [])
        pairs = [{"Key": key, "Value": value} for key, value in sorted(op.new["tags_all"].items())]
        if pairs:
            op.client("ec2").create_tags(Resources=[op.resource_id], Tags=pairs)

    def remove(self, op: Operation) -> None:
        """AWS keeps it, and its rules."""


class SecurityGroupRule(Ec2Resource):
    """What rules of both directions share. Their id is AWS's own, sgr-…."""

    kind = "security-group-rule"
    inward: ClassVar[bool]
    peers: ClassVar = {
        "cidr_ipv4": ("IpRanges", "CidrIp", "CidrIpv4"),
        "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
        "prefix_list_id": ("PrefixListIds", "PrefixListId", "PrefixListId"),
        "referenced_security_group_id": ("UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
    }
    """Input → its list in a permission, its key there, its key in ModifySecurityGroupRules."""
    handles = frozenset({"security_group_id", "ip_protocol", "from_port", "to_port", "description", *peers})

    def make(self, op: Operation) -> str:
        permission: Found = {"IpProtocol": op.new["ip_protocol"], **self._ports(op)}
        described = {"Description": op.new["description"]} if op.new.get("description") else {}
        for name, (pairs, key, _) in self.peers.items():
            if op.new.get(name):
                permission[pairs] = [{key: op.new[name], **described}]
        ec2 = op.client("ec2")
        authorize = ec2.authorize_security_group_ingress if self.inward else ec2.authorize_security_group_egress
        made = authorize(GroupId=op.new["security_group_id"], IpPermissions=[permission], **self.tags(op))
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def find(self, op: Operation) -> Found | None:
        asked = {"SecurityGroupRuleIds": [op.resource_id]}
        found = first(op.client("ec2").describe_security_group_rules(**asked)["SecurityGroupRules"])
        return None if found is None or found["IsEgress"] == self.inward else found

    def attributes(self, op: Operation, found: Found) -> State:
        everything = found["IpProtocol"] == "-1"
        return {
            "arn": self.arn(op),
            "id": op.resource_id,
            "security_group_rule_id": op.resource_id,
            "security_group_id": found["GroupId"],
            "ip_protocol": found["IpProtocol"],
            "from_port": None if everything else found["FromPort"],
            "to_port": None if everything else found["ToPort"],
            "description": found.get("Description"),
            "cidr_ipv4": found.get("CidrIpv4"),
            "cidr_ipv6": found.get("CidrIpv6"),
            "prefix_list_id": found.get("PrefixListId"),
            "referenced_security_group_id": found.get("ReferencedGroupInfo", {}).get("GroupId"),
        }

    def change(self, op: Operation) -> None:
        if not op.changed - {"tags", "tags_all"}:
            return
        rule: Found = {"IpProtocol": op.new["ip_protocol"], **self._ports(op)}
        if op.new.get("description"):
            rule["Description"] = op.new["description"]
        rule |= {key: op.new[name] for name, (_, _, key) in self.peers.items() if op.new.get(name)}
        op.client("ec2").modify_security_group_rules(
            GroupId=op.new["security_group_id"],
            SecurityGroupRules=[{"SecurityGroupRuleId": op.resource_id, "SecurityGroupRule": rule}],
        )

    def remove(self, op: Operation) -> None:
        ec2 = op.client("ec2")
        revoke = ec2.revoke_security_group_ingress if self.inward else ec2.revoke_security_group_egress
        if self.find(op) is not None:
            revoke(GroupId=op.old["security_group_id"], SecurityGroupRuleIds=[op.resource_id])

    def _ports(self, op: Operation) -> Found:
        ports = {"FromPort": op.new.get("from_port"), "ToPort": op.new.get("to_port")}
        return {} if op.new["ip_protocol"] == "-1" else {key: port for key, port in ports.items() if port is not None}


class IngressRule(SecurityGroupRule):
    """aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule."""

    tf = "aws_vpc_security_group_ingress_rule"
    plan_rules = (
        ("exactly one of cidr_ipv4", RELATION),
        ("switching between those kinds", "the fields' own force_new_if says it"),
        ("security_group_id", FLAGS),
    )
    pulumi = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    inward = True


class EgressRule(SecurityGroupRule):
    """aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule."""

    tf = "aws_vpc_security_group_egress_rule"
    plan_rules = (("as the ingress rule", "the fields' own flags say it"),)
    pulumi = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    inward = False

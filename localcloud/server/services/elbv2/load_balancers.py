"""Load balancers: internal ones of the type application.

AWS facts: subnets of two zones at least, one a zone; groups of their VPC; without groups, the VPC's default one; the
same request again answers what is there. Sources: API reference; AWS's answers as recorded by others
(docs/refusals.md names the rows).
"""

from __future__ import annotations

from typing import Any, Final

from localcloud.server import registry, service_calls
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import attributes, store
from .attributes import invalid
from .names import check_name
from .store import LoadBalancer

_ZONES: Final = {
    "us-west-2": "Z1H1FL5HABSF5",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
}
"""The hosted zone of load balancers' own names, by region."""
_MOST_GROUPS: Final = 5


@HOOKS.instead("elbv2", "CreateLoadBalancer")
def create(call: Call) -> Params:
    params, name = call.params, call.params["Name"]
    _supported(params)
    check_name("Load balancer", name)
    if name.startswith("internal-"):
        raise invalid(f"Load balancer name '{name}' cannot begin with 'internal-'")
    vpc, subnets = _subnets(call)
    groups = _groups(call, vpc)
    for one in _of(call):
        if one.name == name:
            if (set(one.subnets), set(one.security_groups)) == (set(subnets), set(groups)):
                return {"LoadBalancers": [_described(one)]}
            text = f"A load balancer with the same name '{name}' exists, but with different settings"
            raise Refusal("DuplicateLoadBalancerName", text)
    arn = f"arn:aws:elasticloadbalancing:{call.region}:{call.account}:loadbalancer/app/{name}/{store.new_id()}"
    load_balancer = LoadBalancer(
        arn=arn, name=name, vpc=vpc, subnets=subnets, security_groups=groups, tags=store.tags_in(params)
    )
    store.LOAD_BALANCERS[arn] = load_balancer
    return {"LoadBalancers": [_described(load_balancer) | {"State": {"Code": "provisioning"}}]}


def _supported(params: Params) -> None:
    unsupported = {
        "Type": params.get("Type", "application") != "application",
        "Scheme": params.get("Scheme", "internet-facing") != "internal",
        "IpAddressType": params.get("IpAddressType", "ipv4") != "ipv4",
        **{name: params.get(name) for name in ("CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools")},
    }
    for name, wrong in unsupported.items():
        if wrong:
            given = params.get(name, "internet-facing")
            text = f"elbv2 {name} {given} is not implemented here: only internal application load balancers with IPv4."
            raise Refusal("NotImplemented", text, 501)
    for mapping in params.get("SubnetMappings") or []:
        if set(mapping) - {"SubnetId"}:
            raise Refusal("NotImplemented", "elbv2 addresses of a SubnetMapping are not implemented here.", 501)


def _of(call: Call) -> list[LoadBalancer]:
    return [one for one in store.LOAD_BALANCERS.values() if (one.account, one.region) == (call.account, call.region)]


def _subnets(call: Call) -> tuple[str, dict[str, str]]:
    """The VPC, and the zone of each subnet. Raises Refusal."""
    mapped = [mapping.get("SubnetId", "") for mapping in call.params.get("SubnetMappings") or []]
    given: list[str] = call.params.get("Subnets") or mapped
    if call.params.get("Subnets") and mapped:
        raise invalid("Exactly one of 'Subnets' and 'SubnetMappings' must be specified")
    facts = {one: _ec2(call, "subnet", one) for one in dict.fromkeys(given)}
    missing = [one for one, fact in facts.items() if not fact]
    if missing:
        raise Refusal("SubnetNotFound", f"The subnet ID '{missing[0]}' does not exist")
    if len(facts) < 2:
        raise invalid("At least two subnets in two different Availability Zones must be specified")
    if len({fact["vpc"] for fact in facts.values()}) > 1:
        raise invalid("All subnets must belong to the same VPC")
    zones = [fact["zone"] for fact in facts.values()]
    if len(set(zones)) < len(zones):
        text = "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        raise Refusal("InvalidConfigurationRequest", text)
    return next(iter(facts.values()))["vpc"], {one: fact["zone"] for one, fact in facts.items()}


def _ec2(call: Call, kind: str, identifier: str) -> Any:
    """What EC2 knows of it; empty: it is not there."""
    resource = registry.resource(f"arn:aws:ec2:{call.region}:{call.account}:{kind}/{identifier}")
    return resource.facts if resource is not None and identifier else {}


def _groups(call: Call, vpc: str) -> list[str]:
    given: list[str] = call.params.get("SecurityGroups") or []
    if len(given) > _MOST_GROUPS:
        raise invalid(f"A load balancer has at most {_MOST_GROUPS} security groups")
    for group in given:
        facts = _ec2(call, "security-group", group)
        if not facts:
            raise Refusal("InvalidSecurityGroup", f"The security group '{group}' does not exist")
        if facts["vpc"] != vpc:
            text = f"One or more security groups are invalid: '{group}' does not belong to VPC '{vpc}'"
            raise Refusal("InvalidConfigurationRequest", text)
    return given or [_default_group(call, vpc)]


def _default_group(call: Call, vpc: str) -> str:
    wanted = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]}
    elb = service_calls.service("elasticloadbalancing.amazonaws.com", call.account)
    [default] = service_calls.perform(elb, "ec2", "DescribeSecurityGroups", wanted, call.region, by_itself=True)[
        "SecurityGroups"
    ]
    return str(default["GroupId"])


def _described(one: LoadBalancer) -> Params:
    return {
        "LoadBalancerArn": one.arn,
        "DNSName": one.dns_name,
        "CanonicalHostedZoneId": _ZONES.get(one.region, "Z1H1FL5HABSF5"),
        "CreatedTime": one.created,
        "LoadBalancerName": one.name,
        "Scheme": "internal",
        "VpcId": one.vpc,
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": [{"ZoneName": zone, "SubnetId": subnet} for subnet, zone in sorted(one.subnets.items())],
        "SecurityGroups": one.security_groups,
        "IpAddressType": "ipv4",
    }


@HOOKS.instead("elbv2", "DescribeLoadBalancers")
def describe(call: Call) -> Params:
    arns, names = call.params.get("LoadBalancerArns"), call.params.get("Names")
    balancers = _of(call)
    if arns:
        balancers = [store.load_balancer(arn) for arn in arns]
    elif names:
        by_name = {one.name: one for one in balancers}
        missing = [name for name in names if name not in by_name]
        if missing:
            raise Refusal("LoadBalancerNotFound", f"Load balancers '[{missing[0]}]' not found")
        balancers = [by_name[name] for name in names]
    return {"LoadBalancers": [_described(one) for one in balancers]}


@HOOKS.instead("elbv2", "DeleteLoadBalancer")
def delete(call: Call) -> Params:
    one = store.LOAD_BALANCERS.get(call.params["LoadBalancerArn"])
    if one is None:
        return {}
    if attributes.value(one, attributes.LOAD_BALANCER, "deletion_protection.enabled") == "true":
        text = f"Load balancer '{one.arn}' cannot be deleted because deletion protection is enabled"
        raise Refusal("OperationNotPermitted", text)
    if registry.users(one.arn):
        text = f"Load balancer '{one.arn}' cannot be deleted because it is currently associated with another service"
        raise Refusal("ResourceInUse", text)
    for listener in store.listeners_of(one):
        for rule in store.rules_of(listener):
            del store.RULES[rule.arn]
        del store.LISTENERS[listener.arn]
    del store.LOAD_BALANCERS[one.arn]
    return {}


@HOOKS.instead("elbv2", "DescribeLoadBalancerAttributes")
def describe_attributes(call: Call) -> Params:
    return attributes.described(store.load_balancer(call.params["LoadBalancerArn"]), attributes.LOAD_BALANCER)


@HOOKS.instead("elbv2", "ModifyLoadBalancerAttributes")
def modify_attributes(call: Call) -> Params:
    one = store.load_balancer(call.params["LoadBalancerArn"])
    given = {each.get("Key"): each.get("Value", "") for each in call.params["Attributes"]}
    for logs in ("access_logs", "connection_logs", "health_check_logs"):
        bucket = given.get(f"{logs}.s3.bucket") or one.attributes.get(f"{logs}.s3.bucket")
        if given.get(f"{logs}.s3.enabled") == "true" and not bucket:
            text = f"The value of '{logs}.s3.bucket' cannot be empty: the attribute key must be set"
            raise Refusal("InvalidConfigurationRequest", text)
    one.attributes |= attributes.changed(call.params, attributes.LOAD_BALANCER)
    return attributes.described(one, attributes.LOAD_BALANCER)


@HOOKS.instead("elbv2", "SetSecurityGroups")
def set_groups(call: Call) -> Params:
    one = store.load_balancer(call.params["LoadBalancerArn"])
    if not call.params["SecurityGroups"]:
        raise invalid("At least one security group must be specified")
    one.security_groups = _groups(call, one.vpc)
    return {"SecurityGroupIds": one.security_groups}


@HOOKS.instead("elbv2", "SetSubnets")
def set_subnets(call: Call) -> Params:
    _supported({"Scheme": "internal", **call.params})
    one = store.load_balancer(call.params["LoadBalancerArn"])
    vpc, subnets = _subnets(call)
    if vpc != one.vpc:
        raise Refusal("InvalidConfigurationRequest", f"The subnets do not belong to VPC '{one.vpc}'")
    one.subnets = subnets
    return {"AvailabilityZones": _described(one)["AvailabilityZones"], "IpAddressType": "ipv4"}


@HOOKS.instead("elbv2", "SetIpAddressType")
def set_address_type(call: Call) -> Params:
    store.load_balancer(call.params["LoadBalancerArn"])
    _supported({"Scheme": "internal", "IpAddressType": call.params["IpAddressType"]})
    return {"IpAddressType": "ipv4"}


@HOOKS.instead("elbv2", "DescribeCapacityReservation")
def capacity(call: Call) -> Params:
    """Nobody here can reserve any."""
    store.load_balancer(call.params["LoadBalancerArn"])
    return {"CapacityReservationState": []}

"""aws:lb/loadBalancer:LoadBalancer. Its id is its ARN.

AWS facts: attributes are set by a call after the creation; a load balancer of the same name and settings is answered by
a creation too, so pulumi-aws asks for the name first.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Operation, State
from localcloud.provider.types.lb_common import (
    GONE,
    OTHER_TYPES,
    WithAttributes,
    name_of,
    retag,
    suffix,
    tags,
    tags_of,
)
from localcloud.provider.types.s3_common import optional

_ATTRIBUTES: Final = {
    "client_keep_alive": "client_keep_alive.seconds",
    "desync_mitigation_mode": "routing.http.desync_mitigation_mode",
    "drop_invalid_header_fields": "routing.http.drop_invalid_header_fields.enabled",
    "enable_deletion_protection": "deletion_protection.enabled",
    "enable_http2": "routing.http2.enabled",
    "enable_waf_fail_open": "waf.fail_open.enabled",
    "enable_zonal_shift": "zonal_shift.config.enabled",
    "idle_timeout": "idle_timeout.timeout_seconds",
    "preserve_host_header": "routing.http.preserve_host_header.enabled",
    "xff_header_processing_mode": "routing.http.xff_header_processing.mode",
}


class LoadBalancer(WithAttributes):
    """An application load balancer."""

    tf = "aws_lb"
    pulumi = "aws:lb/loadBalancer:LoadBalancer"
    calls = "load_balancer"
    attributes = _ATTRIBUTES
    handles = frozenset(
        {
            *_ATTRIBUTES, "internal", "ip_address_type", "load_balancer_type", "name", "name_prefix", "security_groups",
            "subnets",
        }
    )  # fmt: skip
    # Of network load balancers: pulumi-aws passes over it for others.
    steers: ClassVar = {"dns_record_client_routing_policy": "any_availability_zone"}
    plan_rules = (
        ("application (existing)", "subnet_mapping is refused as an input"),
        ("network (existing)", OTHER_TYPES),
        ("these checks run only", "subnet_mapping is refused as an input"),
        ("gateway", OTHER_TYPES),
        ("attributes that do not belong", "those inputs are refused"),
    )

    def create(self, op: Operation) -> str:
        elb, name = op.client("elbv2"), name_of(op, "tf-lb-")
        if optional(lambda: elb.describe_load_balancers(Names=[name]), GONE):
            raise ProviderError(f"ELBv2 Load Balancer ({name}) already exists")
        request = {
            "Name": name,
            "Type": op.new["load_balancer_type"],
            "Subnets": list(op.new.get("subnets") or []),
            "Scheme": "internal" if op.new.get("internal") else "internet-facing",
            **tags(op),
        }
        if op.new.get("security_groups"):
            request["SecurityGroups"] = list(op.new["security_groups"])
        if op.new.get("ip_address_type"):
            request["IpAddressType"] = op.new["ip_address_type"]
        return str(elb.create_load_balancer(**request)["LoadBalancers"][0]["LoadBalancerArn"])

    def read(self, op: Operation) -> State | None:
        elb, arn = op.client("elbv2"), op.resource_id
        answer = optional(lambda: elb.describe_load_balancers(LoadBalancerArns=[arn]), GONE)
        if answer is None:
            return None
        [found] = answer["LoadBalancers"]
        return {
            "arn": arn,
            "arn_suffix": suffix(arn, "loadbalancer/"),
            "dns_name": found["DNSName"],
            "internal": found["Scheme"] == "internal",
            "ip_address_type": found["IpAddressType"],
            "load_balancer_type": found["Type"],
            "name": found["LoadBalancerName"],
            "security_groups": found["SecurityGroups"],
            "subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
            "vpc_id": found["VpcId"],
            "zone_id": found["CanonicalHostedZoneId"],
            **self.attributes_of(op),
            "minimum_load_balancer_capacity": _capacity(
                elb.describe_capacity_reservation(LoadBalancerArn=arn).get("MinimumLoadBalancerCapacity")
            ),
            "tags_all": tags_of(op, arn),
        }

    def update(self, op: Operation) -> None:
        elb, arn = op.client("elbv2"), op.resource_id
        if op.changed & set(_ATTRIBUTES):
            self.set_attributes(op)
        if "security_groups" in op.changed:
            elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=list(op.new["security_groups"]))
        if "subnets" in op.changed:
            elb.set_subnets(LoadBalancerArn=arn, Subnets=list(op.new["subnets"]))
        if "ip_address_type" in op.changed:
            elb.set_ip_address_type(LoadBalancerArn=arn, IpAddressType=op.new["ip_address_type"])
        retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("elbv2").delete_load_balancer(LoadBalancerArn=op.resource_id), GONE)


def _capacity(found: Mapping[str, int] | None) -> State | None:
    return {"capacity_units": found["CapacityUnits"]} if found else None

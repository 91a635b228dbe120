"""Rules between old state and new inputs of the types of EC2 and CloudWatch Logs. See `plan_rules`."""

from typing import Final

from localcloud.provider.plan import FLAGS, REFUSED, Faults, Plan, Rule

_RELATION: Final = "the fields' own exactly_one_of or conflicts_with says it"


def _private_gateway(plan: Plan) -> Faults:
    """A private NAT gateway has no address of its own."""
    private = plan.new.get("connectivity_type") == "private"
    if private and plan.new.get("allocation_id") is not None:
        return [("allocation_id", "is not supported with connectivity_type private")]
    return []


NETWORK: Final[dict[str, tuple[Rule, ...]]] = {
    "aws_vpc": (
        ("instance_tenancy change", FLAGS),
        ("cidr_block change", FLAGS),
        ("assign_generated_ipv6_cidr_block change", REFUSED),
    ),
    "aws_subnet": (
        ("cidr_block, availability_zone(_id)", FLAGS),
        ("ipv6_cidr_block change", REFUSED),
    ),
    "aws_nat_gateway": (
        ("connectivity private:", _private_gateway),
        ("connectivity public:", REFUSED),
        ("regional mode:", REFUSED),
        ("allocation_id, subnet_id", FLAGS),
    ),
    "aws_route": (
        ("exactly one destination_*", _RELATION),
        ("route_table_id and destination", FLAGS),
        ("egress_only_gateway_id with", REFUSED),
    ),
    "aws_route_table_association": (("exactly one of subnet_id", _RELATION),),
    "aws_vpc_endpoint": (
        ("private_dns_enabled change", "of other kinds than Interface AWS refuses it"),
        ("subnet_ids or subnet_configuration change", "the type's `recomputed` outputs"),
        ("service_name, resource_configuration_arn", FLAGS),
    ),
    "aws_security_group": (("name, name_prefix, description", FLAGS),),
    "aws_default_security_group": (("vpc_id", FLAGS),),
    "aws_vpc_security_group_egress_rule": (("as the ingress rule", "the fields' own flags say it"),),
    "aws_vpc_security_group_ingress_rule": (
        ("exactly one of cidr_ipv4", _RELATION),
        ("switching between those kinds", "the fields' own force_new_if says it"),
        ("security_group_id", FLAGS),
    ),
    "aws_cloudwatch_log_group": (
        ("name, name_prefix", FLAGS),
        ("DELIVERY class:", REFUSED),
    ),
    "aws_flow_log": (
        ("exactly one of vpc_id", _RELATION),
        ("every input except tags", FLAGS),
    ),
    "aws_launch_template": (
        ("any change outside name", "the type's `recomputed` outputs"),
        ("name, name_prefix", FLAGS),
        ("default_version conflicts", _RELATION),
    ),
}

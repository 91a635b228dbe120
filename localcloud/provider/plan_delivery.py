"""Rules between old state and new inputs of CloudFront's, ACM's, Route 53's, WAF's and the log deliveries' types. See
`plan_rules`."""

from typing import Final

from localcloud.provider.plan import FLAGS, REFUSED, Faults, Plan, Rule
from localcloud.provider.wire import UNKNOWN

_HEADER_PARTS: Final = (
    "cors_config", "custom_headers_config", "remove_headers_config", "security_headers_config",
    "server_timing_headers_config",
)  # fmt: skip


def _domain_is_a_name(plan: Plan) -> Faults:
    """The domain name is one of the alternative names too."""
    names, domain = plan.new.get("subject_alternative_names"), plan.new.get("domain_name")
    if isinstance(names, list) and domain not in (None, UNKNOWN) and domain not in names:
        plan.new["subject_alternative_names"] = [*names, domain]
    return []


def _one_part(plan: Plan) -> Faults:
    if any(plan.new.get(part) for part in _HEADER_PARTS):
        return []
    return [("cors_config", f"one of {', '.join(_HEADER_PARTS)} is required")]


DELIVERY: Final[dict[str, tuple[Rule, ...]]] = {
    "aws_acm_certificate": (
        ("validation_method DNS and domain_name/SANs change", FLAGS),
        ("domain_name is added to subject_alternative_names", _domain_is_a_name),
        ("early_renewal_duration changed", REFUSED),
    ),
    "aws_cloudfront_distribution": (
        ("staging changes", FLAGS),
        ("no plan check that target_origin_id", "no rule: AWS refuses it"),
    ),
    "aws_cloudfront_response_headers_policy": (("at least one of cors_config", _one_part),),
    "aws_cloudwatch_log_delivery": (
        ("delivery_destination_arn, delivery_source_name", FLAGS),
        ("field_delimiter unknown and absent", "absent is absent here too"),
    ),
    "aws_cloudwatch_log_delivery_destination": (
        ("destination_resource_arn: replace only when", "destinations here are in S3 alone"),
        ("name, output_format", FLAGS),
    ),
    "aws_route53_record": (
        ("type and set_identifier are not force-new", "the type's update does so"),
        ("routing-policy kind changes", REFUSED),
    ),
    "aws_route53_zone": (("adding a vpc to a public zone", REFUSED),),
    "aws_wafv2_ip_set": (("addresses: same count", "AWS answers with the networks as they were given"),),
    "aws_wafv2_web_acl": (
        ("no CustomizeDiff in the source read", "no rule: AWS refuses it"),
        ("rule_json: equivalent JSON", "the field's own diff_suppress says it"),
    ),
}

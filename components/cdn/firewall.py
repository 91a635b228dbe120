"""Who may ask a distribution, and how often: a web ACL, which CloudFront asks before its cache.

Rests on: a web ACL of CloudFront is made in us-east-1 and its addresses in sets of one IP version each; rules go by
priority, the default action is for what no rule matched. A rate limit counts the requests of one address over five
minutes. The rules are given as JSON, since the SDK's classes for them are 2,000: a change by hand of the rules
themselves is then not seen by `refresh`.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_aws import wafv2

from . import CLOSED, CLOUDFRONT_REGION

RATE_WINDOW_SECONDS: Final = 300
MANAGED_RULES: Final = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
"""AWS's own groups of rules. The common rule set isn't among them: it refuses bodies of more than 8 KB."""


def web_acl(
    name: str,
    requests_per_5_minutes: int | None,
    addresses: tuple[str, ...],
    opts: pulumi.ResourceOptions,
    *,
    managed: tuple[str, ...] = (),
) -> wafv2.WebAcl:
    """Addresses beyond their rate are refused, then what AWS's rules (``managed``) know as attacks, then all that are
    not listed if there is a list."""
    sets = _address_sets(name, addresses, opts)
    action = (
        wafv2.WebAclDefaultActionArgs(block=wafv2.WebAclDefaultActionBlockArgs())
        if sets
        else wafv2.WebAclDefaultActionArgs(allow=wafv2.WebAclDefaultActionAllowArgs())
    )
    visible = wafv2.WebAclVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
    return wafv2.WebAcl(
        f"{name}-acl",
        description=f"Who may ask {name}",
        scope="CLOUDFRONT",
        region=CLOUDFRONT_REGION,
        default_action=action,
        rule_json=pulumi.Output.all(*sets).apply(lambda arns: _rules(arns, requests_per_5_minutes, managed)),
        visibility_config=visible,
        tags=CLOSED if sets else None,
        opts=opts,
    )


def _address_sets(name: str, addresses: tuple[str, ...], opts: pulumi.ResourceOptions) -> list[pulumi.Output[str]]:
    arns: list[pulumi.Output[str]] = []
    for version in (4, 6):
        listed = [one for one in addresses if ipaddress.ip_network(one).version == version]
        if listed:
            addresses_of_version = wafv2.IpSet(
                f"{name}-ipv{version}",
                description=f"IPv{version} networks that may ask {name}",
                scope="CLOUDFRONT",
                region=CLOUDFRONT_REGION,
                ip_address_version=f"IPV{version}",
                addresses=listed,
                tags=CLOSED,
                opts=opts,
            )
            arns.append(addresses_of_version.arn)
    return arns


def _rules(sets: list[str], limit: int | None, managed: tuple[str, ...]) -> str:
    rules: list[dict[str, Any]] = []
    if limit is not None:
        rate = {"Limit": limit, "EvaluationWindowSec": RATE_WINDOW_SECONDS, "AggregateKeyType": "IP"}
        rules.append(_rule("rate", len(rules), "Block", {"RateBasedStatement": rate}))
    for group in managed:
        statement = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": group}}
        rules.append(_rule(group, len(rules), None, statement))
    if sets:
        listed = [{"IPSetReferenceStatement": {"ARN": arn}} for arn in sets]
        statement = listed[0] if len(listed) == 1 else {"OrStatement": {"Statements": listed}}
        rules.append(_rule("addresses", len(rules), "Allow", statement))
    return json.dumps(rules)


def _rule(name: str, priority: int, action: str | None, statement: Mapping[str, Any]) -> dict[str, Any]:
    """``action`` None: a group's own."""
    visible = {"CloudWatchMetricsEnabled": True, "MetricName": name, "SampledRequestsEnabled": True}
    return {
        "Name": name,
        "Priority": priority,
        **({"Action": {action: {}}} if action else {"OverrideAction": {"None": {}}}),
        "Statement": statement,
        "VisibilityConfig": visible,
    }

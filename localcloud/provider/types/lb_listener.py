"""aws:lb/listener:Listener and aws:lb/listenerRule:ListenerRule. Their ids are their ARNs.

AWS facts: without a protocol, a listener with a certificate speaks HTTPS and one without HTTP; a rule without a number
gets the next one after the highest.
"""

from typing import Any, Final

from localcloud.provider.plan import REFUSED
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.types.lb_actions import (
    conditions_from_api,
    conditions_to_api,
    from_api,
    refused_below,
    to_api,
)
from localcloud.provider.types.lb_common import GONE, retag, tags, tags_of
from localcloud.provider.types.lb_plan import action_rules, one_condition
from localcloud.provider.types.s3_common import optional

_CERTIFICATE_SECONDS: Final = 3.0
"""pulumi-aws waits five minutes for a certificate to be known; here it is at once."""


class Listener(Resource):
    """A port of a load balancer, and what becomes of requests that no rule is for."""

    tf = "aws_lb_listener"
    pulumi = "aws:lb/listener:Listener"
    handles = frozenset({"certificate_arn", "default_action", "load_balancer_arn", "port", "protocol", "ssl_policy"})
    refuses = refused_below("default_action")
    plan_rules = (*action_rules("default_action"), ("routing_http_request_*", REFUSED))

    def create(self, op: Operation) -> str:
        request = {"LoadBalancerArn": op.new["load_balancer_arn"], **_given(op), **tags(op)}
        call = lambda: op.client("elbv2").create_listener(**request)  # noqa: E731
        made = op.retry(call, has_code("CertificateNotFound"), _CERTIFICATE_SECONDS)
        return str(made["Listeners"][0]["ListenerArn"])

    def read(self, op: Operation) -> State | None:
        elb, arn = op.client("elbv2"), op.resource_id
        answer = optional(lambda: elb.describe_listeners(ListenerArns=[arn]), GONE)
        if answer is None:
            return None
        [found] = answer["Listeners"]
        certificates = found.get("Certificates") or [{}]
        return {
            "arn": arn,
            "certificate_arn": certificates[0].get("CertificateArn"),
            "default_action": from_api(found["DefaultActions"], op.old.get("default_action") or []),
            "load_balancer_arn": found["LoadBalancerArn"],
            "port": found["Port"],
            "protocol": found["Protocol"],
            "ssl_policy": found.get("SslPolicy", ""),
            "tags_all": self._tags_of(op),
        }

    def _tags_of(self, op: Operation) -> dict[str, str]:
        """Attributes are asked for first, as the provider does; the inputs that set them are refused here."""
        op.client("elbv2").describe_listener_attributes(ListenerArn=op.resource_id)
        return tags_of(op, op.resource_id)

    def update(self, op: Operation) -> None:
        if op.changed - {"tags", "tags_all"}:
            op.client("elbv2").modify_listener(ListenerArn=op.resource_id, **_given(op))
        retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("elbv2").delete_listener(ListenerArn=op.resource_id), GONE)


def _given(op: Operation) -> dict[str, Any]:
    certificate = op.new.get("certificate_arn")
    protocol = op.new.get("protocol") or ("HTTPS" if certificate else "HTTP")
    given = {"Protocol": protocol, "DefaultActions": to_api(op.new["default_action"])}
    if op.new.get("port"):
        given["Port"] = op.new["port"]
    if certificate:
        given["Certificates"] = [{"CertificateArn": certificate}]
    if op.new.get("ssl_policy") and protocol == "HTTPS":
        given["SslPolicy"] = op.new["ssl_policy"]
    return given


class ListenerRule(Resource):
    """What becomes of requests that conditions hold for."""

    tf = "aws_lb_listener_rule"
    pulumi = "aws:lb/listenerRule:ListenerRule"
    handles = frozenset({"action", "condition", "listener_arn", "priority"})
    refuses = (
        refused_below("action")
        | {f"condition.{name}.regex_values" for name in ("host_header", "http_header", "path_pattern")}
        | {"condition.source_ip.ip_address_type"}
    )
    plan_rules = (
        *action_rules("action"),
        ("each condition block", one_condition),
        ("transform", REFUSED),
    )

    def create(self, op: Operation) -> str:
        elb, arn = op.client("elbv2"), op.new["listener_arn"]
        priority = op.new.get("priority") or self._next(elb.describe_rules(ListenerArn=arn)["Rules"])
        made = elb.create_rule(ListenerArn=arn, Priority=priority, **self._given(op), **tags(op))
        return str(made["Rules"][0]["RuleArn"])

    def _next(self, rules: list[dict[str, Any]]) -> int:
        return max((int(rule["Priority"]) for rule in rules if not rule["IsDefault"]), default=0) + 1

    def _given(self, op: Operation) -> dict[str, Any]:
        return {"Actions": to_api(op.new["action"]), "Conditions": conditions_to_api(op.new["condition"])}

    def read(self, op: Operation) -> State | None:
        elb, arn = op.client("elbv2"), op.resource_id
        answer = optional(lambda: elb.describe_rules(RuleArns=[arn]), GONE)
        if answer is None:
            return None
        [found] = answer["Rules"]
        return {
            "arn": arn,
            "action": from_api(found["Actions"], op.old.get("action") or []),
            "condition": conditions_from_api(found["Conditions"]),
            "listener_arn": arn.replace(":listener-rule/", ":listener/").rpartition("/")[0],
            "priority": int(found["Priority"]),
            "tags_all": tags_of(op, arn),
        }

    def update(self, op: Operation) -> None:
        elb, arn = op.client("elbv2"), op.resource_id
        if "priority" in op.changed:
            elb.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": op.new["priority"]}])
        if op.changed & {"action", "condition"}:
            elb.modify_rule(RuleArn=arn, **self._given(op))
        retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("elbv2").delete_rule(RuleArn=op.resource_id), GONE)

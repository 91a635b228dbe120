"""Listeners and their rules.

AWS facts: a port is one listener's; HTTPS has one certificate that ACM has issued in the region, HTTP has none; a rule
has a number of its own, the default rule is the last. Sources: API reference; AWS's answers as recorded by others.
"""

from __future__ import annotations

from typing import Final

from localcloud.server import registry
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import attributes, health, store
from .actions import checked_actions, checked_conditions
from .attributes import invalid
from .store import Listener, Rule

_POLICIES: Final = frozenset(
    {
        "ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-FS-1-2-2019-08", "ELBSecurityPolicy-FS-1-2-Res-2019-08",
        "ELBSecurityPolicy-FS-1-2-Res-2020-10", "ELBSecurityPolicy-TLS-1-2-2017-01",
        "ELBSecurityPolicy-TLS-1-2-Ext-2018-06", "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06",
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
        "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
    }
)  # fmt: skip
_DEFAULT_POLICY: Final = "ELBSecurityPolicy-2016-08"
_MOST_RULES: Final = 100


@HOOKS.instead("elbv2", "CreateListener")
def create(call: Call) -> Params:
    params = call.params
    one = store.load_balancer(params["LoadBalancerArn"])
    for name in ("Protocol", "Port"):
        if name not in params:
            raise invalid(f"A listener {name.lower()} must be specified")
    _unsupported(params)
    _port_free(one.arn, params["Port"])
    listener = Listener(
        arn=f"arn:aws:elasticloadbalancing:{one.region}:{one.account}:listener/{one.path}/{store.new_id()}",
        load_balancer=one,
        port=params["Port"],
        protocol=params["Protocol"],
        actions=checked_actions(params["DefaultActions"], one),
        certificate=_certificate(call, params["Protocol"], params.get("Certificates")),
        ssl_policy=_policy(params["Protocol"], params.get("SslPolicy")),
        tags=store.tags_in(params),
    )
    store.LISTENERS[listener.arn] = listener
    health.wake()
    return {"Listeners": [_described(listener)]}


def _unsupported(params: Params) -> None:
    if params.get("Protocol", "HTTP") not in ("HTTP", "HTTPS"):
        raise invalid(f"Protocol '{params['Protocol']}' must be one of 'HTTP, HTTPS'")
    if params.get("AlpnPolicy"):
        raise invalid("ALPN policies are for listeners of the protocol TLS")
    if (params.get("MutualAuthentication") or {}).get("Mode", "off") != "off":
        raise Refusal("NotImplemented", "elbv2 mutual authentication is not implemented here.", 501)


def _port_free(load_balancer: str, port: int, own: Listener | None = None) -> None:
    for other in store.listeners_of(store.load_balancer(load_balancer)):
        if other.port == port and other is not own:
            raise Refusal("DuplicateListener", "A listener already exists on this port for this load balancer")


def _certificate(call: Call, protocol: str, given: list[Params] | None) -> str:
    """The ARN; empty for HTTP. Raises Refusal."""
    if protocol == "HTTP":
        if given:
            raise invalid("Certificates cannot be specified for a listener of the protocol 'HTTP'")
        return ""
    if not given:
        raise invalid("A certificate must be specified for HTTPS listeners")
    if len(given) > 1:
        raise invalid("Up to '1' certificate can be specified as the default certificate")
    arn = str(given[0].get("CertificateArn", ""))
    parts = arn.split(":")
    if len(parts) < 6 or parts[2] not in ("acm", "iam"):
        raise Refusal("UnsupportedCertificate", f"The certificate '{arn}' must have a fully-qualified ACM or IAM ARN")
    if parts[2] == "iam":
        raise Refusal("NotImplemented", "elbv2 certificates of IAM are not implemented here.", 501)
    certificate = registry.resource(arn) if (parts[3], parts[4]) == (call.region, call.account) else None
    if certificate is None:
        raise Refusal("CertificateNotFound", f"Certificate '{arn}' not found")
    if certificate.facts["status"] != "ISSUED":
        text = f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and be issued"
        raise Refusal("UnsupportedCertificate", text)
    return arn


def _policy(protocol: str, given: str | None) -> str:
    if protocol == "HTTP":
        if given:
            raise invalid("An SSL policy cannot be specified for a listener of the protocol 'HTTP'")
        return ""
    if given and given not in _POLICIES:
        raise Refusal("SSLPolicyNotFound", f"SSL policy '{given}' not found")
    return given or _DEFAULT_POLICY


def _described(one: Listener) -> Params:
    secure = {
        "Certificates": [{"CertificateArn": one.certificate}],
        "SslPolicy": one.ssl_policy,
        "MutualAuthentication": {"Mode": "off"},
    }
    return {
        "ListenerArn": one.arn,
        "LoadBalancerArn": one.load_balancer.arn,
        "Port": one.port,
        "Protocol": one.protocol,
        "DefaultActions": one.actions,
        **(secure if one.protocol == "HTTPS" else {}),
    }


@HOOKS.instead("elbv2", "DescribeListeners")
def describe(call: Call) -> Params:
    if arns := call.params.get("ListenerArns"):
        return {"Listeners": [_described(store.listener(arn)) for arn in arns]}
    if "LoadBalancerArn" not in call.params:
        raise invalid("You must specify either listener ARNs or a load balancer ARN")
    return {
        "Listeners": [
            _described(one) for one in store.listeners_of(store.load_balancer(call.params["LoadBalancerArn"]))
        ]
    }


@HOOKS.instead("elbv2", "ModifyListener")
def modify(call: Call) -> Params:
    one, params = store.listener(call.params["ListenerArn"]), call.params
    _unsupported(params)
    port, protocol = params.get("Port", one.port), params.get("Protocol", one.protocol)
    _port_free(one.load_balancer.arn, port, one)
    kept = [{"CertificateArn": one.certificate}] if one.certificate and protocol == "HTTPS" else None
    certificate = _certificate(call, protocol, params.get("Certificates", kept))
    policy = _policy(protocol, params.get("SslPolicy") or (one.ssl_policy if protocol == "HTTPS" else None))
    if "DefaultActions" in params:
        one.actions = checked_actions(params["DefaultActions"], one.load_balancer)
    one.port, one.protocol, one.certificate, one.ssl_policy = port, protocol, certificate, policy
    health.wake()
    return {"Listeners": [_described(one)]}


@HOOKS.instead("elbv2", "DeleteListener")
def delete(call: Call) -> Params:
    one = store.listener(call.params["ListenerArn"])
    for rule in store.rules_of(one):
        del store.RULES[rule.arn]
    del store.LISTENERS[one.arn]
    return {}


@HOOKS.instead("elbv2", "DescribeListenerAttributes")
def describe_attributes(call: Call) -> Params:
    return attributes.described(store.listener(call.params["ListenerArn"]), attributes.LISTENER)


@HOOKS.instead("elbv2", "ModifyListenerAttributes")
def modify_attributes(call: Call) -> Params:
    one = store.listener(call.params["ListenerArn"])
    one.attributes |= attributes.changed(call.params, attributes.LISTENER)
    return attributes.described(one, attributes.LISTENER)


@HOOKS.instead("elbv2", "CreateRule")
def create_rule(call: Call) -> Params:
    params = call.params
    one = store.listener(params["ListenerArn"])
    if params.get("Transforms"):
        raise Refusal("NotImplemented", "elbv2 transforms of a rule are not implemented here.", 501)
    _priority_free(one, params["Priority"])
    if len(store.rules_of(one)) >= _MOST_RULES:
        raise Refusal("TooManyRules", f"A load balancer has at most {_MOST_RULES} rules")
    arn = one.arn.replace(":listener/", ":listener-rule/")
    rule = Rule(
        arn=f"{arn}/{store.new_id()}",
        listener=one,
        priority=params["Priority"],
        conditions=checked_conditions(params["Conditions"]),
        actions=checked_actions(params["Actions"], one.load_balancer),
        tags=store.tags_in(params),
    )
    store.RULES[rule.arn] = rule
    health.wake()
    return {"Rules": [_rule(rule)]}


def _priority_free(one: Listener, priority: int, *but: Rule) -> None:
    if any(rule.priority == priority for rule in store.rules_of(one) if rule not in but):
        raise Refusal("PriorityInUse", f"Priority '{priority}' is currently in use")


def _rule(one: Rule) -> Params:
    return {
        "RuleArn": one.arn,
        "Priority": str(one.priority),
        "Conditions": one.conditions,
        "Actions": one.actions,
        "IsDefault": False,
        "Transforms": [],
    }


def _default(one: Listener) -> Params:
    return {
        "RuleArn": f"{one.arn.replace(':listener/', ':listener-rule/')}/{one.path.rpartition('/')[2][::-1]}",
        "Priority": "default",
        "Conditions": [],
        "Actions": one.actions,
        "IsDefault": True,
        "Transforms": [],
    }


@HOOKS.instead("elbv2", "DescribeRules")
def describe_rules(call: Call) -> Params:
    if arns := call.params.get("RuleArns"):
        return {"Rules": [_rule(store.rule(arn)) for arn in arns]}
    if "ListenerArn" not in call.params:
        raise invalid("You must specify either listener rule ARNs or a listener ARN")
    one = store.listener(call.params["ListenerArn"])
    return {"Rules": [*(_rule(rule) for rule in store.rules_of(one)), _default(one)]}


@HOOKS.instead("elbv2", "ModifyRule")
def modify_rule(call: Call) -> Params:
    one, params = store.rule(call.params["RuleArn"]), call.params
    if params.get("Transforms") or params.get("ResetTransforms"):
        raise Refusal("NotImplemented", "elbv2 transforms of a rule are not implemented here.", 501)
    conditions = checked_conditions(params["Conditions"]) if "Conditions" in params else one.conditions
    if "Actions" in params:
        one.actions = checked_actions(params["Actions"], one.listener.load_balancer)
    one.conditions = conditions
    health.wake()
    return {"Rules": [_rule(one)]}


@HOOKS.instead("elbv2", "SetRulePriorities")
def set_priorities(call: Call) -> Params:
    moved = [(store.rule(one["RuleArn"]), int(one["Priority"])) for one in call.params["RulePriorities"]]
    for rule, priority in moved:
        _priority_free(rule.listener, priority, *(other for other, _ in moved))
    for rule, priority in moved:
        rule.priority = priority
    return {"Rules": [_rule(rule) for rule, _ in moved]}


@HOOKS.instead("elbv2", "DeleteRule")
def delete_rule(call: Call) -> Params:
    del store.RULES[store.rule(call.params["RuleArn"]).arn]
    return {}

"""Balancer: the load balancer before an environment's services, which CloudFront alone reaches.

Rests on: CloudFront user guide "Restrict access with VPC origins" (an internal load balancer; CloudFront's addresses
are a prefix list of AWS's, which counts as 55 rules of a security group); ELB user guide "Connection idle timeout" (a
target must keep connections longer than the load balancer does, or requests are lost in between).

While a site is given its first host name, or loses its last, CloudFront still comes by the way before: the listener and
the port of the security group are made anew beside the old ones, which go when the distribution has moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws import ec2, lb, route53, vpc

from . import rules
from .cdn import distributions
from .checks import Args, Check, Fault, broken
from .network import LATE_DELETION

CLOUDFRONT_ADDRESSES: Final = "com.amazonaws.global.cloudfront.origin-facing"
IDLE_SECONDS: Final = 55
"""Less than the 60 s that the services' own servers keep a connection."""
TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-2021-06"
NOTHING_HERE: Final = "no service has this path\n"


@dataclass(frozen=True, kw_only=True)
class BalancerArgs(Args):
    environment: str
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    """Private ones, in two zones at least."""
    hosts: tuple[str, ...] = ()
    """The site's host names; with them CloudFront speaks TLS to the load balancer. Empty: HTTP inside the VPC."""
    zone_id: str | None = None
    """The Route 53 zone of the hosts, in the same account."""
    certificate_arn: str | None = None
    """A certificate of the load balancer's region that covers the hosts. None: one is made, and proved in the zone."""

    def faults(self) -> Iterator[Fault]:
        word, zone = rules.word(self.environment), distributions.zone_id(self.hosts, self.zone_id, self.certificate_arn)
        checks: tuple[Check, ...] = (
            (word is None, "environment", self.environment, str(word)),
            (len(self.subnet_ids) >= 2, "subnet_ids", self.subnet_ids, "two zones at least"),
            (zone is None, "zone_id", self.zone_id, str(zone)),
        )
        yield from broken(checks)


class Balancer(pulumi.ComponentResource):
    """An internal load balancer and its one listener, which answers 404 where no service has a rule."""

    arn: pulumi.Output[str]
    host: pulumi.Output[str]
    """The load balancer's own name."""
    listener_arn: pulumi.Output[str]
    listener: lb.Listener
    """A target group that no listener uses has no healthy targets, so pods come after it."""
    port: int
    """443 with hosts, else 80."""
    security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:service:Balancer", name, None, opts)
        self.name, self._args = name, args
        self._opts = pulumi.ResourceOptions(parent=self)
        self.port = 443 if args.hosts else 80
        self.proofs: tuple[route53.Record, ...] = ()
        """The records that prove the hosts, for other certificates too."""

        group = self._security_group()
        balancer = lb.LoadBalancer(
            name,
            internal=True,
            load_balancer_type="application",
            security_groups=[group.id],
            subnets=[*args.subnet_ids],
            idle_timeout=IDLE_SECONDS,
            drop_invalid_header_fields=True,
            opts=self._opts,
        )
        self.listener = self._listener(balancer)
        self.arn, self.host, self.listener_arn = balancer.arn, balancer.dns_name, self.listener.arn
        self.security_group_id = group.id
        self.register_outputs({"arn": self.arn, "host": self.host})

    def _security_group(self) -> ec2.SecurityGroup:
        """Lets CloudFront in; each service lets itself be reached from here."""
        cloudfront = ec2.get_managed_prefix_list_output(
            name=CLOUDFRONT_ADDRESSES, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        group = ec2.SecurityGroup(
            f"{self.name}-balancer",
            description=f"Load balancer of the environment {self._args.environment}",
            vpc_id=self._args.vpc_id,
            tags={"Name": f"{self._args.environment}-balancer"},
            opts=pulumi.ResourceOptions.merge(self._opts, LATE_DELETION),
        )
        vpc.SecurityGroupIngressRule(
            f"{self.name}-balancer-from-cloudfront",
            security_group_id=group.id,
            prefix_list_id=cloudfront.id,
            ip_protocol="tcp",
            from_port=self.port,
            to_port=self.port,
            description="CloudFront",
            opts=self._beside("fromPort", "toPort"),
        )
        return group

    def _beside(self, *inputs: str) -> pulumi.ResourceOptions:
        """Another value of these inputs is another resource, and the one before goes at the update's end."""
        return pulumi.ResourceOptions(parent=self, replace_on_changes=[*inputs])

    def _listener(self, balancer: lb.LoadBalancer) -> lb.Listener:
        nothing = lb.ListenerDefaultActionArgs(
            type="fixed-response",
            fixed_response=lb.ListenerDefaultActionFixedResponseArgs(
                content_type="text/plain", message_body=NOTHING_HERE, status_code="404"
            ),
        )
        certificate = self._certificate()
        return lb.Listener(
            f"{self.name}-listener",
            load_balancer_arn=balancer.arn,
            port=self.port,
            protocol="HTTPS" if certificate else "HTTP",
            certificate_arn=certificate,
            ssl_policy=TLS_POLICY if certificate else None,
            default_actions=[nothing],
            opts=self._beside("port", "protocol"),
        )

    def _certificate(self) -> pulumi.Input[str] | None:
        """For the hosts that CloudFront passes on; in the load balancer's region, unlike CloudFront's own."""
        args = self._args
        if not args.hosts:
            return None
        if args.certificate_arn or not args.zone_id:
            return args.certificate_arn
        from .cdn import hosts  # so that a site without hosts doesn't load their part of the SDK

        issued = hosts.certificate(f"{self.name}-balancer", args.hosts, args.zone_id, self._opts, region=None)
        self.proofs = issued.proofs
        return issued.arn

"""The network that an account's orchestrators, databases and cluster share, from its settings."""

from __future__ import annotations

import pulumi

from components.network import Network, NetworkArgs, plan
from settings import Portal


def network(portal: Portal, boundary: pulumi.Input[str], opts: pulumi.ResourceOptions) -> Network:
    settings, account = portal.current.network, portal.current.account
    args = NetworkArgs(
        cidr=settings.cidr,
        account=account.id,
        region=account.region,
        zones=settings.zones,
        nat_gateways=settings.nat_gateways,
        flow_log_days=settings.flow_log_days,
        boundary=boundary,
        data_accounts=tuple(stack.account.id for _, stack in sorted(portal.stacks.items())),
    )
    return Network("network", args, opts)


def private_networks(portal: Portal) -> tuple[str, ...]:
    """Address ranges of the private subnets."""
    settings = portal.current.network
    return plan(settings.cidr, len(settings.zones)).private

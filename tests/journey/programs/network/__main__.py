"""A network with one NAT gateway, and what machines in it need."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.network import Network, NetworkArgs

ACCOUNT = "908710317728"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"

provider = aws.Provider(
    "account",
    region="us-west-2",
    allowed_account_ids=[ACCOUNT],
    assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=ROLE)],
)
opts = pulumi.ResourceOptions(provider=provider)
document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
boundary = aws.iam.Policy("boundary", name="network-boundary", policy=document, opts=opts)
network = Network(
    "main",
    NetworkArgs(
        cidr="10.32.0.0/16",
        account=ACCOUNT,
        region="us-west-2",
        zones=("us-west-2a", "us-west-2b"),
        nat_gateways=1,
        flow_log_days=30,
        boundary=boundary.arn,
        data_accounts=(ACCOUNT,),
    ),
    pulumi.ResourceOptions(providers=[provider]),
)
group = aws.ec2.SecurityGroup("hosts", description="Machines", vpc_id=network.vpc_id, opts=opts)
aws.vpc.SecurityGroupEgressRule("out", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0", opts=opts)
pulumi.export("vpc", network.vpc_id)

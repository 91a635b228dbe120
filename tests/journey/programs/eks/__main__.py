"""A cluster in Auto Mode as pulumi_eks makes it when little is said, and a namespace in it by its kubeconfig."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as kubernetes

ACCOUNT = "908710317728"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"

settings = pulumi.Config()
provider = aws.Provider(
    "account",
    region="us-west-2",
    allowed_account_ids=[ACCOUNT],
    assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=ROLE)],
)
opts = pulumi.ResourceOptions(provider=provider)
vpc = aws.ec2.Vpc("main", cidr_block="10.32.0.0/16", opts=opts)
subnets = [
    aws.ec2.Subnet(
        zone, vpc_id=vpc.id, cidr_block=f"10.32.{number}.0/24", availability_zone=f"us-west-2{zone}", opts=opts
    )
    for number, zone in enumerate("ab")
]
trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
reader = aws.iam.Role("reader", assume_role_policy=trust, opts=opts)
own_trust = trust.replace('"AWS":"*"', '"Service":"eks.amazonaws.com"')
own_role = aws.iam.Role("own", assume_role_policy=own_trust, opts=opts) if settings.get_bool("own-role") else None
bare = eks.AutoModeOptionsArgs(
    enabled=True, create_node_role=False, compute_config=eks.ClusterComputeConfigArgs(node_pools=[])
)
cluster = eks.Cluster(
    "portal",
    vpc_id=vpc.id,
    private_subnet_ids=[subnet.id for subnet in subnets],
    version=settings.get("version") or "1.34",
    authentication_mode=eks.AuthenticationMode.API,
    service_role=own_role,
    auto_mode=bare if own_role else {"enabled": True},
    create_instance_role=False if own_role else None,
    coredns_addon_options={"enabled": False} if own_role else None,
    endpoint_public_access=True,
    endpoint_private_access=True,
    access_entries={
        "reader": {
            "principal_arn": reader.arn,
            "access_policies": {"view": {"policy_arn": POLICY, "access_scope": {"type": "cluster"}}},
        }
    },
    provider_credential_opts={"role_arn": ROLE},
    tags={"of": "the journey"},
    opts=pulumi.ResourceOptions(providers=[provider]),
)
inside = kubernetes.Provider(
    "inside",
    kubeconfig=cluster.kubeconfig_json,
    cluster_identifier=cluster.eks_cluster.apply(lambda one: one.created_at),
)
kubernetes.core.v1.Namespace("dev", metadata={"name": "dev"}, opts=pulumi.ResourceOptions(provider=inside))
pulumi.export("name", cluster.eks_cluster.name)
pulumi.export("group", cluster.eks_cluster.vpc_config.cluster_security_group_id)
pulumi.export("nodes", cluster.auto_mode_node_role_name)
pulumi.export("kubeconfig", cluster.kubeconfig)

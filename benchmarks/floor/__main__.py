"""A plain program with as many resources as a stack, each the simplest of its package.

COUNT resources of pulumi_aws: attachments of one policy to roles, which have the fewest inputs (two texts). With
OBJECTS, also what a stack with a cluster has at least: the cluster, a provider for it, and so many ConfigMaps in it.
The official component makes 7 of the COUNT then. With LEAN, without the SDK's debug messages and the garbage
collector, as the portal's own program.
"""

import atexit
import gc
import os

import pulumi
import pulumi_aws as aws

OF_CLUSTER = 7
"""Cluster, role and the role's five attachments."""

if os.environ.get("LEAN"):
    gc.disable()
    atexit.register(gc.freeze)
    pulumi.log.debug = lambda *_, **__: None
account, count, objects = os.environ["ACCOUNT"], int(os.environ["COUNT"]), int(os.environ.get("OBJECTS", "0"))
role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
provider = aws.Provider(
    "account",
    region="us-west-2",
    allowed_account_ids=[account],
    assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role)],
)
opts = pulumi.ResourceOptions(provider=provider)
for number in range(count - OF_CLUSTER if objects else count):
    aws.iam.RolePolicyAttachment(
        f"attachment-{number}",
        role=f"role-{number}",
        policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess",
        opts=opts,
    )
if objects:
    import pulumi_eks as eks
    import pulumi_kubernetes as kubernetes

    cluster = eks.Cluster(
        "cluster",
        auto_mode=eks.AutoModeOptionsArgs(enabled=True, create_node_role=False),
        authentication_mode=eks.AuthenticationMode.API,
        create_instance_role=False,
        coredns_addon_options=eks.CoreDnsAddonOptionsArgs(enabled=False),
        vpc_id="vpc-0a1b2c3d4e5f60718",
        private_subnet_ids=["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"],
        provider_credential_opts=eks.KubeconfigOptionsArgs(role_arn=role),
        opts=opts,
    )
    within = pulumi.ResourceOptions(provider=kubernetes.Provider("cluster", kubeconfig=cluster.kubeconfig_json))
    for number in range(objects):
        kubernetes.core.v1.ConfigMap(f"object-{number}", data={"number": str(number)}, opts=within)

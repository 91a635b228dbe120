"""Cluster: one Kubernetes cluster an account, in EKS Auto Mode, and the way into it.

Rests on, of the EKS user guide:
- "EKS Auto Mode": the flags of compute, load balancing and block storage go together; the cluster's role needs AWS's
  five policies and a trust with sts:TagSession.
- "Network policies": accepted, and enforced only once the ConfigMap amazon-vpc-cni says so.
- "Control plane logs": a log group that EKS makes never expires, one that exists is used.
- "Cluster endpoint": machines inside the network use the private endpoint, whatever the public one's address list is.
- Add-ons are ACTIVE once their pods run, so machines can be had before they are asked for.
DNS is answered on each machine: the coredns add-on, which pulumi_eks installs by default, would have idle pods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_eks
import pulumi_kubernetes
from pulumi_aws import cloudwatch, eks, kms

from . import cluster_roles, manifest, names, rules
from . import eks as versions
from .access import trust
from .checks import Args, Check, Fault, broken, refused, within
from .cluster_access import (
    ACCESS_POLICIES,
    MACHINES,
    NODE_POLICY,
    Access,
    kubeconfig,
    let_in,
)
from .identity import Role, RoleArgs
from .machines import MachinesArgs
from .network import Network
from .nodes import node_pool

SERVICE_CIDR: Final = "172.20.0.0/16"
"""Addresses of Kubernetes Services, which no network of the portal has."""
DNS_ADDRESS: Final = "172.20.0.10"
"""Answers pods' questions for names: the tenth address of the range."""
SHARED_POOL: Final = "shared"
"""Machines for the add-ons, when no others have room."""
LOG_TYPES: Final = ("api", "audit", "authenticator")
CLUSTER_POLICIES: Final = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
NODE_POLICIES: Final = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")


@dataclass(frozen=True, kw_only=True)
class ClusterArgs(Args):
    account: str
    region: str
    boundary: pulumi.Input[str]
    """ARN of the permissions boundary of the cluster's roles."""
    network: Network
    version: str
    """A version of :mod:`.eks`. An upgrade goes to the next one; there is no way back."""
    add_on_versions: Mapping[str, str] = field(default_factory=dict[str, str])
    """By add-on of :data:`.eks.ADD_ONS`, in place of the version there."""
    machines: MachinesArgs = field(default_factory=MachinesArgs)
    """The machines that the cluster's add-ons run on."""
    access: Mapping[str, Access] = field(default_factory=dict[str, Access])
    """By a word for each. Whoever makes the cluster is its administrator already, and must not be among them."""
    public_access: tuple[str, ...]
    """Public IPv4 networks from which Kubernetes is reached over the internet. Empty: from inside the network alone."""
    log_days: int = 90
    """How long the control plane's log is kept; one of CloudWatch's numbers."""
    retire: bool = False
    """No longer protected from deletion."""

    def faults(self) -> Iterator[Fault]:
        version = versions.fault(self.version)
        policies = {one.policy for one in self.access.values()} - {*ACCESS_POLICIES}
        checks: tuple[Check, ...] = (
            (version is None, "version", self.version, str(version)),
            (not policies, "access", sorted(policies), f"one of {', '.join(ACCESS_POLICIES)}"),
        )
        yield from broken(checks)
        for network in self.public_access:
            yield from refused("public_access", network, rules.endpoint_network(network))
        for add_on, number in self.add_on_versions.items():
            yield from refused("add_on_versions", add_on, versions.add_on_fault(add_on))
            yield from refused(f"add_on_versions.{add_on}", number, versions.add_on_version_fault(number))
        yield from refused("log_days", self.log_days, rules.retention_days(self.log_days))
        yield from within("machines", self.machines.faults())


class Cluster(pulumi.ComponentResource):
    """Kubernetes whose machines come and go with the pods, and whose Secrets a key of the account encrypts."""

    cluster_name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """URL of the Kubernetes API."""
    security_group_id: pulumi.Output[str]
    """EKS's own, by which machines and the control plane reach each other."""
    node_role: str
    """Name of the role that machines work with."""
    provider: pulumi_kubernetes.Provider
    """For what is put into the cluster."""
    ready: list[pulumi.Resource]
    """Resources that pods need before they start: machines, enforced network policies, secrets as files."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:cluster:Cluster", name, None, opts)
        self.name, self._args = name, args
        self.node_role = names.NODE_ROLE

        self._nodes_role = self._role("nodes", names.NODE_ROLE, "The machines of the cluster", NODE_POLICIES)
        self._component = self._eks(self._key(), self._log_group())
        eks_cluster = self._component.eks_cluster
        self.cluster_name = eks_cluster.apply(lambda one: one.name)
        self.endpoint = eks_cluster.apply(lambda one: one.endpoint)
        self.security_group_id = eks_cluster.apply(lambda one: one.vpc_config.apply(_security_group))
        self.provider = self._kubernetes(eks_cluster)
        cluster_roles.viewers(f"{name}-viewers", self.inside())
        cluster_roles.deployers(f"{name}-deployers", self.inside())
        for word, one in args.access.items():
            self._let_in(word, one)
        machines = Access(principal=self._nodes_role.arn, policy=NODE_POLICY)
        self.ready = self._ready(self._let_in(MACHINES, machines))
        self.register_outputs({"cluster_name": self.cluster_name, "endpoint": self.endpoint})

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after])

    def _protected(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """A component hands its protection on to its children."""
        return pulumi.ResourceOptions.merge(self._child(*after), pulumi.ResourceOptions(protect=not self._args.retire))

    def _let_in(self, word: str, access: Access) -> pulumi.Resource:
        return let_in(f"{self.name}-{word}", word, access, self._component, self.cluster_name, self)

    def inside(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a child that is an object in the cluster."""
        return pulumi.ResourceOptions(parent=self, provider=self.provider, depends_on=[*after])

    def _role(self, word: str, role: str, description: str, policies: tuple[str, ...]) -> Role:
        args = RoleArgs(
            role=role,
            description=description,
            trust=(trust.machines() if word == "nodes" else trust.cluster(),),
            permissions=(),
            aws_policies=policies,
            boundary=self._args.boundary,
        )
        return Role(f"{self.name}-{word}", args, self._child())

    def _key(self) -> kms.Key:
        key = kms.Key(
            self.name,
            description="Encrypts the Secrets of the Kubernetes cluster",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=self._protected(),
        )
        kms.Alias(self.name, name=names.CLUSTER_KEY, target_key_id=key.key_id, opts=self._child())
        return key

    def _log_group(self) -> cloudwatch.LogGroup:
        return cloudwatch.LogGroup(
            f"{self.name}-log",
            name=names.CLUSTER_LOG_GROUP,
            retention_in_days=self._args.log_days,
            opts=self._child(),
        )

    def _eks(self, key: kms.Key, log: cloudwatch.LogGroup) -> pulumi_eks.Cluster:
        args = self._args
        own_role = self._role("control", names.CLUSTER_ROLE, "EKS works with it for the cluster", CLUSTER_POLICIES)
        return pulumi_eks.Cluster(
            self.name,
            name=names.CLUSTER,
            version=args.version,
            service_role=own_role.resource,
            auto_mode=pulumi_eks.AutoModeOptionsArgs(
                enabled=True,
                create_node_role=False,
                compute_config=pulumi_eks.ClusterComputeConfigArgs(node_pools=[]),
            ),
            create_instance_role=False,
            coredns_addon_options=pulumi_eks.CoreDnsAddonOptionsArgs(enabled=False),
            authentication_mode=pulumi_eks.AuthenticationMode.API,
            vpc_id=args.network.vpc_id,
            private_subnet_ids=[*args.network.private_subnet_ids],
            kubernetes_service_ip_address_range=SERVICE_CIDR,
            endpoint_private_access=True,
            endpoint_public_access=bool(args.public_access),
            public_access_cidrs=[*args.public_access] or None,
            encryption_config_key_arn=key.arn,
            enabled_cluster_log_types=[*LOG_TYPES],
            upgrade_policy=eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            deletion_protection=not args.retire,
            # Without options the component would take the profile of whoever runs the program into its kubeconfig.
            provider_credential_opts=pulumi_eks.KubeconfigOptionsArgs(),
            opts=self._protected(own_role, log, args.network),
        )

    def _kubernetes(self, cluster: pulumi.Output[eks.Cluster]) -> pulumi_kubernetes.Provider:
        """Made from facts that stay with a cluster. Another identifier is another cluster, whose objects are all made
        anew; with the same one the provider stays, whoever runs the program."""
        config = pulumi.Output.all(
            name=self.cluster_name,
            endpoint=self.endpoint,
            authority=cluster.apply(lambda one: one.certificate_authority.apply(lambda authority: authority.data)),
        )
        return pulumi_kubernetes.Provider(
            self.name,
            kubeconfig=config.apply(lambda one: kubeconfig(region=self._args.region, **one)),
            cluster_identifier=cluster.apply(lambda one: one.created_at),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self._component], env_var_mappings=names.PROVIDER_VARIABLES
            ),
        )

    def _ready(self, machines_join: pulumi.Resource) -> list[pulumi.Resource]:
        policies = manifest.apply(
            f"{self.name}-network-policies",
            "v1",
            "ConfigMap",
            {"name": "amazon-vpc-cni", "namespace": "kube-system"},
            self.inside(),
            patch=True,
            data={"enable-network-policy-controller": "true"},
        )
        pool = node_pool(
            SHARED_POOL,
            self._args.machines,
            role=self.node_role,
            subnet_ids=self._args.network.private_subnet_ids,
            security_groups=[self.security_group_id],
            opts=self.inside(machines_join),
        )
        add_ons = {**versions.ADD_ONS[self._args.version], **self._args.add_on_versions}
        return [policies, pool, *(self._add_on(one, version, pool) for one, version in add_ons.items())]

    def _add_on(self, add_on: str, version: str, pool: pulumi.Resource) -> eks.Addon:
        """Comes after the cluster, also when both are upgraded."""
        return eks.Addon(
            f"{self.name}-{add_on}",
            cluster_name=self.cluster_name,
            addon_name=add_on,
            addon_version=version,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=self._child(pool, self._component),
        )


def _security_group(config: Any) -> str:
    return str(config.cluster_security_group_id)

"""`eks:index:Cluster` in EKS Auto Mode: the resources that pulumi-eks 4.3.0 registers, in its order.

Two of its habits: the settings of Auto Mode are known or unknown together, since pulumi-aws compares them; the add-on
CoreDNS is installed unless that is declined, and a role for instances is made unless that is, though Auto Mode needs
neither.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from localcloud.provider.property_values import Reference
from localcloud.provider_eks.arguments import Arguments
from localcloud.provider_eks.kubeconfig import as_json, await_healthy, kubeconfig
from localcloud.provider_eks.monitor import KUBERNETES, Monitor, Registered
from localcloud.provider_eks.outputs import NOTHING, Output, nested, together
from localcloud.provider_eks.results import component_outputs, subnets
from localcloud.provider_eks.roles import Roles, service_role

COMPONENT: Final = "eks:index:Cluster"
_CLUSTER_POLICIES: Final = (
    "AmazonEKSClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSBlockStoragePolicy", "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)  # fmt: skip
_NODE_POLICIES: Final = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
_INSTANCE_POLICIES: Final = (
    "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly",
)  # fmt: skip
_IGNORED: Final = ("accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons")


class Construction:
    """One cluster in the making."""

    def __init__(self, monitor: Monitor, name: str, args: Arguments) -> None:
        self._monitor, self._name, self._args = monitor, name, args

    def construct(self) -> tuple[str, dict[str, Output]]:
        """The component's URN and outputs. Raises ProviderError."""
        urn = self._monitor.itself(COMPONENT).urn
        self._monitor.invoke("aws:index/getPartition:getPartition", {})
        roles = self._roles(urn)
        cluster = self._cluster(urn, roles)
        public, endpoint = self._args["endpointPublicAccess"].value, cluster["endpoint"]
        if public is True and endpoint.known and not self._monitor.preview:
            await_healthy(endpoint.value)
        credentials = self._args["providerCredentialOpts"]
        config = as_json(kubeconfig(cluster, credentials, profile=True))
        kubernetes = self._monitor.resource(KUBERNETES, f"{self._name}-eks-k8s", urn, {"kubeconfig": config})
        self._instances(urn, roles, cluster)
        self._entries(urn, cluster)
        self._coredns(urn, cluster)
        public_config = kubeconfig(cluster, credentials, profile=False)
        outputs = component_outputs(self._args, roles, cluster, kubernetes, public_config)
        self._monitor.finish(urn, outputs)
        return urn, outputs

    def _roles(self, urn: str) -> Roles:
        """The three roles at once, as far as they are made."""
        args, monitor, name = self._args, self._monitor, self._name
        given, tags = args["serviceRole"], args["tags"]
        create = args.plain("createInstanceRole")
        wanted: dict[str, dict[str, Any]] = {}
        if given.value is None:
            wanted["eksRole"] = {
                "service": "eks.amazonaws.com",
                "policies": _CLUSTER_POLICIES,
                "description": "Allows EKS to manage clusters on your behalf.",
                "actions": ("sts:AssumeRole", "sts:TagSession"),
            }
        if args.auto_mode.get("createNodeRole") is not False:
            wanted["nodeRole"] = {"service": "ec2.amazonaws.com", "policies": _NODE_POLICIES}
        if create or (create is None and not args.plain("skipDefaultNodeGroup")):
            wanted["instanceRole"] = {"service": "ec2.amazonaws.com", "policies": _INSTANCE_POLICIES}
        with ThreadPoolExecutor() as threads:
            making = {
                word: threads.submit(service_role, monitor, f"{name}-{word}", urn, tags=tags, **kind)
                for word, kind in wanted.items()
            }
        made = {word: future.result() for word, future in making.items()}
        own, nodes = made.get("eksRole"), made.get("nodeRole")
        after = frozenset[str]().union(*(one.complete for one in (own, nodes) if one))
        cluster = own.role if own else self._given_role(given)
        return Roles(cluster, after, nodes, made.get("instanceRole"))

    def _given_role(self, given: Output) -> Registered:
        if not isinstance(given.value, Reference):
            raise TypeError(f"serviceRole is {given.value!r}, a role is meant")
        return self._monitor.referred(given.value)

    def _cluster(self, urn: str, roles: Roles) -> Registered:
        args = self._args
        own_tags = {"Name": f"{self._name}-eksCluster"}
        inputs = {
            "name": args["name"],
            "roleArn": roles.cluster["arn"],
            **self._auto_mode(roles),
            "bootstrapSelfManagedAddons": Output(False),
            "vpcConfig": nested(
                {
                    "subnetIds": subnets(self._args),
                    **{
                        key: args[key] for key in ("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs")
                    },
                }
            ),
            "version": args["version"],
            "enabledClusterLogTypes": args["enabledClusterLogTypes"],
            "tags": together(
                {"cluster": args["clusterTags"], "all": args["tags"]},
                lambda tags: {**own_tags, **tags.get("cluster", {}), **tags.get("all", {})},
            ),
            "encryptionConfig": args["encryptionConfigKeyArn"].map(
                lambda key: {"provider": {"keyArn": key}, "resources": ["secrets"]} if key else None
            ),
            "accessConfig": nested(
                {
                    "authenticationMode": args["authenticationMode"],
                    "bootstrapClusterCreatorAdminPermissions": True,
                }
            ),
            "upgradePolicy": args["upgradePolicy"],
            "deletionProtection": args["deletionProtection"],
        }
        return self._monitor.resource(
            "aws:eks/cluster:Cluster",
            f"{self._name}-eksCluster",
            urn,
            inputs,
            after=roles.after,
            ignore_changes=_IGNORED,
        )

    def _auto_mode(self, roles: Roles) -> dict[str, Output]:
        """Its three settings, known or unknown together."""
        args = self._args
        role = roles.nodes.role["arn"] if roles.nodes else NOTHING
        given = args["autoMode"].value.get("computeConfig") or {}
        parts = {
            "role": role,
            "compute": Output(given, args["autoMode"].urns),
            "range": args["kubernetesServiceIpAddressRange"],
            "family": args["ipFamily"],
        }

        def settings(known: Mapping[str, Any]) -> dict[str, Any]:
            made = {"nodeRoleArn": known["role"]} if known.get("role") else {}
            family = known.get("family", "ipv4")
            addresses = {"serviceIpv4Cidr": known["range"]} if known.get("range") and family == "ipv4" else {}
            return {
                "computeConfig": {
                    "enabled": True,
                    **made,
                    "nodePools": ["general-purpose", "system"],
                    **known["compute"],
                },
                "storageConfig": {"blockStorage": {"enabled": True}},
                "kubernetesNetworkConfig": {**addresses, "ipFamily": family, "elasticLoadBalancing": {"enabled": True}},
            }

        whole = together(parts, settings)
        names = ("computeConfig", "storageConfig", "kubernetesNetworkConfig")
        return {name: whole.map(lambda value, name=name: value[name]) for name in names}

    def _instances(self, urn: str, roles: Roles, cluster: Registered) -> None:
        """Of the role for instances: its profile, and an entry by which its instances may join."""
        if roles.instances is None:
            return
        role = Output(roles.instances.role["name"].value, roles.instances.complete)
        profile = "aws:iam/instanceProfile:InstanceProfile"
        self._monitor.resource(profile, f"{self._name}-instanceProfile", urn, {"role": role})
        arn = Output(roles.instances.role["arn"].value, roles.instances.complete)
        self._entry(urn, cluster, "defaultNodeGroupInstanceRole", {"principalArn": arn, "type": Output("EC2_LINUX")})

    def _entries(self, urn: str, cluster: Registered) -> None:
        given = self._args["accessEntries"]
        for key, entry in (given.value or {}).items():
            names = {"username": "userName"}
            kept = ("kubernetesGroups", "principalArn", "tags", "type", "username")
            inputs = {names.get(one, one): Output(entry[one], given.urns) for one in kept if one in entry}
            registered = self._entry(urn, cluster, key, inputs)
            for word, association in (entry.get("accessPolicies") or {}).items():
                self._monitor.resource(
                    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
                    f"{self._name}-{key}-{word}",
                    registered.urn,
                    {
                        "clusterName": cluster["name"],
                        "principalArn": inputs["principalArn"],
                        "policyArn": Output(association["policyArn"], given.urns),
                        "accessScope": Output(association["accessScope"], given.urns),
                    },
                    after=[registered.urn],
                )

    def _entry(self, urn: str, cluster: Registered, key: str, inputs: dict[str, Output]) -> Registered:
        token, name = "aws:eks/accessEntry:AccessEntry", f"{self._name}-{key}"
        return self._monitor.resource(token, name, urn, {"clusterName": cluster["name"], **inputs}, after=[cluster.urn])

    def _coredns(self, urn: str, cluster: Registered) -> None:
        options: Mapping[str, Any] = self._args["corednsAddonOptions"].value or {}
        if options.get("enabled") is False and not options.get("configurationValues"):
            return
        configuration = options.get("configurationValues")
        inputs = {
            "clusterName": cluster["name"],
            "addonName": Output("coredns"),
            "tags": self._args["tags"],
            "preserve": Output(True),
            "addonVersion": self._coredns_version(options, cluster["version"]),
            "resolveConflictsOnCreate": Output(options.get("resolveConflictsOnCreate", "OVERWRITE")),
            "resolveConflictsOnUpdate": Output(options.get("resolveConflictsOnUpdate", "OVERWRITE")),
            "configurationValues": as_json(Output(configuration)) if configuration else NOTHING,
        }
        self._monitor.resource("aws:eks/addon:Addon", f"{self._name}-coredns", urn, inputs)

    def _coredns_version(self, options: Mapping[str, Any], kubernetes: Output) -> Output:
        if options.get("version"):
            return Output(options["version"])
        token, asked = "aws:eks/getAddonVersion:getAddonVersion", {"addonName": "coredns", "mostRecent": True}
        return kubernetes.map(
            lambda version: self._monitor.invoke(token, {**asked, "kubernetesVersion": version})["version"]
        )

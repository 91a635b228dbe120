"""What EKS refuses, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.server.call import Refusal
from localcloud.server.services.eks.account import Account
from localcloud.server.services.eks.model import REGIONS

from . import refusal_rows
from .batch_steps import refused, time_scale
from .conftest import DEV, PROD, REGION, Cloud
from .eks_steps import CLUSTER_POLICIES, NODE_POLICIES, Clusters, auto_mode, role_name
from .policies import document

PARAMETER, REQUEST, IN_USE = "InvalidParameterException", "InvalidRequestException", "ResourceInUseException"
MISSING, NOT_HERE = "ResourceNotFoundException", "NotImplemented"
POLICY = "arn:aws:eks::aws:cluster-access-policy/"
CLUSTER_SCOPE = {"type": "cluster"}


@pytest.fixture(scope="module")
def clusters(cloud: Cloud) -> Clusters:
    return Clusters(cloud)


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Iterator[str]:
    """One that no test changes."""
    name = clusters.cluster(version="1.34")
    yield name
    clusters.remove(name)


def created(clusters: Clusters, **given: Any) -> None:
    clusters.client.create_cluster(**clusters.request(**given))


def network(clusters: Clusters, **given: Any) -> dict[str, Any]:
    return {"resourcesVpcConfig": {"subnetIds": clusters.subnets[:2], **given}}


def test_eks_01_subnets_in_one_zone(clusters: Clusters) -> None:
    with refused(PARAMETER, "at least two different AZs"):
        created(clusters, resourcesVpcConfig={"subnetIds": [clusters.subnets[0], clusters.subnets[2]]})


def test_eks_02_auto_mode_in_part(clusters: Clusters, cluster: str) -> None:
    with refused(PARAMETER, "either fully enabled or fully disabled"):
        created(clusters, storageConfig={"blockStorage": {"enabled": False}})
    with refused(PARAMETER, "either fully enabled or fully disabled"):
        clusters.client.update_cluster_config(name=cluster, computeConfig={"enabled": False})


def test_eks_03_node_pools(clusters: Clusters) -> None:
    with refused(PARAMETER, "nodePool list cannot be populated"):
        created(clusters, **auto_mode(pools=("system",)))
    with refused(PARAMETER, "nodePool value(s) must be provided"):
        created(clusters, **auto_mode(role=clusters.node_role))
    with refused(PARAMETER, "gpu"):
        created(clusters, **auto_mode(pools=("gpu",), role=clusters.node_role))


def test_eks_04_auto_mode_by_config_map(clusters: Clusters) -> None:
    with refused(PARAMETER, "API or API_AND_CONFIG_MAP"):
        created(clusters, accessConfig={"authenticationMode": "CONFIG_MAP"})


def test_eks_05_auto_mode_with_self_managed_addons(clusters: Clusters) -> None:
    with refused(PARAMETER, "bootstrapSelfManagedAddons must be set to false"):
        created(clusters, bootstrapSelfManagedAddons=True)


@pytest.mark.parametrize("version", ["1.29", "1.31", "1.99", "1.33.1", "v1.33"])
def test_eks_06_version(clusters: Clusters, version: str) -> None:
    with refused(PARAMETER, "unsupported Kubernetes version"):
        created(clusters, version=version)


@pytest.mark.parametrize("version", ["1.32", "1.33", "1.34", "1.36"])
def test_eks_07_version_update(clusters: Clusters, cluster: str, version: str) -> None:
    with refused(PARAMETER, f"Unsupported Kubernetes minor version update from 1.34 to {version}"):
        clusters.client.update_cluster_version(name=cluster, version=version)


def test_eks_08_role_of_the_cluster(clusters: Clusters) -> None:
    with refused(PARAMETER, "does not exist or the trusted entity is not correct"):
        created(clusters, roleArn=f"arn:aws:iam::{DEV}:role/missing")
    with refused(PARAMETER, "does not exist or the trusted entity is not correct"):
        created(clusters, roleArn=clusters.node_role)
    with refused("AccessDeniedException"):
        created(clusters, roleArn=f"arn:aws:iam::{PROD}:role/{role_name(clusters.role)}")


def test_eks_09_cluster_role_without_tag_session(clusters: Clusters) -> None:
    """Accepted; what Auto Mode does as the role fails later."""
    role = clusters.made_role("eks.amazonaws.com", CLUSTER_POLICIES, "sts:AssumeRole")
    name = clusters.cluster(roleArn=role)
    aws = Account(REGIONS[DEV, REGION].cluster(name))
    with pytest.raises(Refusal, match="sts:TagSession"):
        aws.call(role, "ec2", "DescribeVpcs", {})
    clusters.remove(name)


def test_eks_10_two_changes_at_once(clusters: Clusters) -> None:
    name = clusters.cluster()
    with time_scale(1000):
        clusters.client.update_cluster_config(
            name=name, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]}
        )
        assert clusters.client.describe_cluster(name=name)["cluster"]["status"] == "UPDATING"
        with refused(IN_USE, "has an update in progress"):
            clusters.client.update_cluster_version(name=name, version="1.36")
        with refused(IN_USE, "has an update in progress"):
            clusters.client.delete_cluster(name=name)


def test_eks_11_access_entry_twice(clusters: Clusters, cluster: str) -> None:
    creator = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
    for principal in (creator, clusters.role):
        with refused(IN_USE, "already in use on this cluster"):
            clusters.client.create_access_entry(clusterName=cluster, principalArn=principal)


def test_eks_13_entries_of_nodes(clusters: Clusters, cluster: str) -> None:
    role = clusters.made_role("ec2.amazonaws.com", NODE_POLICIES)
    wanted = {"clusterName": cluster, "principalArn": role}
    for more in ({"kubernetesGroups": ["nodes"]}, {"username": "node"}):
        with refused(PARAMETER, "EC2_LINUX"):
            clusters.client.create_access_entry(**wanted, type="EC2_LINUX", **more)
    clusters.client.create_access_entry(**wanted, type="EC2")
    with refused(REQUEST, "type EC2"):
        clusters.client.associate_access_policy(
            **wanted, policyArn=f"{POLICY}AmazonEKSViewPolicy", accessScope=CLUSTER_SCOPE
        )
    clusters.client.associate_access_policy(
        **wanted, policyArn=f"{POLICY}AmazonEKSAutoNodePolicy", accessScope=CLUSTER_SCOPE
    )


def test_eks_14_access_policies(clusters: Clusters, cluster: str) -> None:
    role = clusters.made_role("ec2.amazonaws.com", ())
    wanted = {"clusterName": cluster, "principalArn": role}
    clusters.client.create_access_entry(**wanted)
    view = f"{POLICY}AmazonEKSViewPolicy"
    for policy in (f"{POLICY}AmazonEKSEverythingPolicy", view.replace("aws:eks", "aws-cn:eks")):
        with refused(PARAMETER, "invalid policy"):
            clusters.client.associate_access_policy(**wanted, policyArn=policy, accessScope=CLUSTER_SCOPE)
    for scope in ({"type": "namespace"}, {"type": "cluster", "namespaces": ["dev"]}):
        with refused(PARAMETER, "accessScope"):
            clusters.client.associate_access_policy(**wanted, policyArn=view, accessScope=scope)


def test_eks_15_authentication_mode(clusters: Clusters, cluster: str) -> None:
    for mode in ("API", "API_AND_CONFIG_MAP", "CONFIG_MAP"):
        with refused(PARAMETER, f"Unsupported authentication mode update from API to {mode}"):
            clusters.client.update_cluster_config(name=cluster, accessConfig={"authenticationMode": mode})


def test_eks_16_policy_without_an_entry(clusters: Clusters, cluster: str) -> None:
    role = clusters.made_role("ec2.amazonaws.com", ())
    with refused(MISSING, role):
        clusters.client.associate_access_policy(
            clusterName=cluster, principalArn=role, policyArn=f"{POLICY}AmazonEKSViewPolicy", accessScope=CLUSTER_SCOPE
        )


def test_eks_17_addon_and_its_version(clusters: Clusters, cluster: str) -> None:
    with refused(PARAMETER, "redis"):
        clusters.client.create_addon(clusterName=cluster, addonName="redis")
    for version in ("v1.35.14-eksbuild.1", "1.34"):
        with refused(PARAMETER, "Addon version specified is not supported"):
            clusters.client.create_addon(clusterName=cluster, addonName="kube-proxy", addonVersion=version)


def test_eks_18_addon_twice_and_its_configuration(clusters: Clusters, cluster: str) -> None:
    wanted = {"clusterName": cluster, "addonName": "metrics-server"}
    for text, words in (("{", "not valid JSON or YAML"), ("[1]", "not an object"), ('{"nodes": 3}', "$.nodes")):
        with refused(PARAMETER, words):
            clusters.client.create_addon(**wanted, configurationValues=text)
    clusters.client.create_addon(**wanted, configurationValues="replicas: 1")
    with refused(IN_USE, "Addon already exists"):
        clusters.client.create_addon(**wanted)


def test_eks_19_pod_identity_association(clusters: Clusters, cluster: str) -> None:
    wanted = {"clusterName": cluster, "namespace": "dev", "serviceAccount": "api", "roleArn": clusters.pod_role}
    made = clusters.client.create_pod_identity_association(**wanted)["association"]
    with refused(IN_USE, f"Association already exists: {made['associationId']}"):
        clusters.client.create_pod_identity_association(**wanted)
    other = wanted | {"serviceAccount": "site"}
    with refused("AccessDeniedException", "iam:PassRole"):
        clusters.client.create_pod_identity_association(**other | {"roleArn": f"arn:aws:iam::{PROD}:role/pods"})
    with refused(PARAMETER, "disableSessionTags"):
        clusters.client.create_pod_identity_association(**other, policy=document())
    with refused(NOT_HERE, "targetRoleArn"):
        clusters.client.create_pod_identity_association(**other, targetRoleArn=f"arn:aws:iam::{PROD}:role/pods")


def test_eks_20_trust_of_a_pods_role(clusters: Clusters, cluster: str) -> None:
    roles = (
        clusters.made_role("ec2.amazonaws.com", ()),
        clusters.made_role("pods.eks.amazonaws.com", (), "sts:AssumeRole"),
    )
    for role in roles:
        with refused(PARAMETER, "Trust policy of the role provided is invalid"):
            clusters.client.create_pod_identity_association(
                clusterName=cluster, namespace="dev", serviceAccount="worker", roleArn=role
            )


def test_eks_21_protected_cluster(clusters: Clusters) -> None:
    name = clusters.cluster(deletionProtection=True)
    with refused(REQUEST, "deletion protection is enabled"):
        clusters.client.delete_cluster(name=name)
    clusters.changed(name, deletionProtection=False)
    clusters.remove(name)


def test_eks_22_another_vpc(clusters: Clusters, vpc: str) -> None:
    group = clusters.ec2.create_security_group(GroupName=vpc, Description="Of a test", VpcId=vpc)["GroupId"]
    with refused(PARAMETER, "must belong to the VPC"):
        created(clusters, **network(clusters, securityGroupIds=[group]))
    subnet = clusters.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone="us-west-2c")["Subnet"]
    with refused(PARAMETER, "must belong to one VPC"):
        created(clusters, **network(clusters, subnetIds=[clusters.subnets[0], subnet["SubnetId"]]))
    with refused(PARAMETER, "subnet-0123456789abcdef0"):
        created(clusters, **network(clusters, subnetIds=["subnet-0123456789abcdef0"]))


def test_eks_23_endpoints(clusters: Clusters, cluster: str) -> None:
    with refused(PARAMETER, "cannot both be false"):
        created(clusters, **network(clusters, endpointPublicAccess=False))
    with refused(PARAMETER, "cannot both be false"):
        clusters.client.update_cluster_config(name=cluster, resourcesVpcConfig={"endpointPublicAccess": False})
    with refused(PARAMETER, "The following CIDRs are invalid in publicAccessCidrs"):
        created(clusters, **network(clusters, publicAccessCidrs=["2001:db8::/32"]))
    for cidr in ("203.0.113.0/24", "10.1.0.96/27"):
        text = f"The following CIDRs are not allowed in publicAccessCidrs: [{cidr}]"
        with refused(PARAMETER, text):
            created(clusters, **network(clusters, publicAccessCidrs=["8.8.8.0/24", cidr]))
        with refused(PARAMETER, text):
            clusters.client.update_cluster_config(name=cluster, resourcesVpcConfig={"publicAccessCidrs": [cidr]})


@pytest.mark.parametrize("cidr", ["100.64.0.0/16", "10.96.0.0/8", "172.20.0.0/28", "10.40.0.0/20"])
def test_eks_24_addresses_of_services(clusters: Clusters, cidr: str) -> None:
    networks = auto_mode()["kubernetesNetworkConfig"] | {"serviceIpv4Cidr": cidr}
    with refused(PARAMETER, "serviceIpv4Cidr"):
        created(clusters, kubernetesNetworkConfig=networks)


def test_eks_25_encryption(clusters: Clusters, cluster: str) -> None:
    kms = clusters.cloud.client("kms")
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    key = kms.create_key()["KeyMetadata"]["Arn"]
    for arn in (signing, key.replace("us-west-2", "us-east-1")):
        with refused(PARAMETER, "not a symmetric KMS key"):
            created(clusters, encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": arn}}])
    with refused(PARAMETER, "['configmaps']"):
        created(clusters, encryptionConfig=[{"resources": ["configmaps"], "provider": {"keyArn": key}}])
    wanted = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    name = clusters.cluster(encryptionConfig=wanted)
    with refused(PARAMETER, "associated"):
        clusters.client.associate_encryption_config(clusterName=name, encryptionConfig=wanted)
    clusters.remove(name)


def test_eks_26_support_type(clusters: Clusters) -> None:
    with refused(PARAMETER, "supportType"):
        created(clusters, upgradePolicy={"supportType": "FOREVER"})
    name = clusters.cluster(version="1.33")
    with refused(PARAMETER, "in extended support"):
        clusters.client.update_cluster_config(name=name, upgradePolicy={"supportType": "STANDARD"})
    clusters.remove(name)


def test_eks_27_name(clusters: Clusters, cluster: str) -> None:
    with refused(IN_USE, "already exists with name"):
        created(clusters, name=cluster)
    for name in ("-cluster", "a.b", "a" * 101):
        with refused(PARAMETER):
            created(clusters, name=name)


def test_eks_28_principals_and_names_of_entries(clusters: Clusters, cluster: str) -> None:
    account = f"arn:aws:iam::{DEV}"
    principals = (
        f"{account}:root",
        f"{account}:role/missing",
        f"{account}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
        f"arn:aws:sts::{DEV}:assumed-role/OrganizationAccountAccessRole/test",
    )
    for principal in principals:
        with refused(PARAMETER, "invalid principal"):
            clusters.client.create_access_entry(clusterName=cluster, principalArn=principal)
    wanted = {"clusterName": cluster, "principalArn": clusters.pod_role}
    with refused(PARAMETER, "system:"):
        clusters.client.create_access_entry(**wanted, kubernetesGroups=["system:masters"])
    with refused(PARAMETER, "eks:admin"):
        clusters.client.create_access_entry(**wanted, username="eks:admin")


def test_eks_30_networks_in_use(clusters: Clusters, cluster: str) -> None:
    vpc = clusters.client.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]
    with refused("DependencyViolation", "has dependencies"):
        clusters.ec2.delete_subnet(SubnetId=vpc["subnetIds"][0])
    with refused("DependencyViolation", "dependent object"):
        clusters.ec2.delete_security_group(GroupId=vpc["clusterSecurityGroupId"])


def test_eks_31_what_a_cluster_needs_of_others(clusters: Clusters, cluster: str) -> None:
    create = {"Effect": "Allow", "Action": "eks:*", "Resource": "*"}
    role = clusters.cloud.limited(create)
    with refused("AccessDeniedException", "iam:PassRole"):
        clusters.cloud.client("eks", role=role).create_cluster(**clusters.request())
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": clusters.role}
    role = clusters.cloud.limited(create, passing)
    clusters.iam.delete_service_linked_role(RoleName="AWSServiceRoleForAmazonEKS")
    with refused("AccessDeniedException", "iam:CreateServiceLinkedRole"):
        clusters.cloud.client("eks", role=role).create_cluster(**clusters.request())
    key = clusters.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    wanted = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    with refused("AccessDeniedException", "kms:DescribeKey"):
        clusters.cloud.client("eks", role=role).create_cluster(**clusters.request(encryptionConfig=wanted))


def test_what_is_not_carried_out_is_named(clusters: Clusters, cluster: str) -> None:
    with refused(NOT_HERE, "remoteNetworkConfig"):
        created(clusters, remoteNetworkConfig={"remoteNodeNetworks": [{"cidrs": ["10.80.0.0/16"]}]})
    for mode in ("API_AND_CONFIG_MAP", "CONFIG_MAP"):
        with refused(NOT_HERE, "API is"):
            created(clusters, **auto_mode(enabled=False), accessConfig={"authenticationMode": mode})
    outposts = {"outpostArns": ["arn:aws:outposts:x"], "controlPlaneInstanceType": "m5.large"}
    with refused(NOT_HERE, "outpostConfig"):
        created(clusters, outpostConfig=outposts)
    with refused(NOT_HERE, "ipFamily ipv6"):
        created(clusters, kubernetesNetworkConfig={"ipFamily": "ipv6"})
    with refused(NOT_HERE, "CreateNodegroup"):
        clusters.client.create_nodegroup(
            clusterName=cluster, nodegroupName="x", subnets=clusters.subnets[:1], nodeRole=clusters.pod_role
        )
    with refused(NOT_HERE, "CreateFargateProfile"):
        clusters.client.create_fargate_profile(
            clusterName=cluster, fargateProfileName="x", podExecutionRoleArn=clusters.pod_role
        )
    provider = {"identityProviderConfigName": "x", "issuerUrl": "https://x.example", "clientId": "x"}
    with refused(NOT_HERE, "AssociateIdentityProviderConfig"):
        clusters.client.associate_identity_provider_config(clusterName=cluster, oidc=provider)
    with refused(NOT_HERE, "CreateCapability"):
        clusters.client.create_capability(
            clusterName=cluster,
            capabilityName="x",
            type="ARGOCD",
            roleArn=clusters.pod_role,
            deletePropagationPolicy="RETAIN",
        )
    association = {"clusterName": cluster, "namespace": "dev", "serviceAccount": "x", "roleArn": clusters.pod_role}
    with refused(NOT_HERE, "policy"):
        clusters.client.create_pod_identity_association(**association, policy="{}", disableSessionTags=True)
    with refused(NOT_HERE, "serviceAccountRoleArn"):
        clusters.client.create_addon(clusterName=cluster, addonName="vpc-cni", serviceAccountRoleArn=clusters.pod_role)


def test_every_row_has_its_test() -> None:
    refusal_rows.check("EKS", "EKS", "test_eks_refusals.py")

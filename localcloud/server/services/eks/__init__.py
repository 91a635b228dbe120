"""EKS: clusters with a Kubernetes API server each, who is let in, add-ons, and the roles of pods (EKS Pod Identity).

Nothing of moto's. Sources: the API reference, the EKS user guide, the service authorization reference. What differs
from AWS: an endpoint is a port of this machine, whatever the settings of its public and private access say; node
groups, Fargate profiles, identity providers and capabilities are not there; control-plane logs are not written.
"""

from __future__ import annotations

from localcloud.server.access.permission import Values
from localcloud.server.call import Call
from localcloud.server.service import Service, imported_late

_PLACE = "arn:aws:eks:{region}:{account}:"
_CLUSTER = _PLACE + "cluster/{name}"
_OF_CLUSTER = _PLACE + "cluster/{clusterName}"
_STORE = "localcloud.server.services.eks.store"
_LIFECYCLE = "localcloud.server.services.eks.lifecycle"


def _principal(call: Call) -> Values:
    principal = call.params.get("principalArn")
    return {"eks:principalArn": [principal]} if principal else {}


_POD_IDENTITY = Service(
    name="eks-auth",
    operations={(_OF_CLUSTER,): "AssumeRoleForPodIdentity"},
    invalid="InvalidParameterException",
)
SERVICE = Service(
    name="eks",
    operations={
        ("*",): """CreateCluster DescribeAddonConfiguration DescribeAddonVersions DescribeClusterVersions
            ListAccessPolicies ListClusters""",
        (_CLUSTER,): """DeleteCluster DescribeCluster DescribeUpdate ListUpdates UpdateClusterConfig
            UpdateClusterVersion""",
        (_OF_CLUSTER,): """AssociateEncryptionConfig CreateAccessEntry CreateAddon CreatePodIdentityAssociation
            ListAccessEntries ListAddons ListFargateProfiles ListNodegroups ListPodIdentityAssociations""",
        ("{principalArn}",): """AssociateAccessPolicy DeleteAccessEntry DescribeAccessEntry DisassociateAccessPolicy
            ListAssociatedAccessPolicies UpdateAccessEntry""",
        ("{addonName}",): "DeleteAddon DescribeAddon UpdateAddon",
        ("{associationId}",): """DeletePodIdentityAssociation DescribePodIdentityAssociation
            UpdatePodIdentityAssociation""",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
    },
    stands_for={
        "principalArn": imported_late(_STORE, "entry_arn"),
        "addonName": imported_late(_STORE, "addon_arn"),
        "associationId": imported_late(_STORE, "association_arn"),
    },
    condition_keys={
        "eks:accessEntryType": "type",
        "eks:accessScope": "accessScope.type",
        "eks:authenticationMode": "accessConfig.authenticationMode",
        "eks:blockStorageEnabled": "storageConfig.blockStorage.enabled",
        "eks:bootstrapClusterCreatorAdminPermissions": "accessConfig.bootstrapClusterCreatorAdminPermissions",
        "eks:bootstrapSelfManagedAddons": "bootstrapSelfManagedAddons",
        "eks:computeConfigEnabled": "computeConfig.enabled",
        "eks:deletionProtection": "deletionProtection",
        "eks:elasticLoadBalancingEnabled": "kubernetesNetworkConfig.elasticLoadBalancing.enabled",
        "eks:encryptionConfigProviderKeyArns": "encryptionConfig.provider.keyArn",
        "eks:endpointPrivateAccess": "resourcesVpcConfig.endpointPrivateAccess",
        "eks:endpointPublicAccess": "resourcesVpcConfig.endpointPublicAccess",
        "eks:kubernetesGroups": "kubernetesGroups",
        "eks:kubernetesVersion": "version",
        "eks:namespaces": "accessScope.namespaces",
        "eks:policyArn": "policyArn",
        "eks:supportType": "upgradePolicy.supportType",
        "eks:username": "username",
    },
    context=_principal,
    sets=("eks:principalArn",),
    tags_on_create=dict.fromkeys(
        ("CreateAccessEntry", "CreateAddon", "CreateCluster", "CreatePodIdentityAssociation"), "TagResource"
    ),
    passed_roles={
        "CreateCluster": {"roleArn": "eks.amazonaws.com", "computeConfig.nodeRoleArn": "eks.amazonaws.com"},
        "UpdateClusterConfig": {"computeConfig.nodeRoleArn": "eks.amazonaws.com"},
        "CreatePodIdentityAssociation": {"roleArn": "pods.eks.amazonaws.com"},
        "UpdatePodIdentityAssociation": {"roleArn": "pods.eks.amazonaws.com"},
    },
    principals=("pods.eks.amazonaws.com",),
    service_linked_roles={"eks.amazonaws.com": "AmazonEKS"},
    resource=imported_late(_STORE, "resource"),
    inventory=imported_late(_STORE, "inventory"),
    flush=imported_late(_LIFECYCLE, "flush"),
    reset=imported_late(_LIFECYCLE, "forget"),
    stop=imported_late(_LIFECYCLE, "stop"),
    invalid="InvalidParameterException",
    modules=("clusters", "updates", "entries", "addons", "associations", "tagging", "pod_identity", "network"),
    loads_late=True,
    also=(_POD_IDENTITY,),
)

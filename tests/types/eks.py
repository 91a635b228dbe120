"""Cases of the types of EKS."""

from __future__ import annotations

import json
from typing import Any

from tests.journey.programs.types import inputs
from tests.journey.programs.types.inputs import Change
from tests.localcloud.conftest import REGION

from . import behind, listing
from .case import Case, Drift, Inputs, Make, Name, Program

VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


def _role(make: Make, name: Name, service: str) -> str:
    """The ARN of a role that the service may assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    return make("aws:iam/role:Role", {"name": name("case-role"), "assumeRolePolicy": document})[1]["arn"]


def _around(make: Make, name: Name) -> dict[str, Any]:
    vpc = make("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": name("vpc")}})[0]
    subnets = [
        make(
            "aws:ec2/subnet:Subnet",
            {"vpcId": vpc, "cidrBlock": f"10.0.{number}.0/24", "availabilityZone": f"{REGION}{zone}"},
        )[0]
        for number, zone in enumerate("abc")
    ]
    group = {"vpcId": vpc, "description": "Of a case", "name": name("case-group")}
    return {
        "subnets": subnets,
        "group": make("aws:ec2/securityGroup:SecurityGroup", group)[0],
        "role": _role(make, name, "eks.amazonaws.com"),
        "nodes": _role(make, name, "ec2.amazonaws.com"),
        "key": make("aws:kms/key:Key", {"description": "Of a case", "deletionWindowInDays": 7})[1]["arn"],
        "name": name("case-cluster"),
    }


def _auto_mode(role: str, *pools: str) -> Inputs:
    return {"computeConfig": {"enabled": True, "nodePools": list(pools), "nodeRoleArn": role}}


def _inputs(around: dict[str, Any]) -> Inputs:
    return {
        "name": around["name"],
        "version": "1.34",
        "roleArn": around["role"],
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
        "bootstrapSelfManagedAddons": False,
        **_auto_mode(around["nodes"], "system"),
        "kubernetesNetworkConfig": {
            "elasticLoadBalancing": {"enabled": True},
            "ipFamily": "ipv4",
            "serviceIpv4Cidr": "172.20.0.0/16",
        },
        "storageConfig": {"blockStorage": {"enabled": True}},
        "vpcConfig": {
            "subnetIds": around["subnets"][:2],
            "securityGroupIds": [around["group"]],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": True,
            "publicAccessCidrs": ["8.8.8.0/24"],
        },
        "enabledClusterLogTypes": ["audit"],
        "deletionProtection": False,
        "forceUpdateVersion": False,
        "upgradePolicy": {"supportType": "EXTENDED"},
        "tags": {"a": "1"},
    }


def _other_networks(around: dict[str, Any]) -> Inputs:
    return {
        "vpcConfig": {
            "subnetIds": around["subnets"],
            "securityGroupIds": [],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
            "publicAccessCidrs": ["8.8.8.0/24"],
        }
    }


def _cluster(make: Make, name: Name) -> dict[str, Any]:
    around = _around(make, name)
    make("aws:eks/cluster:Cluster", _inputs(around))
    return {
        **around,
        "principal": _role(make, name, "ec2.amazonaws.com"),
        "pods": [_role(make, name, "pods.eks.amazonaws.com") for _ in range(2)],
    }


def _entry(make: Make, name: Name) -> dict[str, Any]:
    around = _cluster(make, name)
    make("aws:eks/accessEntry:AccessEntry", {"clusterName": around["name"], "principalArn": around["principal"]})
    return around


def _changed(eks: Any, cluster: str, **change: Any) -> None:
    eks.update_cluster_config(name=cluster, **change)
    eks.get_waiter("cluster_active").wait(name=cluster, WaiterConfig={"Delay": 1})


def _other_version(eks: Any, cluster: str, addon: str, version: str) -> None:
    named = {"clusterName": cluster, "addonName": addon}
    eks.update_addon(**named, addonVersion=version)
    eks.get_waiter("addon_active").wait(**named, WaiterConfig={"Delay": 1})


EKS_CASES = (
    Case(
        "aws:eks/cluster:Cluster",
        before=_around,
        inputs=_inputs,
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"version": "1.35"},
            {"enabledClusterLogTypes": ["api", "scheduler"]},
            {"encryptionConfig": {"provider": {"keyArn": made["key"]}, "resources": ["secrets"]}},
            _auto_mode(made["nodes"], "system", "general-purpose"),
            _other_networks(made),
            {"upgradePolicy": {"supportType": "STANDARD"}},
            {"zonalShiftConfig": {"enabled": True}},
            {"deletionProtection": True},
            {"deletionProtection": False},
        ],
        replacement=lambda _: {"name": "another"},
        drift=lambda aws, cluster, _: _changed(aws("eks"), cluster, upgradePolicy={"supportType": "EXTENDED"}),
        drifted="upgradePolicy",
        unread=("accessConfig", "bootstrapSelfManagedAddons", "forceUpdateVersion"),
        program=Program(
            inputs={
                "name": "types-cluster",
                "version": "1.36",
                "roleArn": inputs.Of("control-role", "arn"),
                "accessConfig": {"authenticationMode": "API"},
                "vpcConfig": {"subnetIds": [inputs.Of("one-subnet"), inputs.Of("other-subnet")]},
            },
            update=Change(path="enabled_cluster_log_types", inputs={"enabledClusterLogTypes": ["audit"]}),
            replace=Change(path="name", inputs={"name": "types-cluster-renamed"}),
        ),
        drifts=(Drift(name="cluster-eksCluster", change=behind.cheaper_support, shows="upgradePolicy.supportType"),),
        listed=listing.clusters,
    ),
    Case(
        "aws:eks/accessEntry:AccessEntry",
        before=_cluster,
        inputs=lambda made: {
            "clusterName": made["name"],
            "principalArn": made["principal"],
            "kubernetesGroups": ["readers"],
            "userName": "reader",
            "type": "STANDARD",
            "tags": {"a": "1"},
        },
        updates=lambda _: [{"tags": {"b": "2"}}, {"kubernetesGroups": ["writers"]}, {"userName": "writer"}],
        replacement=lambda made: {"principalArn": made["pods"][0]},
        drift=lambda aws, _, made: aws("eks").update_access_entry(
            clusterName=made["name"], principalArn=made["principal"], kubernetesGroups=["others"]
        ),
        drifted="kubernetesGroups",
        program=Program(
            inputs={"clusterName": inputs.Of("kubernetes", "name"), "principalArn": inputs.Of("one-role", "arn")},
            update=Change(path="kubernetes_groups", inputs={"kubernetesGroups": ["readers"]}),
            replace=Change(path="principal_arn", inputs={"principalArn": inputs.Of("other-role", "arn")}),
        ),
        drifts=(
            Drift(
                name="cluster-operators",
                change=lambda aws, held: aws("eks").tag_resource(
                    resourceArn=held["accessEntryArn"], tags=behind.OTHER_TAG
                ),
                shows="tags",
            ),
        ),
        listed=listing.access_entries,
    ),
    Case(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        before=_entry,
        inputs=lambda made: {
            "clusterName": made["name"],
            "principalArn": made["principal"],
            "policyArn": VIEW,
            "accessScope": {"type": "namespace", "namespaces": ["dev", "staging"]},
        },
        replacement=lambda _: {"policyArn": VIEW.replace("View", "Edit")},
        program=Program(
            inputs={
                "clusterName": inputs.Of("kubernetes", "name"),
                "principalArn": inputs.Of("entry", "principal_arn"),
                "policyArn": f"{inputs.POLICY}ViewPolicy",
                "accessScope": {"type": "cluster"},
            },
            replace=Change(path="policy_arn", inputs={"policyArn": f"{inputs.POLICY}EditPolicy"}),
            lacks="everything of it is what it is",
        ),
        drifts=(
            Drift(
                name="cluster-preview",
                change=lambda aws, held: aws("eks").disassociate_access_policy(
                    **behind.entry(held), policyArn=held["policyArn"]
                ),
                gone="a policy is associated or not",
            ),
            Drift(
                name="cluster-drift",
                change=lambda aws, held: aws("eks").associate_access_policy(
                    **behind.entry(held),
                    policyArn=held["policyArn"],
                    accessScope={"type": "namespace", "namespaces": ["dev"]},
                ),
                shows="accessScope",
            ),
        ),
        listed=listing.policy_associations,
    ),
    Case(
        "aws:eks/addon:Addon",
        before=_cluster,
        inputs=lambda made: {
            "clusterName": made["name"],
            "addonName": "metrics-server",
            "addonVersion": "v0.8.1-eksbuild.1",
            "configurationValues": '{"replicas": 1}',
            "preserve": True,
            "resolveConflictsOnCreate": "OVERWRITE",
            "resolveConflictsOnUpdate": "OVERWRITE",
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"addonVersion": "v0.8.1-eksbuild.3"},
            {"configurationValues": '{"replicas": 2}'},
        ],
        replacement=lambda _: {"addonName": "kube-state-metrics"},
        drift=lambda aws, _, made: _other_version(aws("eks"), made["name"], "metrics-server", "v0.8.1-eksbuild.2"),
        drifted="addonVersion",
        unread=("preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"),
        program=Program(
            inputs={
                "clusterName": inputs.Of("kubernetes", "name"),
                "addonName": "aws-secrets-store-csi-driver-provider",
            },
            update=Change(path="configuration_values", inputs={"configurationValues": '{"awsRegion": "us-west-2"}'}),
            replace=Change(path="addon_name", inputs={"addonName": "prometheus-node-exporter"}),
        ),
        drifts=(
            Drift(
                name="cluster-metrics-server",
                change=lambda aws, held: aws("eks").tag_resource(resourceArn=held["arn"], tags=behind.OTHER_TAG),
                shows="tags",
            ),
        ),
        listed=lambda client: {":".join(one) for one in listing.of_clusters("list_addons", "addons")(client)},
    ),
    Case(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        before=_cluster,
        inputs=lambda made: {
            "clusterName": made["name"],
            "namespace": "dev",
            "serviceAccount": "api",
            "roleArn": made["pods"][0],
            "disableSessionTags": False,
            "tags": {"a": "1"},
        },
        updates=lambda made: [{"tags": {"b": "2"}}, {"roleArn": made["pods"][1]}, {"disableSessionTags": True}],
        replacement=lambda _: {"serviceAccount": "site"},
        drift=lambda aws, association, made: aws("eks").update_pod_identity_association(
            clusterName=made["name"], associationId=association, roleArn=made["pods"][0]
        ),
        drifted="roleArn",
        import_id=lambda association, inputs: f"{inputs['clusterName']},{association}",
        unsent={
            "policy": "the local cloud has no policies of associations",
            "targetRoleArn": "the local cloud has no target roles",
        },
        program=Program(
            inputs={
                "clusterName": inputs.Of("kubernetes", "name"),
                "namespace": "dev",
                "serviceAccount": "api",
                "roleArn": inputs.Of("pods-role", "arn"),
            },
            update=Change(path="role_arn", inputs={"roleArn": inputs.Of("other-pods-role", "arn")}),
            replace=Change(path="service_account", inputs={"serviceAccount": "site"}),
        ),
        drifts=(
            Drift(
                name="staging-api",
                change=lambda aws, held: aws("eks").delete_pod_identity_association(
                    clusterName=held["clusterName"], associationId=held["id"]
                ),
                gone="no other role of the account may be given to pods",
            ),
        ),
        listed=listing.pod_identities,
    ),
)

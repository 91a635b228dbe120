"""A web service in a cluster that stands already: every kind that the portal's services are made of.

The kubeconfig, the image, and the name and a label of every object come from the stack's settings; the secret is one to
Pulumi too.
"""

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.autoscaling import v2 as autoscaling
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.policy import v1 as policy
from pulumi_kubernetes.rbac import v1 as rbac

settings = pulumi.Config()
labels = {"app": "api"}
selector = meta.LabelSelectorArgs(match_labels=labels)
cluster = Provider("cluster", kubeconfig=settings.require("kubeconfig"), cluster_identifier="one")
inside = pulumi.ResourceOptions(provider=cluster)
overrule = {"pulumi.com/patchForce": settings.require("force")}
name, marked = settings.require("name"), {"mark": settings.require("mark")}
namespace = core.Namespace(
    "dev",
    metadata=meta.ObjectMetaArgs(name=settings.require("namespace"), labels=marked, annotations=overrule),
    opts=inside,
)


def named_api(**annotations: str) -> meta.ObjectMetaArgs:
    within = namespace.metadata.name
    return meta.ObjectMetaArgs(
        name=name, namespace=within, labels={**labels, **marked}, annotations={**overrule, **annotations}
    )


account = core.ServiceAccount("api", metadata=named_api(), automount_service_account_token=False, opts=inside)
core.Secret("api", metadata=named_api(), string_data={"uri": pulumi.Output.secret("postgresql://hunter2")}, opts=inside)
variables = core.ConfigMap(
    "variables",
    metadata=meta.ObjectMetaArgs(namespace=namespace.metadata.name, annotations=overrule, labels=marked),
    data={"a": "1"},
    opts=inside,
)
core.ConfigMapPatch(
    "network-policy",
    metadata=meta.ObjectMetaPatchArgs(name=f"cni-{name}", namespace="kube-system", labels=marked, annotations=overrule),
    data={"enable-network-policy-controller": "true"},
    opts=inside,
)
core.Service(
    "api",
    metadata=named_api(**{"pulumi.com/skipAwait": "true"}),
    spec=core.ServiceSpecArgs(selector=labels, ports=[core.ServicePortArgs(name="http", port=80, target_port="http")]),
    opts=inside,
)
CustomResource(
    "api",
    api_version="eks.amazonaws.com/v1",
    kind="TargetGroupBinding",
    metadata=named_api(),
    spec={"serviceRef": {"name": "api", "port": 80}, "targetGroupARN": "arn:aws:x", "targetType": "ip"},
    opts=inside,
)
unbound = meta.ObjectMetaArgs(name=name, labels=marked, annotations=overrule)
CustomResource(
    "machines",
    api_version="eks.amazonaws.com/v1",
    kind="NodeClass",
    metadata=unbound,
    spec={
        "role": "nodes",
        "subnetSelectorTerms": [{"id": "subnet-1"}],
        "securityGroupSelectorTerms": [{"id": "sg-1"}],
    },
    opts=inside,
)
architecture = {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}
reference = {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": name}
CustomResource(
    "machines",
    api_version="karpenter.sh/v1",
    kind="NodePool",
    metadata=unbound,
    spec={"template": {"spec": {"nodeClassRef": reference, "requirements": [architecture]}}, "limits": {"cpu": "8"}},
    opts=inside,
)
CustomResource(
    "api",
    api_version="secrets-store.csi.x-k8s.io/v1",
    kind="SecretProviderClass",
    metadata=named_api(),
    spec={"provider": "aws", "parameters": {"region": "us-west-2"}},
    opts=inside,
)
container = core.ContainerArgs(
    name="app",
    image=settings.require("image"),
    ports=[core.ContainerPortArgs(name="http", container_port=8000)],
    resources=core.ResourceRequirementsArgs(requests={"cpu": "100m"}, limits={"memory": "64Mi"}),
    env_from=[core.EnvFromSourceArgs(config_map_ref=core.ConfigMapEnvSourceArgs(name=variables.metadata.name))],
)
deployment = apps.Deployment(
    "api",
    metadata=named_api(),
    spec=apps.DeploymentSpecArgs(
        replicas=settings.require_int("replicas"),
        selector=selector,
        template=core.PodTemplateSpecArgs(
            metadata=meta.ObjectMetaArgs(labels=labels),
            spec=core.PodSpecArgs(service_account_name=account.metadata.name, containers=[container]),
        ),
    ),
    opts=pulumi.ResourceOptions(provider=cluster, custom_timeouts=pulumi.CustomTimeouts(create="20s", update="20s")),
)
policy.PodDisruptionBudget(
    "api",
    metadata=named_api(),
    spec=policy.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector),
    opts=inside,
)
autoscaling.HorizontalPodAutoscaler(
    "api",
    metadata=named_api(),
    spec=autoscaling.HorizontalPodAutoscalerSpecArgs(
        scale_target_ref=autoscaling.CrossVersionObjectReferenceArgs(
            api_version="apps/v1", kind="Deployment", name=deployment.metadata.name
        ),
        min_replicas=2,
        max_replicas=4,
    ),
    opts=inside,
)
way_in = networking.NetworkPolicyIngressRuleArgs(ports=[networking.NetworkPolicyPortArgs(port="http")])
networking.NetworkPolicy(
    "api",
    metadata=named_api(),
    spec=networking.NetworkPolicySpecArgs(pod_selector=selector, policy_types=["Ingress"], ingress=[way_in]),
    opts=inside,
)
read = rbac.PolicyRuleArgs(api_groups=["apps"], resources=["deployments"], verbs=["get"])
role = rbac.ClusterRole("viewers", metadata=unbound, rules=[read], opts=inside)
reference_to_role = rbac.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=role.metadata.name)
viewers = [rbac.SubjectArgs(api_group="rbac.authorization.k8s.io", kind="Group", name="viewers")]
rbac.ClusterRoleBinding("viewers", metadata=unbound, role_ref=reference_to_role, subjects=viewers, opts=inside)
rbac.RoleBinding("viewers", metadata=named_api(), role_ref=reference_to_role, subjects=viewers, opts=inside)

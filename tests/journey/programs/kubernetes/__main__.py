"""A web service in a cluster that stands already: every kind that the portal's services are made of.

The kubeconfig and the image come from the stack's settings; the secret is one to Pulumi too.
"""

import pulumi
import pulumi_kubernetes as kubernetes

settings = pulumi.Config()
labels = {"app": "api"}
selector = {"match_labels": labels}
cluster = kubernetes.Provider("cluster", kubeconfig=settings.require("kubeconfig"), cluster_identifier="one")
inside = pulumi.ResourceOptions(provider=cluster)

namespace = kubernetes.core.v1.Namespace("dev", metadata={"name": "dev"}, opts=inside)
metadata = {"name": "api", "namespace": namespace.metadata.name, "labels": labels}
account = kubernetes.core.v1.ServiceAccount(
    "api", metadata=metadata, automount_service_account_token=False, opts=inside
)
kubernetes.core.v1.Secret(
    "api", metadata=metadata, string_data={"uri": pulumi.Output.secret("postgresql://hunter2")}, opts=inside
)
settings_map = kubernetes.core.v1.ConfigMap(
    "settings", metadata={"namespace": namespace.metadata.name}, data={"a": "1"}, opts=inside
)
kubernetes.core.v1.ConfigMapPatch(
    "network-policy",
    metadata={"name": "amazon-vpc-cni", "namespace": "kube-system"},
    data={"enable-network-policy-controller": "true"},
    opts=inside,
)
kubernetes.core.v1.Service(
    "api",
    metadata={**metadata, "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"selector": labels, "ports": [{"name": "http", "port": 80, "target_port": "http"}]},
    opts=inside,
)
kubernetes.apiextensions.CustomResource(
    "api",
    api_version="eks.amazonaws.com/v1",
    kind="TargetGroupBinding",
    metadata=metadata,
    spec={"serviceRef": {"name": "api", "port": 80}, "targetGroupARN": "arn:aws:x", "targetType": "ip"},
    opts=inside,
)
deployment = kubernetes.apps.v1.Deployment(
    "api",
    metadata=metadata,
    spec={
        "replicas": settings.require_int("replicas"),
        "selector": selector,
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "service_account_name": account.metadata.name,
                "containers": [
                    {
                        "name": "app",
                        "image": settings.require("image"),
                        "ports": [{"name": "http", "container_port": 8000}],
                        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}},
                        "env_from": [{"config_map_ref": {"name": settings_map.metadata.name}}],
                    }
                ],
            },
        },
    },
    opts=pulumi.ResourceOptions(provider=cluster, custom_timeouts=pulumi.CustomTimeouts(create="20s", update="20s")),
)
forced = {"annotations": {"pulumi.com/patchForce": settings.require("force")}}
kubernetes.policy.v1.PodDisruptionBudget(
    "api", metadata={**metadata, **forced}, spec={"max_unavailable": 1, "selector": selector}, opts=inside
)
kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
    "api",
    metadata=metadata,
    spec={
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": deployment.metadata.name},
        "min_replicas": 2,
        "max_replicas": 4,
    },
    opts=inside,
)
kubernetes.networking.v1.NetworkPolicy(
    "api",
    metadata=metadata,
    spec={"pod_selector": selector, "policy_types": ["Ingress"], "ingress": [{"ports": [{"port": "http"}]}]},
    opts=inside,
)
pulumi.export("address", namespace.metadata.name)

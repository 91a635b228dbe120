"""WebService: one service of an environment, in pods behind the environment's load balancer.

Rests on:
- EKS user guide "Target group bindings" in Auto Mode: a pod has a readiness gate if its namespace has the label and the
  binding is there before the pod. So the order is rule, namespace, secret and role, migration, Service, binding,
  Deployment.
- A pod goes on answering while the load balancer still sends it requests (:mod:`.service_routes`), and that is shorter
  than its whole grace.
- Kubernetes documentation "Service" and "Network Policies": a port by name is each pod's own, so that pods of two
  releases may listen on two; EKS's network policy controller resolves it for pods that end too.
- Kubernetes documentation "Disruptions", "Horizontal Pod Autoscaling": the autoscaler alone says how many pods there
  are, so the Deployment doesn't; every container has a CPU request.
- Secrets Manager's values reach a pod as files, by the pod's own role (EKS Pod Identity); :mod:`.pods` makes variables
  of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import pulumi
from pulumi_aws import eks, lb

from . import manifest, names, pods, service_routes, ways
from .access import roles, trust
from .identity import Role, RoleArgs
from .migration import migrate
from .service_args import WebServiceArgs

DRAIN_SECONDS: Final = 30
"""How long a pod that is to end still answers."""
SPARE_SECONDS: Final = 10
PROGRESS_SECONDS: Final = 600
"""A rollout that gets no further for so long has failed; the pods before it still serve."""
READY_SECONDS: Final = 10
CPU_TARGET_PERCENT: Final = 70
"""Above this average part of the CPU that pods request, another pod is started."""
_TIMEOUTS: Final = pulumi.CustomTimeouts(create="15m", update="15m", delete="10m")


class WebService(pulumi.ComponentResource):
    """Pods that the load balancer sends the requests of some paths, and all that they need."""

    target_group_arn: pulumi.Output[str]
    routes: list[lb.ListenerRule]
    """The load balancer's rules: requests by its listener reach the pods once they are there."""

    def __init__(self, name: str, args: WebServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:service:WebService", name, None, opts)
        self.name, self._args = name, args
        self._labels = {"app.kubernetes.io/name": args.service}
        self._own = pulumi.ResourceOptions(parent=self)

        group = service_routes.target_group(name, args, self._own)
        self.routes = service_routes.rules(name, args, group, self._own)
        opened = service_routes.open_groups(name, args, self._own)
        needed = [*opened, self._policy(), self._account(), *self._secret()]
        if args.migration:
            needed.append(migrate(name, args, args.migration, self._inside, *needed))
        service = self._service()
        binding = self._binding(group, service, *self.routes)
        self._autoscaler()
        self._budget()
        self._deployment(binding, *needed)
        self.target_group_arn = group.arn
        self.register_outputs({"target_group_arn": self.target_group_arn})

    def _inside(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of an object in the cluster, which comes after the namespace."""
        args = self._args
        return pulumi.ResourceOptions(
            parent=self, provider=args.cluster.provider, depends_on=[args.namespace, *args.cluster.ready, *after]
        )

    def _named(self, **more: Any) -> dict[str, Any]:
        """The metadata of each of its objects."""
        args = self._args
        return {"name": args.service, "namespace": args.namespace.namespace, "labels": self._labels, **more}

    def _policy(self) -> pulumi.CustomResource:
        """In from the load balancer's subnets, whose addresses change within them, to the port of the pod; out to DNS
        and what it names."""
        args = self._args
        spec = {
            "podSelector": {"matchLabels": self._labels},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": ways.blocks(args.networks), "ports": [ways.tcp(pods.PORT_NAME)]}],
            "egress": ways.egress(args.ways_out),
        }
        kind = "networking.k8s.io/v1", "NetworkPolicy"
        return manifest.apply(f"{self.name}-ways", *kind, self._named(), self._inside(), spec=spec)

    def _service(self) -> pulumi.CustomResource:
        spec = {
            "type": "ClusterIP",
            "selector": self._labels,
            "ports": [{"name": "http", "port": 80, "targetPort": pods.PORT_NAME, "protocol": "TCP"}],
        }
        metadata = self._named(annotations=manifest.SKIP_AWAIT)  # it has no endpoints before its pods
        return manifest.apply(f"{self.name}-service", "v1", "Service", metadata, self._inside(), spec=spec)

    def _binding(
        self, group: lb.TargetGroup, service: pulumi.Resource, *routed: pulumi.Resource
    ) -> pulumi.CustomResource:
        spec = {
            "serviceRef": {"name": self._args.service, "port": 80},
            "targetGroupARN": group.arn,
            "targetType": "ip",
        }
        kind = "eks.amazonaws.com/v1", "TargetGroupBinding"
        return manifest.apply(f"{self.name}-binding", *kind, self._named(), self._inside(service, *routed), spec=spec)

    # Who the pods are

    def _account(self) -> pulumi.CustomResource:
        """Without a token for Kubernetes, which no pod asks anything."""
        return manifest.apply(
            f"{self.name}-account",
            "v1",
            "ServiceAccount",
            self._named(),
            self._inside(),
            automountServiceAccountToken=False,
        )

    def _secret(self) -> Sequence[pulumi.Resource]:
        """Which secret its pods read, and their right to."""
        args, secret = self._args, self._args.secret
        if secret is None:
            return ()
        values = [{"path": key, "objectAlias": variable} for variable, key in secret.variables.items()]
        whole = {"objectName": secret.name, "objectType": "secretsmanager", "objectAlias": "whole", "jmesPath": values}
        parameters = {"region": args.region, "usePodIdentity": "true", "objects": json.dumps([whole])}
        kind = "secrets-store.csi.x-k8s.io/v1", "SecretProviderClass"
        spec = {"provider": "aws", "parameters": parameters}
        values_class = manifest.apply(f"{self.name}-secret", *kind, self._named(), self._inside(), spec=spec)
        role = Role(
            self.name,
            RoleArgs(
                role=names.service_role(args.namespace.namespace, args.service),
                description=f"Pods of {args.service} of the environment {args.namespace.namespace}",
                trust=(trust.pods(args.account, args.region, args.namespace.namespace, args.service),),
                permissions=(roles.secret_of_pods(args.account, args.region, secret.name),),
                boundary=args.boundary,
            ),
            self._own,
        )
        association = eks.PodIdentityAssociation(
            self.name,
            cluster_name=args.cluster.cluster_name,
            namespace=args.namespace.namespace,
            service_account=args.service,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        return values_class, association

    # The pods

    def _autoscaler(self) -> None:
        args = self._args
        target = {"type": "Utilization", "averageUtilization": CPU_TARGET_PERCENT}
        metric = {"container": args.main.name, "name": "cpu", "target": target}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": args.service},
            "minReplicas": args.replicas,
            "maxReplicas": args.max_replicas,
            "metrics": [{"type": "ContainerResource", "containerResource": metric}],
        }
        kind = "autoscaling/v2", "HorizontalPodAutoscaler"
        manifest.apply(f"{self.name}-autoscaler", *kind, self._named(), self._inside(), spec=spec)

    def _budget(self) -> None:
        """One pod at a time may be moved, and one that doesn't work at any time."""
        spec = {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": self._labels},
        }
        kind = "policy/v1", "PodDisruptionBudget"
        manifest.apply(f"{self.name}-budget", *kind, self._named(), self._inside(), spec=spec)

    def _deployment(self, *after: pulumi.Resource) -> None:
        secret = self._args.secret
        template = {"labels": self._labels}
        if secret:
            template["annotations"] = {"portal/secret-version": str(secret.version)}
        spec = {
            "selector": {"matchLabels": self._labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "minReadySeconds": READY_SECONDS,
            "progressDeadlineSeconds": PROGRESS_SECONDS,
            "revisionHistoryLimit": 3,
            "template": {"metadata": template, "spec": self._pod()},
        }
        opts = pulumi.ResourceOptions.merge(self._inside(*after), pulumi.ResourceOptions(custom_timeouts=_TIMEOUTS))
        manifest.apply(f"{self.name}-deployment", "apps/v1", "Deployment", self._named(), opts, spec=spec)

    def _pod(self) -> dict[str, Any]:
        args = self._args
        serving = pods.serving(args.main, args.scratch, args.port, args.probe, DRAIN_SECONDS)
        stay = DRAIN_SECONDS + args.stop_seconds
        volumes = pods.volumes(args.scratch, args.service if args.secret else None)
        return {
            "serviceAccountName": args.service,
            "automountServiceAccountToken": False,
            "securityContext": pods.security(args.user_id),
            "nodeSelector": {"karpenter.sh/nodepool": args.namespace.pool},
            "terminationGracePeriodSeconds": stay + SPARE_SECONDS,
            "topologySpreadConstraints": pods.spread(self._labels),
            **({"initContainers": [pods.container(one, args.scratch) for one in args.before]} if args.before else {}),
            "containers": [serving, *(pods.sidecar(one, args.scratch, stay) for one in args.sidecars)],
            **({"volumes": volumes} if volumes else {}),  # Kubernetes keeps no empty list
        }

"""WebService: one service of an environment, in pods behind the environment's load balancer.

Rests on:
- EKS user guide "Target group bindings" in Auto Mode: the target group is made here and tagged with the cluster's name;
  a pod has a readiness gate if its namespace has the label and the binding is there before the pod. So the order is
  rule, namespace, secret and role, Service, binding, Deployment.
- A load balancer sends a draining target requests for some 17 s more: the target's delay is shorter than the sleep
  before a pod is told to stop, and that shorter than the pod's whole grace.
- Kubernetes documentation "Disruptions", "Horizontal Pod Autoscaling": the autoscaler alone says how many pods there
  are, so the Deployment doesn't; every container has a CPU request.
- Secrets Manager's values reach a pod as files, by the pod's own role (EKS Pod Identity); :mod:`.pods` makes variables
  of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_aws import eks, lb, vpc

from components import manifest, names, pods, rules
from components.access import roles, trust
from components.balancer import Balancer
from components.cluster import DNS_ADDRESS, Cluster
from components.identity import Role, RoleArgs
from components.namespace import Namespace

DEREGISTRATION_SECONDS: Final = 20
"""How long a target that is taken out keeps its requests."""
DRAIN_SECONDS: Final = 30
"""How long a pod that is to end still answers."""
SPARE_SECONDS: Final = 10
PROGRESS_SECONDS: Final = 600
"""A rollout that gets no further for so long has failed; the pods before it still serve."""
READY_SECONDS: Final = 10
CPU_TARGET_PERCENT: Final = 70
"""Of its request, on the average, before there is another pod."""
HEALTH_INTERVAL_SECONDS: Final = 10
_TIMEOUTS: Final = pulumi.CustomTimeouts(create="15m", update="15m", delete="10m")


@dataclass(frozen=True, kw_only=True)
class SecretArgs:
    """A secret of Secrets Manager whose value is a JSON object."""

    name: str
    variables: Mapping[str, str]
    """By environment variable, the key in the object. A variable's name has an underscore."""
    version: int = 1
    """Another number has the pods replaced, which read a secret when they start."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """What pods may connect to, beside DNS."""

    port: int
    networks: tuple[str, ...]
    outside: tuple[str, ...] = ()
    """Networks within ``networks`` that are left out."""


@dataclass(frozen=True, kw_only=True)
class WebServiceArgs:
    service: str
    """Its name in the namespace."""
    account: str
    region: str
    boundary: pulumi.Input[str]
    """ARN of the permissions boundary of the pods' role."""
    cluster: Cluster
    namespace: Namespace
    balancer: Balancer
    vpc_id: pulumi.Input[str]
    networks: tuple[str, ...]
    """Address ranges of the load balancer's subnets."""
    paths: tuple[str, ...]
    """Of requests that it answers, like ``/graphql*``."""
    methods: tuple[str, ...] = ()
    """It answers these and no others; empty: every one."""
    priority: int
    """Of two services with a path the one with the lower number answers. Numbers differ by two at least."""
    port: int
    """That the container listens on: from 1024 on, since it isn't root."""
    main: pods.ContainerArgs
    before: tuple[pods.ContainerArgs, ...] = ()
    """Run one after another, each to its end, before the others start; one that fails keeps the old pods serving."""
    sidecars: tuple[pods.SidecarArgs, ...] = ()
    scratch: tuple[pods.ScratchArgs, ...] = ()
    probe: pods.ProbeArgs
    secret: SecretArgs | None = None
    ways_out: tuple[Way, ...] = ()
    replicas: int = 2
    """Pods at least; with one, its replacement is a new one beside it first."""
    max_replicas: int = 2
    """Pods at most, by CPU."""
    stop_seconds: int = 30
    """How long the program takes to finish once it is told to stop."""
    user_id: int = 1000
    """The user that the containers run as; not 0."""

    def check(self, name: str) -> None:
        """Raises ValueError naming component, field, value and rule."""
        word, containers = rules.word(self.service), (self.main, *self.before, *self.sidecars)
        variables = {key for key in (self.secret.variables if self.secret else {}) if "_" not in key}
        started = [one.name for one in containers if one.secrets and not one.command]
        secretive = [one.name for one in containers if one.secrets and not self.secret]
        sizes = [f"{one.name}: {fault}" for one in containers if (fault := one.resources.fault())]
        doubled = len({one.name for one in containers}) < len(containers)
        checks: tuple[tuple[bool, str, object, str], ...] = (
            (word is None, "service", self.service, str(word)),
            (bool(self.paths), "paths", self.paths, "one at least"),
            (1 <= self.priority <= 49_999, "priority", self.priority, "1 to 49999"),
            (1024 <= self.port <= 65_535, "port", self.port, "1024 to 65535"),
            (self.probe.path.startswith("/"), "probe", self.probe.path, "a path begins with a slash"),
            (1 <= self.replicas <= self.max_replicas, "replicas", self.replicas, "1 to max_replicas"),
            (0 <= self.stop_seconds <= 600, "stop_seconds", self.stop_seconds, "0 to 600"),
            (self.user_id > 0, "user_id", self.user_id, "not root"),
            (not variables, "secret", sorted(variables), "a variable's name has an underscore"),
            (not started, "command", started, "a container with secrets needs a command"),
            (not secretive, "secrets", secretive, "the service has no secret"),
            (not sizes, "resources", sizes, "requests are within limits"),
            (not doubled, "containers", [one.name for one in containers], "different names"),
        )
        for kept, field_, value, rule in checks:
            if not kept:
                raise ValueError(f"WebService {name!r}: {field_}: {value!r}: {rule}")


class WebService(pulumi.ComponentResource):
    """Pods that the load balancer sends the requests of some paths, and all that they need."""

    target_group_arn: pulumi.Output[str]

    def __init__(self, name: str, args: WebServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:service:WebService", name, None, opts)
        self.name, self._args = name, args
        self._labels = {"app.kubernetes.io/name": args.service}
        self._own = pulumi.ResourceOptions(parent=self)

        group = self._target_group()
        routed = self._rules(group)
        self._open()
        needed = [self._policy(), self._account(), *self._secret()]
        service = self._service()
        binding = self._binding(group, service, *routed)
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

    # The way in

    def _target_group(self) -> lb.TargetGroup:
        args = self._args
        return lb.TargetGroup(
            self.name,
            name_prefix=f"{args.service[:5].rstrip('-')}-",  # a whole name may be too long
            vpc_id=args.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=args.port,
            deregistration_delay=DEREGISTRATION_SECONDS,
            health_check=lb.TargetGroupHealthCheckArgs(
                path=args.probe.path,
                matcher="200",
                interval=HEALTH_INTERVAL_SECONDS,
                timeout=5,
                healthy_threshold=2,
                unhealthy_threshold=2,
            ),
            tags={"Name": self.name, "eks:eks-cluster-name": names.CLUSTER},
            opts=self._own,
        )

    def _rules(self, group: lb.TargetGroup) -> list[lb.ListenerRule]:
        """Its requests go to its pods; those by other methods are refused here, not sent to another service."""
        args = self._args
        forward = lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)
        if not args.methods:
            return [self._rule(self.name, args.priority, forward)]
        refused = lb.ListenerRuleActionFixedResponseArgs(
            content_type="text/plain", message_body="this method is not allowed here\n", status_code="405"
        )
        refuse = lb.ListenerRuleActionArgs(type="fixed-response", fixed_response=refused)
        methods = lb.ListenerRuleConditionArgs(
            http_request_method=lb.ListenerRuleConditionHttpRequestMethodArgs(values=[*args.methods])
        )
        return [
            self._rule(self.name, args.priority, forward, methods),
            self._rule(f"{self.name}-other-methods", args.priority + 1, refuse),
        ]

    def _rule(
        self, name: str, priority: int, action: lb.ListenerRuleActionArgs, *more: lb.ListenerRuleConditionArgs
    ) -> lb.ListenerRule:
        paths = lb.ListenerRuleConditionPathPatternArgs(values=[*self._args.paths])
        return lb.ListenerRule(
            name,
            listener_arn=self._args.balancer.listener_arn,
            priority=priority,
            actions=[action],
            conditions=[lb.ListenerRuleConditionArgs(path_pattern=paths), *more],
            opts=self._own,
        )

    def _open(self) -> None:
        """The load balancer and the pods reach each other on the service's port."""
        args, port = self._args, self._args.port
        pods_group, balancer_group = args.namespace.security_group_id, args.balancer.security_group_id
        vpc.SecurityGroupIngressRule(
            f"{self.name}-from-balancer",
            security_group_id=pods_group,
            referenced_security_group_id=balancer_group,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"{args.service} from the load balancer",
            opts=self._own,
        )
        vpc.SecurityGroupEgressRule(
            f"{self.name}-from-balancer",
            security_group_id=balancer_group,
            referenced_security_group_id=pods_group,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"To {args.service}",
            opts=self._own,
        )

    def _policy(self) -> pulumi.CustomResource:
        """In from the load balancer's subnets, whose addresses change within them; out to DNS and what it names."""
        args = self._args
        dns = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
        out = [{"to": _blocks((f"{DNS_ADDRESS}/32",)), "ports": dns}]
        out += [{"to": _blocks(way.networks, way.outside), "ports": [_tcp(way.port)]} for way in args.ways_out]
        spec = {
            "podSelector": {"matchLabels": self._labels},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": _blocks(args.networks), "ports": [_tcp(args.port)]}],
            "egress": out,
        }
        kind = "networking.k8s.io/v1", "NetworkPolicy"
        return manifest.apply(f"{self.name}-ways", *kind, self._named(), self._inside(), spec=spec)

    def _service(self) -> pulumi.CustomResource:
        spec = {
            "type": "ClusterIP",
            "selector": self._labels,
            "ports": [{"name": "http", "port": 80, "targetPort": self._args.port, "protocol": "TCP"}],
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
                trust=(trust.pods(args.namespace.namespace, args.service),),
                permissions=(roles.secret_of_pods(args.account, args.region, secret.name),),
                boundary=args.boundary,
            ),
            self._own,
        )
        association = eks.PodIdentityAssociation(
            self.name,
            cluster_name=args.cluster.cluster,
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
        return {
            "serviceAccountName": args.service,
            "automountServiceAccountToken": False,
            "securityContext": pods.security(args.user_id),
            "nodeSelector": {"karpenter.sh/nodepool": args.namespace.pool},
            "terminationGracePeriodSeconds": stay + SPARE_SECONDS,
            "topologySpreadConstraints": pods.spread(self._labels),
            **({"initContainers": [pods.container(one, args.scratch) for one in args.before]} if args.before else {}),
            "containers": [serving, *(pods.sidecar(one, args.scratch, stay) for one in args.sidecars)],
            "volumes": pods.volumes(args.scratch, args.service if args.secret else None),
        }


def _tcp(port: int) -> dict[str, Any]:
    return {"protocol": "TCP", "port": port}


def _blocks(networks: Sequence[str], outside: Sequence[str] = ()) -> list[dict[str, Any]]:
    left_out = {"except": [*outside]} if outside else {}
    return [{"ipBlock": {"cidr": network, **left_out}} for network in networks]

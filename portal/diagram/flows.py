"""What flows between the boxes, as the resources have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from portal.diagram.model import Edge, Resource
from portal.diagram.state import DEPLOYMENT, WRITE, State, metadata, namespace

READ: Final = "s3:GetObject"


def flows(state: State) -> Iterator[Edge]:
    """What flows within the account, but for what jobs do."""
    for distribution in state.of("aws:cloudfront/distribution:Distribution"):
        for bucket in origin_buckets(state, distribution):
            yield Edge(origin=state.buckets[bucket], target=state.key(distribution), flow="data")
        for balancer in _origin_balancers(state, distribution):
            yield Edge(origin=state.key(distribution), target=state.key(balancer), flow="request")
    for balancer in state.of("aws:lb/loadBalancer:LoadBalancer"):
        for deployment in _targets(state, balancer):
            yield Edge(origin=state.key(balancer), target=state.key(deployment), flow="request")
    for deployment in state.of(DEPLOYMENT):
        for database in _databases_of_pods(state, deployment):
            yield Edge(origin=state.key(deployment), target=state.key(database), flow="sql")


def origin_buckets(state: State, distribution: Resource) -> list[str]:
    hosts = [str(origin["domainName"]) for origin in distribution.outputs["origins"]]
    return [bucket for bucket in state.buckets if any(host.startswith(f"{bucket}.s3.") for host in hosts)]


def _origin_balancers(state: State, distribution: Resource) -> Iterator[Resource]:
    wanted = {(origin.get("vpcOriginConfig") or {}).get("vpcOriginId") for origin in distribution.outputs["origins"]}
    origins = [each for each in state.of("aws:cloudfront/vpcOrigin:VpcOrigin") if each.id in wanted]
    arns = {each.outputs["vpcOriginEndpointConfig"]["arn"] for each in origins}
    return (each for each in state.of("aws:lb/loadBalancer:LoadBalancer") if each.outputs.get("arn") in arns)


def _targets(state: State, balancer: Resource) -> Iterator[Resource]:
    """The Deployments whose Services are bound to target groups of the load balancer's listeners."""
    listeners = [
        each
        for each in state.of("aws:lb/listener:Listener")
        if each.outputs["loadBalancerArn"] == balancer.outputs.get("arn")
    ]
    arns = {each.outputs.get("arn") for each in listeners}
    rules = [each for each in state.of("aws:lb/listenerRule:ListenerRule") if each.outputs["listenerArn"] in arns]
    actions = [action for each in listeners for action in each.outputs["defaultActions"]]
    actions += [action for each in rules for action in each.outputs["actions"]]
    groups = {action.get("targetGroupArn") for action in actions} - {None, ""}
    for binding in state.of("kubernetes:eks.amazonaws.com/v1:TargetGroupBinding"):
        if binding.outputs["spec"]["targetGroupARN"] in groups:
            yield from _behind(state, namespace(binding), binding.outputs["spec"]["serviceRef"]["name"])


def _behind(state: State, within: str, service: str) -> Iterator[Resource]:
    """The Deployments of a namespace whose pods a Service selects."""
    for each in state.of("kubernetes:core/v1:Service"):
        if namespace(each) == within and metadata(each)["name"] == service:
            selector = each.outputs["spec"]["selector"].items()
            yield from (
                deployment
                for deployment in state.of(DEPLOYMENT)
                if namespace(deployment) == within
                and selector <= deployment.outputs["spec"]["template"]["metadata"]["labels"].items()
            )


def _databases_of_pods(state: State, deployment: Resource) -> Iterator[Resource]:
    """Those whose secret the pods mount."""
    volumes = deployment.outputs["spec"]["template"]["spec"].get("volumes") or []
    classes = {
        ((volume.get("csi") or {}).get("volumeAttributes") or {}).get("secretProviderClass") for volume in volumes
    }
    objects = " ".join(
        str(each.outputs["spec"].get("parameters", {}).get("objects", ""))
        for each in state.of("kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass")
        if namespace(each) == namespace(deployment) and metadata(each)["name"] in classes
    )
    secrets = [each for each in state.of("aws:secretsmanager/secret:Secret") if each.outputs["name"] in objects]
    parents = {each.parent for each in secrets}
    return (each for each in state.of("aws:rds/cluster:Cluster") if each.parent in parents)


def flows_of_jobs(state: State, buckets: Mapping[str, str]) -> Iterator[Edge]:
    """What jobs read and write, in any account, and the databases that their machines reach."""
    for role in state.job_roles:
        reads, writes = (state.allowed(role, action, buckets) for action in (READ, WRITE))
        for bucket in sorted(reads | writes):
            ends = (state.key(role), buckets[bucket]) if bucket in writes else (buckets[bucket], state.key(role))
            yield Edge(origin=ends[0], target=ends[1], flow="data", both=bucket in reads & writes)
        for database in _reached(state, role):
            yield Edge(origin=state.key(role), target=state.key(database), flow="sql")


def _reached(state: State, role: Resource) -> Iterator[Resource]:
    """An environment's database, for the roles that import: those that write no data."""
    environment = state.environment_of_jobs(role)
    groups = {
        each.id
        for each in state.of("aws:ec2/securityGroup:SecurityGroup")
        if state.environment(each) == environment and each.name.endswith("-hosts")
    }
    rules = [
        each
        for each in state.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if each.outputs.get("referencedSecurityGroupId") in groups
    ]
    opened = {each.outputs["securityGroupId"] for each in rules}
    if not _imports(state, role):
        return iter(())
    return (
        each
        for each in state.of("aws:rds/cluster:Cluster")
        if opened & set(each.outputs.get("vpcSecurityGroupIds") or ())
    )


def _imports(state: State, role: Resource) -> bool:
    """Whether a role may read a database's secret."""
    return any("secretsmanager:GetSecretValue" in actions for actions, _ in state.statements(role))

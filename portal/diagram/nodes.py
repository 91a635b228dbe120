"""The boxes of an account."""

from __future__ import annotations

from collections.abc import Iterator

from portal.diagram.flows import origin_buckets
from portal.diagram.model import Account, Column, Node, Resource
from portal.diagram.state import DEPLOYMENT, State, bucket_kind, metadata, namespace


def account(state: State) -> Account:
    stack = state.stack
    nodes = [*_sites(state), *_services(state), *_databases(state), *_jobs(state), *_storage(state)]
    return Account(
        title=f"{stack.stack}: account {stack.account}, {stack.region}",
        network=_network(state),
        nodes=sorted(nodes, key=lambda node: (node.column, node.environment, node.key)),
        environments={name: _started_by(state, name) for name in state.environments},
        remark=f"{sum(bool(each.id) for each in stack.resources)} resources in all",
    )


def _network(state: State) -> str:
    networks = [str(each.outputs["cidrBlock"]) for each in state.of("aws:ec2/vpc:Vpc")]
    zones = {each.outputs.get("availabilityZone") for each in state.of("aws:ec2/subnet:Subnet")}
    gateways = len(state.of("aws:ec2/natGateway:NatGateway"))
    clusters = [f"EKS {each.outputs.get('version')}" for each in state.of("aws:eks/cluster:Cluster")]
    parts = [f"{len(zones)} zones", f"{gateways} NAT" if gateways else "no NAT", *clusters]
    return f"VPC {', '.join(networks)}: {', '.join(parts)}" if networks else ""


def _started_by(state: State, environment: str) -> str:
    started = state.of("aws:sfn/stateMachine:StateMachine", "aws:batch/jobQueue:JobQueue")
    own = [each for each in started if state.environment(each) == environment]
    machines = [each for each in own if each.type.endswith(":StateMachine")]
    queues = [each for each in own if each.type.endswith(":JobQueue")]
    kinds = sorted(each.name.removeprefix(f"{environment}-").removesuffix("-queue") for each in queues)
    return f"Step Functions starts Batch jobs: {', '.join(kinds)}" if machines else ""


def _node(state: State, resource: Resource, column: Column, kind: str, name: str, environment: str = "") -> Node:
    return Node(key=state.key(resource), column=column, kind=kind, name=name, environment=environment)


def _sites(state: State) -> Iterator[Node]:
    for each in state.of("aws:cloudfront/distribution:Distribution"):
        names = each.outputs.get("aliases") or ["a name of CloudFront's"]
        if origin_buckets(state, each):
            yield _node(state, each, Column.DATA_CDN, "Data CDN", names[0])
        else:
            yield _node(state, each, Column.SITE, "Site CDN", names[0], state.environment(each))


def _services(state: State) -> Iterator[Node]:
    for each in state.of("aws:lb/loadBalancer:LoadBalancer"):
        yield _node(state, each, Column.BALANCER, "Load balancer", each.name, state.environment(each))
    for each in state.of(DEPLOYMENT):
        yield _node(state, each, Column.SERVICE, "Service", metadata(each).get("name", each.name), namespace(each))


def _databases(state: State) -> Iterator[Node]:
    for each in state.of("aws:rds/cluster:Cluster"):
        kind = f"PostgreSQL {each.outputs.get('engineVersion', '')}".strip()
        name = str(each.outputs["clusterIdentifier"])
        yield _node(state, each, Column.DATABASE, kind, name, state.environment(each))


def _jobs(state: State) -> Iterator[Node]:
    for role in state.job_roles:
        name = str(role.outputs["name"])
        yield _node(state, role, Column.JOBS, "Jobs by the role", name, state.environment_of_jobs(role))


def _storage(state: State) -> Iterator[Node]:
    for each in state.of("aws:s3/bucket:Bucket"):
        if state.key(each) in state.buckets.values():
            kind = bucket_kind(each)
            yield _node(state, each, Column.BUCKET, f"S3, {kind}", str(each.outputs["bucket"]))

"""The stacks that have orchestrators: what it registers beside the rest, and who may do what."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from components import names
from components.access.statements import SIZES
from tests.unit.conftest import bootstrapped, deployed, whole_account
from tests.unit.recording import Recording, Registered, rules_by_token
from tests.unit.test_policy_lint import EXPECTED, findings
from tests.unit.test_program import ACCOUNTS, DOCUMENTS, aws

LINTED = ("bucketPolicy", "rolePolicy", "iam/policy", "sqs/queuePolicy", "sns/topicPolicy")
"""Trust policies and those of image repositories are left out: the linter doesn't know that they have no resources."""


@pytest.fixture(params=("dev", "prod"))
def graph(request: pytest.FixtureRequest) -> Recording:
    """The recorded graph of each stack that has orchestrators."""
    return deployed(request.param)


@pytest.fixture(params=("dev", "prod"))
def whole(request: pytest.FixtureRequest) -> Recording:
    """The same, with what the accounts' bootstraps make."""
    return whole_account(request.param)


def policy(graph: Recording, role: str) -> dict[str, Any]:
    """Statements of a role's policy, by name."""
    [found] = [one for one in graph.of("iam/rolePolicy:RolePolicy") if one.name == f"{role}-policy"]
    return {one["Sid"]: one for one in found.json("policy")["Statement"]}


def job_roles(graph: Recording, environment: str) -> dict[str, str]:
    """Job definitions by name, and the role of their jobs as the mock shows it."""
    made = graph.of("batch/jobDefinition:JobDefinition")
    found = {one.inputs["name"]: one.json("containerProperties")["jobRoleArn"] for one in made}
    return {name: arn.split(":::")[1] for name, arn in found.items() if f"-{environment}-" in name}


def test_every_resource_has_its_accounts_provider(graph: Recording) -> None:
    [provider] = [one for one in graph.resources if one.type == "pulumi:providers:aws"]
    assert {one.provider.rsplit("::", 1)[0] for one in aws(graph)} == {provider.urn}
    urns = [one.urn for one in graph.resources]
    assert len(urns) == len(set(urns))
    components = {one.urn for one in graph.resources if one.type.startswith(("portal:", "eks:"))}
    assert {one.parent for one in aws(graph)} <= components


def test_every_type_is_known_with_its_tags(graph: Recording) -> None:
    rules = rules_by_token()
    tags = json.loads(graph.one("account", "pulumi:providers:aws").inputs["defaultTags"])["tags"]
    taggable = [one for one in aws(graph) if rules[one.type].tagged]
    assert len({one.type for one in taggable}) > 15
    assert all(not {*tags} & {*one.inputs.get("tags", {})} for one in taggable)


@pytest.mark.parametrize("type_", DOCUMENTS)
def test_policy_documents_fit(whole: Recording, type_: str) -> None:
    key, kind = DOCUMENTS[type_]
    found = whole.of(type_)
    assert found
    assert all(len(one.inputs[key]) <= SIZES[kind] for one in found)


@pytest.mark.parametrize("kind", LINTED)
def test_the_linter_finds_nothing_unexpected(whole: Recording, kind: str) -> None:
    found = [one for one in aws(whole) if f"{kind}:" in one.type]
    assert found
    for one in found:
        for finding in findings(one.inputs["policy"]):
            assert finding.issue in EXPECTED, f"{one.name}: {finding.issue}: {finding.detail}"


def boundary_of(role: Registered) -> str:
    """The name of the policy that bounds the role; empty: none."""
    return str(role.inputs.get("permissionsBoundary", "")).rpartition("/")[2]


def test_a_roles_boundary_is_by_who_changes_it(graph: Recording) -> None:
    boundaries = {one.inputs["name"]: boundary_of(one) for one in graph.of("iam/role:Role")}
    delegated = {one.inputs["name"] for one in graph.of("iam/role:Role") if one.inputs["path"] == names.DELEGATED_PATH}
    hosts = {name for name in boundaries if name.endswith("-batch-main-instance")}
    assert {name for name, policy in boundaries.items() if policy == names.DELEGATED_BOUNDARY} == delegated | hosts
    assert all(boundaries.values())
    assert {name for name, policy in boundaries.items() if policy == names.CLUSTER_BOUNDARY} == {
        names.CLUSTER_ROLE,
        names.NODE_ROLE,
    }
    assert len(boundaries) > 7


def test_no_role_is_granted_what_its_boundary_withholds(whole: Recording) -> None:
    """A grant beyond the boundary would be none: the job or the machine would be refused."""
    policies = {one.inputs["role"]: one for one in whole.of("iam/rolePolicy:RolePolicy")}
    boundaries = {one.inputs["name"]: one for one in whole.of("iam/policy:Policy")}
    for role in whole.of("iam/role:Role"):
        policy = policies.get(role.inputs["name"])
        if policy is None or not boundary_of(role):
            continue
        bound = grants(boundaries[boundary_of(role)].json("policy"))
        beyond = [one for one in grants(policy.json("policy")) if not any(within(one, most) for most in bound)]
        assert not beyond, role.name


def grants(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Actions and resources of what a policy allows."""
    allowed = [one for one in document["Statement"] if one["Effect"] == "Allow"]
    return [
        (action, resource)
        for one in allowed
        for action in listed(one["Action"])
        for resource in listed(one["Resource"])
    ]


def listed(values: str | list[str]) -> list[str]:
    return [values] if isinstance(values, str) else values


def within(grant: tuple[str, str], most: tuple[str, str]) -> bool:
    """Wildcards of the grant are compared as they are written."""
    return all(fnmatchcase(one, pattern) for one, pattern in zip(grant, most, strict=True))


def test_one_network_an_account_whose_private_subnets_the_machines_are_in(graph: Recording) -> None:
    assert len(graph.of("ec2/vpc:Vpc")) == 1
    private = sorted(one.name for one in graph.of("ec2/subnet:Subnet") if "private" in one.name)
    assert private == ["network-private-us-west-2a", "network-private-us-west-2b"]
    for one in graph.of("batch/computeEnvironment:ComputeEnvironment"):
        assert sorted(one.inputs["computeResources"]["subnets"]) == [f"{name}-id" for name in private]


def test_the_networks_settings_reach_it() -> None:
    assert len(deployed("dev").of("ec2/natGateway:NatGateway")) == 1
    assert len(deployed("prod").of("ec2/natGateway:NatGateway")) == 2
    days = {
        stack: deployed(stack).one("network-flow-log", "LogGroup").inputs["retentionInDays"]
        for stack in ACCOUNTS
        if stack != "public"
    }
    assert days == {"dev": 30, "prod": 90}


def test_no_machine_starts_before_its_network_has_all_routes(graph: Recording) -> None:
    """A subnet's id is known long before its route to NAT: the first machine would find no packages and no ECS."""
    kinds = ("ec2/route:Route", "ec2/routeTableAssociation:RouteTableAssociation", "ec2/vpcEndpoint:VpcEndpoint")
    routes = {one.name for kind in kinds for one in graph.of(kind)}
    assert any(name.endswith("-out") and "private" in name for name in routes)
    environments = graph.of("batch/computeEnvironment:ComputeEnvironment")
    assert environments
    assert all(routes <= one.depends_on for one in environments)


def test_an_account_without_orchestrators_has_no_network() -> None:
    public = deployed("public")
    assert not public.of("ec2/vpc:Vpc")
    assert not public.exports["orchestrators"]
    assert "ec2:" not in bootstrapped("public").one("cryoet-github-deploy-policy").inputs["policy"]


def test_jobs_have_roles_by_workflow() -> None:
    ingest, imports = ("cryoet-ingestion-{}-ingest", "cryoet-ingestion-{}-import")
    assert job_roles(deployed("dev"), "dev") == {
        "cryoet-ingestion-dev-main": ingest.format("dev"),
        "cryoet-ingestion-dev-main-db_import": imports.format("dev"),
    }
    assert job_roles(deployed("dev"), "staging") == {
        "cryoet-ingestion-staging-main": ingest.format("staging"),
        "cryoet-ingestion-staging-main-db_import": imports.format("staging"),
        "cryoet-ingestion-staging-main-sync": "cryoet-sync-public",
    }
    assert job_roles(deployed("prod"), "prod") == {"cryoet-ingestion-prod-main": imports.format("prod")}


def test_the_release_role_reaches_what_a_job_needs_of_its_environment_alone() -> None:
    found = policy(deployed("dev"), "cryoet-sync-public")
    assert found["WdlRead"]["Resource"] == "arn:aws:s3:::cryoet-swipe-wdl-staging/*"
    assert found["CommsWrite"]["Resource"] == "arn:aws:s3:::cryoet-swipe-comms-staging/*"
    assert found["Write"]["Resource"] == "arn:aws:s3:::cryoet-data-portal-public/*"


def test_each_environment_runs_in_its_own_buckets() -> None:
    for environment in ("dev", "staging"):
        found = policy(deployed("dev"), f"{environment}-machine")
        assert found["WriteInputs"]["Resource"] == f"arn:aws:s3:::cryoet-swipe-comms-{environment}/*"


def test_images_are_pulled_by_the_accounts_that_run_jobs() -> None:
    repositories = {one.inputs["name"]: one for one in deployed("dev").of("ecr/repository:Repository")}
    portals = "core-platform/cryoet-data-portal"
    services = {f"{portals}-backend/apiv2/apiv2", f"{portals}/frontend/frontend"}
    assert set(repositories) == {"cryoet-staging", "apiv2-x86", *services}
    assert all(one.protect for one in repositories.values())
    policies = deployed("dev").of("ecr/repositoryPolicy:RepositoryPolicy")
    principals = [one.json("policy")["Statement"][0]["Principal"] for one in policies]
    assert principals == [{"AWS": f"arn:aws:iam::{ACCOUNTS['prod']}:root"}] * 4
    assert not deployed("prod").of("ecr/repository:Repository")


def test_settings_reach_machines_queues_and_jobs() -> None:
    prod, dev = deployed("prod"), deployed("dev")
    environments = {one.inputs["name"]: one.inputs["computeResources"] for one in dev.of("ComputeEnvironment")}
    most = {
        name.removeprefix("cryoet-ingestion-").rpartition("-")[0]: one["maxVcpus"] for name, one in environments.items()
    }
    assert most == {
        "dev-spot": 64,
        "dev-overflow": 16,
        "dev-on-demand": 32,
        "staging-spot": 1024,
        "staging-overflow": 64,
        "staging-on-demand": 256,
    }
    template = prod.of("ec2/launchTemplate:LaunchTemplate")[0].inputs["blockDeviceMappings"][0]
    assert template["ebs"]["volumeSize"] == 200
    assert {one["instanceTypes"][0] for name, one in environments.items() if "-dev-" in name} == {"r5d"}
    definition = dev.one("staging-machine", "StateMachine").json("definition")["States"]["Run"]
    assert definition["Arguments"]["Timeout"] == {"AttemptDurationSeconds": 86_400}
    assert definition["Arguments"]["Tags"]["environment"] == "staging"
    queues = {one.inputs["name"] for one in dev.of("sqs/queue:Queue")}
    assert queues == {
        "cryoet-ingestion-staging-portal-sfn-notifications-queue",
        "cryoet-ingestion-staging-portal-sfn-notifications-queue-dead-letter",
    }


def test_outputs_name_what_clients_use() -> None:
    found = deployed("dev").exports["orchestrators"]
    assert set(found) == {"dev", "staging"}
    assert set(found["staging"]) == {
        *("state_machine", "spot_queue", "on_demand_queue", "security_group", "alarm_topic"),
        *("notification_queues", "generations", "retiring"),
    }
    assert found["staging"]["security_group"] == "staging-hosts-id"
    assert set(found["staging"]["notification_queues"]) == {"portal"}
    assert [one.rpartition("-")[0] for one in found["staging"]["generations"]] == ["spot", "overflow", "on-demand"]
    assert found["staging"]["retiring"] == []


def test_operators_read_the_jobs_logs() -> None:
    found = policy(deployed("prod"), "cryoet-operator")
    assert found["Logs"]["Resource"][0].endswith(":log-group:/aws/batch/cryoet-ingestion-prod")
    assert "Logs" not in policy(deployed("public"), "cryoet-operator")


def test_a_release_of_a_service_keeps_its_image() -> None:
    """Clients push moving tags into the two repositories of the jobs' images, which they have written into them."""
    repositories = deployed("dev").of("ecr/repository:Repository")
    assert {one.name: one.inputs["imageTagMutability"] for one in repositories} == {
        "ingest": "MUTABLE",
        "import": "MUTABLE",
        "api": "IMMUTABLE",
        "frontend": "IMMUTABLE",
    }


def test_deployments_hand_over_the_programs_roles_alone(whole: Recording) -> None:
    """To the services that their resources work with; a cluster with its pods is an administrator's."""
    made = [names.role_arn("", one.inputs["name"], one.inputs["path"]) for one in whole.of("iam/role:Role")]
    statements = whole.one("cryoet-github-deploy-orchestrators", "iam/policy:Policy").json("policy")["Statement"]
    handed = next(one for one in statements if one["Sid"] == "PassRoles")
    patterns = [one.rpartition(":")[2] for one in handed["Resource"]]
    assert "role/*" not in patterns
    assert not {
        one for one in made if "github" in one and any(fnmatchcase(one.rpartition(":")[2], p) for p in patterns)
    }
    trusted: set[str] = set()
    for one in whole.of("iam/role:Role"):
        principals = [statement["Principal"] for statement in one.json("assumeRolePolicy")["Statement"]]
        trusted |= {principal["Service"] for principal in principals if "Service" in principal}
    services = {*handed["Condition"]["StringEquals"]["iam:PassedToService"]}
    assert services == trusted - {"eks.amazonaws.com", "pods.eks.amazonaws.com"}

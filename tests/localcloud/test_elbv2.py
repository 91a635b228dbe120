"""Load balancers: what is answered of them, their targets' health, and where requests go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from localcloud.server import registry
from localcloud.server.connections import Connection, NotAccepted, NotAnswered
from localcloud.server.services.elbv2 import health
from localcloud.server.timescale import SCALE
from localcloud.server.wire import HttpRequest, HttpResponse

from .batch_steps import until
from .conftest import Cloud
from .elb_steps import CLOUDFRONT, FIXED, Network, address, forward, plain, program
from .test_cloudfront_refusals import issued

HERE, THERE = address(7), address(8)


@pytest.fixture(scope="module")
def network(cloud: Cloud) -> Network:
    return Network(cloud).make()


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    before, SCALE.factor = SCALE.factor, 0.02
    yield
    SCALE.factor = before


def ask(
    load_balancer: dict[str, Any], path: str = "/", method: str = "GET", port: int = 80, **more: Any
) -> HttpResponse:
    """As CloudFront does, through its own addresses."""
    given: dict[str, Any] = {"secure": False, "address": "130.176.0.1", "prefix_lists": frozenset({CLOUDFRONT})}
    connection = Connection(host=load_balancer["DNSName"], port=port, **{**given, **more.pop("connection", {})})
    headers = {"host": load_balancer["DNSName"], **more.pop("headers", {})}
    answer = registry.forwarded(connection, HttpRequest(method=method, target=path, headers=headers, **more))
    assert answer is not None
    return answer


def test_described_as_made(network: Network) -> None:
    made = network.load_balancer(Tags=[{"Key": "team", "Value": "data"}])
    assert made["State"]["Code"] == "provisioning"
    [found] = network.elb.describe_load_balancers(LoadBalancerArns=[made["LoadBalancerArn"]])["LoadBalancers"]
    assert (found["Scheme"], found["Type"], found["VpcId"], found["State"]["Code"]) == (
        "internal", "application", network.vpc, "active",
    )  # fmt: skip
    assert {zone["ZoneName"] for zone in found["AvailabilityZones"]} == {"us-west-2a", "us-west-2b"}
    assert found["DNSName"].startswith(f"internal-{found['LoadBalancerName']}-")
    tags = network.elb.describe_tags(ResourceArns=[made["LoadBalancerArn"]])["TagDescriptions"]
    assert tags[0]["Tags"] == [{"Key": "team", "Value": "data"}]
    network.elb.remove_tags(ResourceArns=[made["LoadBalancerArn"]], TagKeys=["team"])
    assert network.elb.describe_tags(ResourceArns=[made["LoadBalancerArn"]])["TagDescriptions"][0]["Tags"] == []
    again = network.load_balancer(Name=made["LoadBalancerName"])
    assert again["LoadBalancerArn"] == made["LoadBalancerArn"]
    network.elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    assert made["LoadBalancerArn"] not in registry.inventory("908710317728").get("elbv2", [])


def test_rules_go_by_their_number_and_all_conditions(network: Network) -> None:
    one = network.load_balancer()
    listener = network.listener(one["LoadBalancerArn"])
    say = lambda text: {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": text}}  # noqa: E731

    def rule(priority: int, text: str, *conditions: dict[str, Any]) -> str:
        made = network.elb.create_rule(
            ListenerArn=listener, Priority=priority, Conditions=list(conditions), Actions=[say(text)]
        )
        return str(made["Rules"][0]["RuleArn"])

    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/graphql*", "/api/?"]}}
    post = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}}
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-From", "Values": ["cdn*"]}}
    query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}}
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.org"]}}
    source = {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}}
    rule(20, "any method", path)
    moved = rule(10, "posted", path, post)
    for number, (text, condition) in enumerate(
        {"header": header, "query": query, "host": host, "source": source}.items(), start=30
    ):
        rule(number, text, condition)
    body = lambda *args, **more: ask(one, *args, **more).body.decode()  # noqa: E731
    assert body("/graphql/x") == body("/api/a") == "any method"
    assert body("/graphql", "POST") == "posted"
    assert body("/api/ab") == body("/GraphQL") == "nothing here"
    assert body("/", headers={"x-from": "CDN-1"}) == "header"
    assert body("/?a=1&v=2") == "query"
    assert body("/", headers={"host": "a.Example.org:80"}) == "host"
    network.admit(IpRanges=[{"CidrIp": "192.0.2.0/24"}])
    assert body("/", connection={"address": "192.0.2.9"}) == "source"
    network.elb.set_rule_priorities(RulePriorities=[{"RuleArn": moved, "Priority": 25}])
    assert body("/graphql", "POST") == "any method"
    listed = network.elb.describe_rules(ListenerArn=listener)["Rules"]
    assert [one["Priority"] for one in listed] == ["20", "25", "30", "31", "32", "33", "default"]


def test_redirect(network: Network) -> None:
    one = network.load_balancer()
    network.listener(
        one["LoadBalancerArn"],
        {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}},
    )
    answer = ask(one, "/a/b?c=d")
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{one['DNSName']}:443/a/b?c=d")


def test_targets_get_requests_in_turn_with_what_the_load_balancer_adds(network: Network) -> None:
    one, group = network.load_balancer(), network.target_group()
    network.listener(one["LoadBalancerArn"], forward(group))
    assert ask(one).status == 503

    def reply(request: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        return 201, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], request.command.encode()

    with program(HERE, reply) as here, program(THERE, reply) as there:
        network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": HERE}, {"Id": THERE, "Port": 8080}])
        until(lambda: set(network.states(group).values()) == {"healthy"})
        for _ in range(4):
            answer = ask(one, "/a//b?c=%5B", "POST", body=b"text", headers={"x-forwarded-for": "198.51.100.1"})
            assert (answer.status, answer.body, answer.headers["Set-Cookie"]) == (201, b"POST", "a=1\nb=2")
        assert (len(here.asked), len(there.asked)) == (2, 2)
        method, path, headers, body = here.asked[0]
        assert (method, path, body) == ("POST", "/a//b?c=%5B", b"text")
        assert headers["host"] == one["DNSName"]
        assert headers["x-forwarded-for"] == "198.51.100.1, 130.176.0.1"
        assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("http", "80")
        assert headers["x-amzn-trace-id"].startswith("Root=1-")
        here.healthy = False
        until(lambda: network.states(group)[HERE] == "unhealthy Target.ResponseCodeMismatch")
        before = len(here.asked)
        for _ in range(3):
            ask(one)
        assert len(here.asked) == before
        there.healthy = False
        until(lambda: network.states(group)[THERE].startswith("unhealthy"))
        assert ask(one).status == 201  # all are asked where none is healthy
        here.healthy = there.healthy = True
        until(lambda: set(network.states(group).values()) == {"healthy"})


def test_a_target_that_goes_away_drains_and_still_gets_requests_for_a_while(network: Network) -> None:
    one, group = network.load_balancer(), network.target_group()
    network.listener(one["LoadBalancerArn"], forward(group))
    network.elb.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "40"}]
    )
    with program(HERE, plain("here")) as here:
        network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": HERE}])
        until(lambda: network.states(group) == {HERE: "healthy"})
        network.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": HERE}])
        assert network.states(group) == {HERE: "draining Target.DeregistrationInProgress"}
        assert ask(one).body == b"here"
        until(lambda: ask(one).status == 503)
        assert network.states(group) == {HERE: "draining Target.DeregistrationInProgress"}
        until(lambda: network.states(group) == {})
        assert here.asked
    asked = network.elb.describe_target_health(TargetGroupArn=group, Targets=[{"Id": HERE, "Port": 8080}])
    assert asked["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"] == "Target.NotRegistered"


def test_health_of_what_nothing_uses_or_nobody_answers_for(network: Network) -> None:
    one, group = network.load_balancer(), network.target_group()
    network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": HERE}])
    assert network.states(group) == {HERE: "unused Target.NotInUse"}
    network.listener(one["LoadBalancerArn"], forward(group))
    assert network.states(group)[HERE].startswith("initial")
    until(lambda: network.states(group) == {HERE: "unhealthy Target.FailedHealthChecks"})
    assert ask(one).status == 502


def test_checks_begin_once_a_listener_or_a_rule_names_the_group(network: Network) -> None:
    SCALE.factor = 1_000  # no other check is due meanwhile
    time.sleep(0.5)
    one, by_listener, by_rule = network.load_balancer(), network.target_group(), network.target_group()
    with program(HERE, plain("here")):
        for group in (by_listener, by_rule):
            network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": HERE}])
        listener = network.listener(one["LoadBalancerArn"], forward(by_listener))
        until(lambda: network.states(by_listener) == {HERE: "healthy"})
        path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}
        network.elb.create_rule(ListenerArn=listener, Priority=1, Conditions=[path], Actions=[forward(by_rule)])
        until(lambda: network.states(by_rule) == {HERE: "healthy"})


def test_a_check_that_fails_by_a_fault_of_the_local_cloud_is_logged_and_repeated(
    network: Network, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> bool:
        raise ValueError("of a test")

    one, group = network.load_balancer(), network.target_group()
    network.listener(one["LoadBalancerArn"], forward(group))
    with program(HERE, plain("here")):
        monkeypatch.setattr(health, "_reached", broken)
        network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": HERE}])
        until(lambda: "of a test" in caplog.text)
        monkeypatch.undo()
        until(lambda: network.states(group) == {HERE: "healthy"})


def test_who_may_connect(network: Network) -> None:
    one = network.load_balancer()
    with pytest.raises(NotAccepted, match="no listener on port 80"):
        ask(one)
    listener = network.listener(one["LoadBalancerArn"])
    assert ask(one).status == 404
    with pytest.raises(NotAnswered):
        ask(one, connection={"prefix_lists": frozenset()})
    with pytest.raises(NotAnswered):
        ask(one, port=443)
    other = network.security_group()
    network.admit(UserIdGroupPairs=[{"GroupId": other}])
    assert ask(one, connection={"prefix_lists": frozenset(), "groups": frozenset({other})}).status == 404
    with pytest.raises(NotAccepted, match="TLS"):
        ask(one, connection={"secure": True})
    network.elb.delete_listener(ListenerArn=listener)
    with pytest.raises(NotAccepted):
        ask(one)


def test_tls_needs_a_certificate_for_the_name_that_is_asked_for(network: Network, cloud: Cloud) -> None:
    host = f"{cloud.name('site')}.example.org"
    certificate = {"CertificateArn": issued(cloud, host, region="us-west-2")}
    one = network.load_balancer()
    network.listener(one["LoadBalancerArn"], Protocol="HTTPS", Port=443, Certificates=[certificate])
    cloudfront = {"PrefixListIds": [{"PrefixListId": network.prefix_list()}]}
    network.admit(443, **cloudfront)
    secure = {"secure": True, "server_names": (one["DNSName"], host)}
    assert ask(one, port=443, connection=secure).status == 404
    with pytest.raises(NotAccepted, match="certificate"):
        ask(one, port=443, connection={**secure, "server_names": (one["DNSName"],)})
    assert ask(one, port=443).status == 400  # plain HTTP to a port that speaks TLS
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **cloudfront}
    network.ec2.revoke_security_group_ingress(GroupId=network.group, IpPermissions=[rule])


def test_egress_rules_decide_which_targets_are_reached(network: Network) -> None:
    one, group = network.load_balancer(SecurityGroups=[network.group]), network.target_group()
    network.listener(one["LoadBalancerArn"], forward(group))
    with program(HERE, plain("here")):
        network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": HERE}])
        until(lambda: network.states(group) == {HERE: "healthy"})
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        network.ec2.revoke_security_group_egress(GroupId=network.group, IpPermissions=[everything])
        assert ask(one).status == 504
        narrow = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{"CidrIp": f"{HERE}/32"}]}
        network.ec2.authorize_security_group_egress(GroupId=network.group, IpPermissions=[narrow])
        assert ask(one).status == 200
        network.ec2.authorize_security_group_egress(GroupId=network.group, IpPermissions=[everything])


def test_listener_attributes_change_the_answer(network: Network) -> None:
    one = network.load_balancer()
    listener = network.listener(one["LoadBalancerArn"])
    assert ask(one).headers["Server"] == "awselb/2.0"
    given = {"routing.http.response.server.enabled": "false"}
    given["routing.http.response.x_frame_options.header_value"] = "DENY"
    network.elb.modify_listener_attributes(
        ListenerArn=listener, Attributes=[{"Key": key, "Value": value} for key, value in given.items()]
    )
    answer = ask(one)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Server" not in answer.headers


def test_no_route_from_this_machine(network: Network, cloud: Cloud) -> None:
    one = network.load_balancer()
    network.listener(one["LoadBalancerArn"], FIXED)
    answer = requests.get(cloud.http_url, headers={"Host": one["DNSName"]}, timeout=10)
    assert answer.status_code == 504
    assert "no route" in answer.text

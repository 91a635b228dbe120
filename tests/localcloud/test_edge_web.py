"""The edge before programs in a VPC: from a viewer's request to a target of a load balancer and back, seen from
outside."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from localcloud.edge.ports import ports
from localcloud.edge.serve import reset
from localcloud.server.control import SECRET

from .batch_steps import until
from .conftest import Cloud
from .elb_steps import Network, Program, address, forward, program
from .test_cloudfront_refusals import counted
from .test_vpc_origins import endpoint

ADDRESS = address(9)
ALL_VIEWER, EXCEPT_HOST = "216adef6-5c7f-47e4-b989-5492eafa07d3", "b689b0a8-53d0-40ab-baf2-68738e2966ac"
CACHING_DISABLED, BY_ORIGIN = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "4cc15a8a-d715-48a4-82b8-cc0b614638fe"
ALL_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
CSP = "default-src 'self'; img-src https://*.cloudfront.net https://{domain}"
Reply = tuple[int, list[tuple[str, str]], bytes]


@dataclass
class Site:
    """A distribution before one program, by a VPC origin and a load balancer."""

    cloud: Cloud
    network: Network
    program: Program
    group: str
    id: str = ""
    domain: str = ""

    @property
    def client(self) -> Any:
        return self.cloud.client("cloudfront")

    def ask(self, path: str = "/", method: str = "GET", host: str = "", **more: Any) -> requests.Response:
        headers = {"Host": host or f"{self.domain}.localhost:4566", "Accept-Encoding": "identity"}
        headers |= more.pop("headers", {})
        return requests.request(
            method, f"{self.cloud.http_url}{path}", headers=headers, allow_redirects=False, timeout=20, **more
        )

    def change(self, **config: Any) -> None:
        held = self.client.get_distribution_config(Id=self.id)
        config = {**held["DistributionConfig"], **config}
        self.client.update_distribution(Id=self.id, IfMatch=held["ETag"], DistributionConfig=config)

    def behave(self, **more: Any) -> None:
        held = self.client.get_distribution_config(Id=self.id)["DistributionConfig"]["DefaultCacheBehavior"]
        self.change(DefaultCacheBehavior={**held, **more})

    def replies(self, status: int = 200, body: bytes = b"hello", **headers: str) -> None:
        """What the program answers from now on, without what is cached of before."""
        listed = [("Content-Type", "text/html"), *((name.replace("_", "-"), text) for name, text in headers.items())]
        self.program.respond = lambda _: (status, listed, body)
        self.program.asked.clear()
        reset()


def distribution(cloud: Cloud, origin: dict[str, Any]) -> dict[str, Any]:
    behavior = {
        "TargetOriginId": "site",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {**counted(*ALL_METHODS), "CachedMethods": counted("GET", "HEAD")},
        "CachePolicyId": CACHING_DISABLED,
        "OriginRequestPolicyId": ALL_VIEWER,
    }
    config = {
        "CallerReference": cloud.name("reference"),
        "Comment": "",
        "Enabled": True,
        "Origins": counted({"Id": "site", **origin}),
        "DefaultCacheBehavior": behavior,
    }
    return cloud.client("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]


@pytest.fixture(scope="module")
def shared(cloud: Cloud) -> Iterator[Site]:
    network = Network(cloud).make()
    balancer, group = network.load_balancer(), network.target_group()
    network.listener(balancer["LoadBalancerArn"], forward(group))
    client = cloud.client("cloudfront")
    config = endpoint(cloud.name("origin"), balancer["LoadBalancerArn"])
    origin = client.create_vpc_origin(VpcOriginEndpointConfig=config)["VpcOrigin"]["Id"]
    client.get_vpc_origin(Id=origin)
    held = {"DomainName": balancer["DNSName"], "VpcOriginConfig": {"VpcOriginId": origin}}
    made = distribution(cloud, {**held, "CustomHeaders": counted({"HeaderName": "X-From", "HeaderValue": "cdn"})})
    with program(ADDRESS, lambda _: (200, list[tuple[str, str]](), b"")) as answering:
        network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": ADDRESS}])
        until(lambda: network.states(group) == {ADDRESS: "healthy"})
        yield Site(cloud, network, answering, group, made["Id"], made["DomainName"])


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    """As it was made."""
    before = shared.client.get_distribution_config(Id=shared.id)["DistributionConfig"]
    shared.replies()
    yield shared
    held = shared.client.get_distribution_config(Id=shared.id)
    shared.client.update_distribution(Id=shared.id, IfMatch=held["ETag"], DistributionConfig=before)


def test_a_request_gets_there_whole(site: Site) -> None:
    site.replies(201, json.dumps({"data": 1}).encode(), Set_Cookie="session=1", X_Own="yes")
    answer = site.ask(
        "/graphql//x?a=1&b=%5B&Policy=2",
        "POST",
        data=b'{"query": 1}',
        headers={"Content-Type": "application/json", "Cookie": "a=1; b=2", "Authorization": "Bearer x", "TE": "x"},
    )
    assert (answer.status_code, answer.json(), answer.headers["X-Own"]) == (201, {"data": 1}, "yes")
    assert answer.headers["Set-Cookie"] == "session=1"
    assert answer.headers["X-Cache"] == "Miss from cloudfront"
    [(method, path, headers, body)] = site.program.asked
    assert (method, path, body) == ("POST", "/graphql//x?a=1&b=%5B&Policy=2", b'{"query": 1}')
    assert (headers["host"], headers["cookie"], headers["x-from"]) == (site.domain, "a=1; b=2", "cdn")
    assert (headers["authorization"], headers["content-type"]) == ("Bearer x", "application/json")
    assert headers["x-forwarded-for"].startswith("127.0.0.1, ")
    assert "cloudfront.net (CloudFront)" in headers["via"]
    assert "te" not in headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_every_method_that_the_behavior_allows(site: Site, method: str) -> None:
    assert site.ask("/x", method).status_code == 200
    assert [asked[0] for asked in site.program.asked] == [method]


def test_a_method_that_the_behavior_does_not_allow_never_gets_there(site: Site) -> None:
    site.behave(AllowedMethods={**counted("GET", "HEAD"), "CachedMethods": counted("GET", "HEAD")})
    answer = site.ask("/", "POST", data=b"x")
    assert (answer.status_code, site.program.asked) == (403, [])
    assert "HTTP request method" in answer.text


def test_without_policies_little_is_forwarded(site: Site) -> None:
    site.replies(Set_Cookie="session=1")
    site.behave(OriginRequestPolicyId="")
    answer = site.ask("/p?a=1", headers={"Cookie": "a=1", "X-Mine": "1", "Authorization": "Bearer x"})
    [(_, path, headers, _)] = site.program.asked
    assert path == "/p"
    assert headers.keys() & {"cookie", "x-mine", "authorization"} == set()
    assert headers["user-agent"] == "Amazon CloudFront"
    assert headers["host"].endswith(".elb.amazonaws.com")
    assert "Set-Cookie" not in answer.headers


def test_all_headers_but_the_host(site: Site) -> None:
    site.behave(OriginRequestPolicyId=EXCEPT_HOST)
    site.ask("/p?a=1", headers={"X-Mine": "1"})
    [(_, path, headers, _)] = site.program.asked
    assert (path, headers["x-mine"]) == ("/p?a=1", "1")
    assert headers["host"].endswith(".elb.amazonaws.com")


def test_programs_are_asked_for_no_encoding_that_the_edge_does_not_know(site: Site) -> None:
    for policy in (CACHING_DISABLED, BY_ORIGIN):
        site.behave(CachePolicyId=policy)
        for given, sent in (("br, gzip, zstd", "gzip"), ("br", "identity")):
            site.program.asked.clear()
            site.ask(f"/{given[-4:]}", headers={"Accept-Encoding": given})
            assert site.program.asked[0][2]["accept-encoding"] == sent


def test_where_the_page_is_is_told_as_on_aws(site: Site) -> None:
    local = f"http://{site.domain}.localhost:4566"
    site.ask("/", headers={"Origin": local, "Referer": f"{local}/runs"})
    headers = site.program.asked[0][2]
    assert (headers["origin"], headers["referer"]) == (f"https://{site.domain}", f"https://{site.domain}/runs")


def test_cached_as_the_origin_says(site: Site) -> None:
    site.behave(CachePolicyId=BY_ORIGIN)
    site.replies(Cache_Control="max-age=60")
    assert [site.ask("/a?x=1").headers["X-Cache"] for _ in range(2)] == ["Miss from cloudfront", "Hit from cloudfront"]
    assert site.ask("/a?x=2").headers["X-Cache"] == "Miss from cloudfront"
    assert site.ask("/a?x=1", headers={"Cookie": "c=1"}).headers["X-Cache"] == "Miss from cloudfront"
    assert site.ask("/a?x=1", "POST").headers["X-Cache"] == "Miss from cloudfront"
    for told in ("no-store", "private", "no-cache"):
        site.replies(Cache_Control=told)
        assert {site.ask("/b").headers["X-Cache"] for _ in range(2)} == {"Miss from cloudfront"}
        assert len(site.program.asked) == 2


def test_what_has_expired_is_served_while_the_origin_fails(site: Site) -> None:
    site.behave(CachePolicyId=BY_ORIGIN)
    site.replies(Cache_Control="max-age=0", ETag='"1"')
    assert site.ask("/a").text == "hello"
    site.program.respond = lambda _: (500, [], b"broken")
    answer = site.ask("/a")
    assert (answer.status_code, answer.text) == (200, "hello")
    asked = len(site.program.asked)
    site.ask("/a")
    assert len(site.program.asked) == asked


def test_errors_are_cached_for_a_while_unless_caching_is_off(site: Site) -> None:
    site.replies(500, b"broken")
    assert [site.ask("/a").status_code for _ in range(2)] == [500, 500]
    assert len(site.program.asked) == 2
    site.behave(CachePolicyId=BY_ORIGIN)
    site.program.asked.clear()
    assert [site.ask("/a").headers["X-Cache"] for _ in range(2)] == ["Error from cloudfront"] * 2
    assert len(site.program.asked) == 1


def test_security_headers(site: Site) -> None:
    site.replies(Server="mine")
    policy = {
        "Name": site.cloud.name("headers"),
        "SecurityHeadersConfig": {
            "ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": CSP.format(domain=site.domain)},
            "ContentTypeOptions": {"Override": True},
            "FrameOptions": {"Override": True, "FrameOption": "DENY"},
            "ReferrerPolicy": {"Override": True, "ReferrerPolicy": "no-referrer"},
            "StrictTransportSecurity": {"Override": True, "AccessControlMaxAgeSec": 60, "IncludeSubdomains": True},
        },
        "RemoveHeadersConfig": counted({"Header": "Server"}),
    }
    made = site.client.create_response_headers_policy(ResponseHeadersPolicyConfig=policy)["ResponseHeadersPolicy"]
    site.behave(ResponseHeadersPolicyId=made["Id"])
    assert site.ask(host=site.domain).headers["Location"] == f"https://{site.domain}/"  # by HTTP to the public name
    headers = site.ask().headers
    local = f"http://{site.domain}.localhost:4566"
    assert headers["Content-Security-Policy"] == (
        f"default-src 'self'; img-src http://*.cloudfront.net.localhost:4566 {local}"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert (headers["X-Frame-Options"], headers["Referrer-Policy"]) == ("DENY", "no-referrer")
    assert headers["Strict-Transport-Security"] == "max-age=60; includeSubDomains"
    assert headers["Server"] == "CloudFront"


@pytest.mark.parametrize("encoded", [False, True])
def test_names_of_distributions_are_local_for_local_viewers(site: Site, encoded: bool) -> None:
    port = ports()[site.domain]
    text = (
        f'<a href="https://{site.domain}/x">https://{site.domain}.org http://127.0.0.1:{port}0 https://example.org</a>'
    )
    body = gzip.compress(text.encode()) if encoded else text.encode()
    more = {"Content_Encoding": "gzip"} if encoded else {}
    site.replies(302, body, Location=f"https://{site.domain}/y", **more)
    local = f"http://{site.domain}.localhost:4566"
    answer = site.ask()
    assert answer.text == text.replace(f"https://{site.domain}/", f"{local}/")
    assert answer.headers["Location"] == f"{local}/y"
    plain = requests.get(f"http://127.0.0.1:{port}/", allow_redirects=False, timeout=20)
    assert (plain.text, plain.headers["Location"]) == (text, f"https://{site.domain}/y")


def test_a_loopback_port_that_stands_for_a_distribution_in_pods_is_its_local_name_too(site: Site) -> None:
    site.replies(200, f'{{"url": "http://127.0.0.1:{ports()[site.domain]}/graphql"}}'.encode())
    assert site.ask().json() == {"url": f"http://{site.domain}.localhost:4566/graphql"}


def test_text_of_another_type_stays_as_it_is(site: Site) -> None:
    text = f"https://{site.domain}/x"
    site.program.respond = lambda _: (200, [("Content-Type", "text/plain")], text.encode())
    assert site.ask().text == text


def test_each_distribution_has_a_port_of_its_own(site: Site, cloud: Cloud) -> None:
    asked = requests.get(
        f"{cloud.http_url}/_localcloud/distributions", headers={"Authorization": f"Bearer {SECRET}"}, timeout=20
    )
    port = asked.json()[site.domain]
    assert requests.get(f"http://127.0.0.1:{port}/graphql?a=1", timeout=20).text == "hello"
    _, path, headers, _ = site.program.asked[0]
    assert (path, headers["host"]) == ("/graphql?a=1", site.domain)


@pytest.mark.parametrize(
    ("bad", "more"),
    [
        (True, {"path": "/WEB-INF/web.xml"}),
        (True, {"path": "/?q=%24%7Bjndi%3Aldap%3A%2F%2Fexample.com%2F%7D"}),
        (True, {"headers": {"User-Agent": "${jndi:ldap://example.com/}"}}),
        (True, {"method": "POST", "data": b'(java.lang.Runtime).getRuntime().exec("whoami")'}),
        (False, {"path": "/web-info?q=jndi", "method": "POST", "data": b"{ datasets { title } }" * 2_000}),
    ],
    ids=["path", "query", "header", "body", "none"],
)
def test_what_awss_rules_know_as_attacks(site: Site, bad: bool, more: dict[str, Any]) -> None:
    waf = site.cloud.client("wafv2", region_name="us-east-1")
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "a"}

    def rule(name: str, action: str) -> dict[str, Any]:
        statement = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name}}
        return {"Name": name, "Statement": statement, "OverrideAction": {action: {}}, "VisibilityConfig": seen}

    def acl(action: str) -> str:
        groups = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
        rules = [{**rule(name, action), "Priority": number} for number, name in enumerate(groups)]
        given = {"Scope": "CLOUDFRONT", "DefaultAction": {"Allow": {}}, "VisibilityConfig": seen, "Rules": rules}
        made = waf.create_web_acl(Name=site.cloud.name("acl"), **given)["Summary"]
        assert waf.get_web_acl(Name=made["Name"], Id=made["Id"], Scope="CLOUDFRONT")["WebACL"]["Capacity"] == 225
        return str(made["ARN"])

    for action, blocked in (("None", bad), ("Count", False)):
        site.change(WebACLId=acl(action))
        answer = site.ask(**more)
        assert (answer.status_code, len(site.program.asked)) == ((403, 0) if blocked else (200, 1))
        site.program.asked.clear()


def closed(site: Site) -> Callable[[], None]:
    """Lets nobody through to the load balancer; the answer opens it again."""
    [rule] = site.network.ec2.describe_security_groups(GroupIds=[site.network.group])["SecurityGroups"]
    site.network.ec2.revoke_security_group_ingress(GroupId=site.network.group, IpPermissions=rule["IpPermissions"])
    again = {"GroupId": site.network.group, "IpPermissions": rule["IpPermissions"]}
    return lambda: site.network.ec2.authorize_security_group_ingress(**again)


def test_a_load_balancer_that_lets_cloudfront_not_in(site: Site) -> None:
    opened = closed(site)
    answer = site.ask()
    assert (answer.status_code, answer.headers["X-Cache"]) == (504, "Error from cloudfront")
    assert "wasn't able to connect to the origin" in answer.text
    group = {"Name": "group-name", "Values": ["CloudFront-VPCOrigins-Service-SG"]}
    vpc = {"Name": "vpc-id", "Values": [site.network.vpc]}
    [own] = site.network.ec2.describe_security_groups(Filters=[group, vpc])["SecurityGroups"]
    site.network.admit(UserIdGroupPairs=[{"GroupId": own["GroupId"]}])
    assert site.ask().status_code == 200
    opened()


def test_a_port_without_listener_is_502_and_no_target_503(site: Site) -> None:
    [listener] = _listeners(site)
    site.network.elb.modify_listener(ListenerArn=listener, Port=8000)
    answer = site.ask()
    assert (answer.status_code, "closed the connection" in answer.text) == (502, True)
    site.network.elb.modify_listener(ListenerArn=listener, Port=80)
    fresh = site.network.target_group()
    site.network.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(fresh)])
    answer = site.ask()
    assert (answer.status_code, answer.headers["Server"]) == (503, "awselb/2.0")
    site.network.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(site.group)])
    until(lambda: site.ask().status_code == 200)


def _listeners(site: Site) -> list[str]:
    [group] = site.network.elb.describe_target_groups(TargetGroupArns=[site.group])["TargetGroups"]
    found = site.network.elb.describe_listeners(LoadBalancerArn=group["LoadBalancerArns"][0])["Listeners"]
    return [one["ListenerArn"] for one in found]


def test_another_host_as_origin(site: Site, cloud: Cloud) -> None:
    """Another distribution, and a name that nobody has here."""
    custom = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginSslProtocols": counted("TLSv1.2"),
    }
    front = distribution(cloud, {"DomainName": site.domain, "CustomOriginConfig": custom})
    config = site.client.get_distribution_config(Id=front["Id"])
    behavior = {**config["DistributionConfig"]["DefaultCacheBehavior"], "OriginRequestPolicyId": EXCEPT_HOST}
    changed = {**config["DistributionConfig"], "DefaultCacheBehavior": behavior}
    site.client.update_distribution(Id=front["Id"], IfMatch=config["ETag"], DistributionConfig=changed)
    host = f"{front['DomainName']}.localhost:4566"
    assert site.ask("/x", host=host).text == "hello"
    assert site.program.asked[0][2]["host"] == site.domain
    lost = distribution(cloud, {"DomainName": "nobody.example.org", "CustomOriginConfig": custom})
    answer = site.ask(host=f"{lost['DomainName']}.localhost:4566")
    assert (answer.status_code, "resolve the origin domain name" in answer.text) == (502, True)

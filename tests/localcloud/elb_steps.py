"""An internal load balancer in a network of its own, and programs that answer HTTP as its targets."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .conftest import DEV, Cloud

CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "nothing here"}}


@dataclass
class Network:
    """A VPC with two subnets, an internet gateway and a security group that admits CloudFront to port 80."""

    cloud: Cloud
    account: str = DEV
    vpc: str = ""
    subnets: list[str] = field(default_factory=list[str])
    group: str = ""
    gateway: str = ""

    @property
    def ec2(self) -> Any:
        return self.cloud.client("ec2", self.account)

    @property
    def elb(self) -> Any:
        return self.cloud.client("elbv2", self.account)

    def make(self) -> Network:
        ec2 = self.ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.32.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.32.{n}.0/24", AvailabilityZone=f"us-west-2{zone}")[
                "Subnet"
            ]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self.gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.group = self.security_group()
        self.admit(PrefixListIds=[{"PrefixListId": self.prefix_list()}])
        return self

    def security_group(self) -> str:
        name = self.cloud.name("group")
        return str(self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"])

    def prefix_list(self) -> str:
        wanted = [{"Name": "prefix-list-name", "Values": [CLOUDFRONT]}]
        [found] = self.ec2.describe_managed_prefix_lists(Filters=wanted)["PrefixLists"]
        return str(found["PrefixListId"])

    def admit(self, port: int = 80, **peers: Any) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[rule])

    def load_balancer(self, **more: Any) -> dict[str, Any]:
        given = {"Subnets": self.subnets, "SecurityGroups": [self.group], "Scheme": "internal"}
        made = self.elb.create_load_balancer(**{"Name": self.cloud.name("lb"), **given, **more})
        return made["LoadBalancers"][0]

    def target_group(self, **more: Any) -> str:
        given = {"Protocol": "HTTP", "Port": 8080, "VpcId": self.vpc, "TargetType": "ip"}
        check = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "HealthCheckPath": "/healthz"}
        made = self.elb.create_target_group(**{"Name": self.cloud.name("tg"), **given, **check, **more})
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def listener(self, load_balancer: str, *actions: dict[str, Any], **more: Any) -> str:
        given = {"Protocol": "HTTP", "Port": 80, "DefaultActions": list(actions) or [FIXED]}
        made = self.elb.create_listener(LoadBalancerArn=load_balancer, **{**given, **more})
        return str(made["Listeners"][0]["ListenerArn"])

    def states(self, group: str) -> dict[str, str]:
        """By address, with the reason."""
        answer = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {
            one["Target"]["Id"]: " ".join(
                filter(None, [one["TargetHealth"]["State"], one["TargetHealth"].get("Reason")])
            )
            for one in answer
        }


def address(last: int) -> str:
    """One in the VPC at which no other process of tests has a program."""
    return f"10.32.{os.getpid() % 250}.{last}"


def forward(group: str) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": group}


@dataclass
class Program:
    """A target: it answers what ``respond`` says, and notes what it was asked."""

    address: str
    respond: Callable[[Any], tuple[int, list[tuple[str, str]], bytes]]
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(
        default_factory=list[tuple[str, str, dict[str, str], bytes]]
    )
    healthy: bool = True


def plain(text: str) -> Callable[[Any], tuple[int, list[tuple[str, str]], bytes]]:
    return lambda _: (200, [("Content-Type", "text/plain")], text.encode())


@contextmanager
def program(address: str, respond: Callable[[Any], tuple[int, list[tuple[str, str]], bytes]]) -> Generator[Program]:
    """A program that listens where a target of that address does, on port 8080."""
    one = Program(address, respond)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # header and body are written one after the other

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/healthz":
                status, headers, content = (200 if one.healthy else 500), list[tuple[str, str]](), b""
            else:
                given = {name.lower(): value for name, value in self.headers.items()}
                one.asked.append((self.command, self.path, given, body))
                status, headers, content = one.respond(self)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Into no test's output."""

    server = ThreadingHTTPServer((f"127{address.removeprefix('10')}", 8080), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()

"""What a load balancer does with a request: who may connect, the listener, the rule, the target.

AWS facts (user guide): security groups decide who reaches a listener; without a healthy target the unhealthy ones are
asked, without any target it is 503; what does not accept the connection or breaks it off is 502, what does not answer
in time is 504. A draining target goes on getting new requests for some seconds (seen: about 17), since deregistration
takes its time.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from localcloud.server import registry
from localcloud.server.connections import Connection, NotAccepted, NotAnswered
from localcloud.server.timescale import SCALE
from localcloud.server.wire import HttpRequest, HttpResponse

from . import attributes, groups, headers, matching, store, upstream
from .pages import page
from .store import Listener, LoadBalancer, Target, TargetGroup

DRAINING_LAG_SECONDS: Final = 17


def no_route(request: HttpRequest) -> HttpResponse | None:
    """For requests from this machine: an internal load balancer has private addresses, to which it has no route."""
    host = request.headers.get("host", "").partition(":")[0].lower()
    if not re.fullmatch(r"internal-.+\.elb\.amazonaws\.com", host):
        return None
    text = f"{host}: no route to an internal load balancer from outside its VPC.\n".encode()
    return HttpResponse(status=504, headers={"Content-Type": "text/plain"}, body=text)


def forward(connection: Connection, request: HttpRequest) -> HttpResponse | None:
    """The answer to a request by a connection from within the VPC; None: the host is no load balancer's.

    Raises NotAnswered or NotAccepted.
    """
    balancers = [one for one in list(store.LOAD_BALANCERS.values()) if one.dns_name == connection.host.lower()]
    if not balancers:
        return None
    [one] = balancers
    if not groups.admit(one, connection):
        raise NotAnswered(f"no security group of {one.name} admits {connection.address} to port {connection.port}")
    listener = next((each for each in store.listeners_of(one) if each.port == connection.port), None)
    if listener is None:
        raise NotAccepted(f"{one.name} has no listener on port {connection.port}")
    secure = listener.protocol == "HTTPS"
    if connection.secure != secure:
        if secure:
            return page(400)
        raise NotAccepted(f"port {connection.port} of {one.name} does not speak TLS")
    if secure:
        _certified(listener, connection.server_names)
    answer = _answered(one, listener, request, connection.address)
    return headers.to_client(listener, answer)


def _certified(listener: Listener, wanted: tuple[str, ...]) -> None:
    certificate = registry.resource(listener.certificate)
    names: list[str] = certificate.facts["names"] if certificate is not None else []
    wild = {name[2:] for name in names if name.startswith("*.")}
    if not any(one in names or one.partition(".")[2] in wild for one in wanted):
        raise NotAccepted(f"the certificate of {listener.arn} is for {', '.join(names)}, not for {', '.join(wanted)}")


def _answered(one: LoadBalancer, listener: Listener, request: HttpRequest, source: str) -> HttpResponse:
    [action] = matching.actions(listener, request, source)
    if action["Type"] == "fixed-response":
        return _fixed(action["FixedResponseConfig"])
    if action["Type"] == "redirect":
        return _redirected(action["RedirectConfig"], listener, request)
    group = _group(action["ForwardConfig"]["TargetGroups"])
    target = _target(group)
    if target is None:
        return page(503)
    own = groups.addresses(one)
    if not groups.may_reach(one, own[group.turn % len(own)], target.address, target.port):
        return page(504)
    timeout = float(attributes.value(one, attributes.LOAD_BALANCER, "idle_timeout.timeout_seconds"))
    sent = headers.to_target(one, listener, request, source)
    return upstream.ask(target, request, sent, timeout)


def _fixed(config: Mapping[str, Any]) -> HttpResponse:
    body = config.get("MessageBody", "").encode()
    headers = {"Server": "awselb/2.0", "Content-Type": config.get("ContentType", "text/plain")}
    return HttpResponse(status=int(config["StatusCode"]), headers=headers, body=body)


def _redirected(config: Mapping[str, Any], listener: Listener, request: HttpRequest) -> HttpResponse:
    now = {
        "protocol": listener.protocol,
        "host": request.headers.get("host", "").partition(":")[0],
        "port": str(listener.port),
        "path": request.path.removeprefix("/"),
        "query": request.query,
    }

    def filled(text: str) -> str:
        return re.sub(r"#\{(\w+)\}", lambda match: now[match[1]], text)

    parts = {key: filled(config[key]) for key in ("Protocol", "Host", "Port", "Path", "Query")}
    query = f"?{parts['Query']}" if parts["Query"] else ""
    location = f"{parts['Protocol'].lower()}://{parts['Host']}:{parts['Port']}{parts['Path']}{query}"
    return page(int(config["StatusCode"].removeprefix("HTTP_")), Location=location)


def _group(weighted: list[dict[str, Any]]) -> TargetGroup:
    weights = [group["Weight"] for group in weighted]
    if not any(weights):
        weights = [1] * len(weighted)
    [chosen] = random.choices(weighted, weights)  # noqa: S311 - a share of requests, no secret
    return store.target_group(chosen["TargetGroupArn"])


def _target(group: TargetGroup) -> Target | None:
    """The next one in turn."""
    lag = SCALE.real(DRAINING_LAG_SECONDS)
    with store.LOCK:
        now = time.monotonic()
        present = [
            one for one in group.targets.values() if one.draining_since is None or now - one.draining_since < lag
        ]
        healthy = [one for one in present if one.state == "healthy"]
        candidates = healthy or [one for one in present if one.state == "unhealthy"]
        if not candidates:
            return None
        group.turn += 1
        return candidates[group.turn % len(candidates)]

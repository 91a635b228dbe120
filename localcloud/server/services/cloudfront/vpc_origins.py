"""VPC origins: a way from CloudFront into a VPC, to an internal load balancer there.

AWS facts (developer guide, "Restrict access with VPC origins"): the VPC has an internet gateway; the origin is
Deploying before it is Deployed, which a distribution waits for; while a distribution uses it, nothing of it can be
changed, not even tags. With the first one in a VPC CloudFront makes a security group there, which the load balancer
may admit.
"""

from __future__ import annotations

import re
from typing import Any, Final

from localcloud.server import registry, service_calls
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import store
from .entities import ENDPOINT, SERVICE, listed, matching
from .policy_rules import invalid, quantities
from .store import VpcOrigin, account

GROUP: Final = "CloudFront-VPCOrigins-Service-SG"
_PRINCIPAL: Final = "vpcorigin.cloudfront.amazonaws.com"
_MOST: Final = 25
_ENDPOINT: Final = re.compile(
    r"arn:aws:(elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer/(app|net)/[\w-]+/[0-9a-f]+"
    r"|ec2:[a-z0-9-]+:\d{12}:instance/i-[0-9a-f]+)"
)
_PROTOCOLS: Final = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2")


def missing() -> Refusal:
    return Refusal("EntityNotFound", "The specified VPC origin does not exist or is not deployed.", 404)


def _own(call: Call) -> VpcOrigin:
    vpc_origin = account(call.account).vpc_origins.get(call.params["Id"])
    if vpc_origin is None:
        raise missing()
    return vpc_origin


def check_port(number: int) -> None:
    """Raises Refusal."""
    if number not in (80, 443) and not 1024 <= number <= 65_535:
        raise invalid("The specified port is not within the allowed range: 80, 443, 1024 to 65535.")


def check_protocols(config: Params) -> None:
    """The ports and TLS versions of a connection to an origin. Raises Refusal."""
    check_port(config["HTTPPort"])
    check_port(config["HTTPSPort"])
    protocols = (config.get("OriginSslProtocols") or {}).get("Items") or []
    if config["OriginProtocolPolicy"] != "http-only" and not protocols:
        raise invalid("The parameter OriginSslProtocols is required.")
    if unknown := [one for one in protocols if one not in _PROTOCOLS]:
        raise invalid(
            f"The parameter OriginSslProtocols has {unknown[0]}, which is not one of {', '.join(_PROTOCOLS)}."
        )


def _checked(call: Call, own: VpcOrigin | None = None) -> Params:
    """The configuration. Raises Refusal."""
    config = dict(call.params["VpcOriginEndpointConfig"])
    quantities(config)
    if not _ENDPOINT.fullmatch(config["Arn"]):
        raise invalid("VpcOriginEndpointConfig Arn Invalid Format.")
    check_protocols(config)
    config.setdefault("OriginSslProtocols", {"Quantity": 0, "Items": []})
    if config.setdefault("IpAddressType", "ipv4") != "ipv4" or ":loadbalancer/app/" not in config["Arn"]:
        text = "cloudfront VPC origins other than application load balancers with IPv4 are not implemented here."
        raise Refusal("NotImplemented", text, 501)
    _endpoint(call, config["Arn"])
    for other in account(call.account).vpc_origins.values():
        if other is not own and other.config["Name"] == config["Name"]:
            raise Refusal("EntityAlreadyExists", "A VPC origin with the same name already exists.", 409)
    return config


def _endpoint(call: Call, arn: str) -> Any:
    """What is known of the load balancer, whose VPC has an internet gateway. Raises Refusal."""
    resource = registry.resource(arn)
    if resource is None or resource.owner != call.account:
        raise invalid("The specified VpcOriginEndpointConfig Arn does not exist in this account.")
    vpc = registry.resource(f"arn:aws:ec2:{arn.split(':')[3]}:{call.account}:vpc/{resource.facts['vpc']}")
    if vpc is None or not vpc.facts["internet_gateway"]:
        raise invalid(f"The VPC {resource.facts['vpc']} of the origin must have an internet gateway attached.")
    return resource.facts


def _answer(one: VpcOrigin) -> Params:
    return {
        "Id": one.id,
        "Arn": one.arn,
        "AccountId": one.account,
        "Status": "Deployed" if one.deployed else "Deploying",
        "CreatedTime": one.created,
        "LastModifiedTime": one.modified,
        "VpcOriginEndpointConfig": one.config,
    }


@HOOKS.instead(SERVICE, "CreateVpcOrigin")
def create(call: Call) -> Params:
    cloudfront, config = account(call.account), _checked(call)
    if len(cloudfront.vpc_origins) >= _MOST:
        raise Refusal("EntityLimitExceeded", f"An account has at most {_MOST} VPC origins.", 400)
    tags = {tag["Key"]: tag.get("Value", "") for tag in (call.params.get("Tags") or {}).get("Items") or []}
    vpc_origin = VpcOrigin(id=store.vpc_origin_id(), account=call.account, config=config, tags=tags)
    vpc_origin.vpc, vpc_origin.group = _service_group(call, vpc_origin)
    cloudfront.vpc_origins[vpc_origin.id] = vpc_origin
    call.response_status = 202
    return {
        "VpcOrigin": _answer(vpc_origin),
        "Location": f"{ENDPOINT}/vpc-origin/{vpc_origin.id}",
        "ETag": vpc_origin.etag,
    }


def _ec2(one: VpcOrigin, operation: str, **params: Any) -> Params:
    """CloudFront's own calls."""
    caller = service_calls.service(_PRINCIPAL, one.account)
    return service_calls.perform(caller, "ec2", operation, params, one.config["Arn"].split(":")[3], by_itself=True)


def _service_group(call: Call, one: VpcOrigin) -> tuple[str, str]:
    """The VPC, and the group that CloudFront's interfaces there have."""
    vpc = str(_endpoint(call, one.config["Arn"])["vpc"])
    wanted = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": [GROUP]}]
    if present := _ec2(one, "DescribeSecurityGroups", Filters=wanted)["SecurityGroups"]:
        return vpc, str(present[0]["GroupId"])
    text = "Security group for CloudFront VPC origins"
    return vpc, str(_ec2(one, "CreateSecurityGroup", GroupName=GROUP, Description=text, VpcId=vpc)["GroupId"])


@HOOKS.instead(SERVICE, "GetVpcOrigin")
def get(call: Call) -> Params:
    one = _own(call)
    one.deployed = True
    return {"VpcOrigin": _answer(one), "ETag": one.etag}


def _unused(one: VpcOrigin, code: str) -> None:
    if store.naming(account(one.account), "VpcOrigin", one.id):
        text = (
            "The specified VPC origin is currently associated with one or more distributions. Please disassociate the "
            "VPC origin from all distributions before updating or deleting it."
        )
        raise Refusal(code, text, 409)


@HOOKS.instead(SERVICE, "UpdateVpcOrigin")
def update(call: Call) -> Params:
    one = _own(call)
    matching(call, one)
    _unused(one, "CannotUpdateEntityWhileInUse")
    one.change(_checked(call, one))
    left, (one.vpc, one.group) = (one.vpc, one.group), _service_group(call, one)
    _remove_unused_group(one, *left)
    one.deployed = False
    call.response_status = 202
    return {"VpcOrigin": _answer(one), "ETag": one.etag}


@HOOKS.instead(SERVICE, "DeleteVpcOrigin")
def delete(call: Call) -> Params:
    one = _own(call)
    matching(call, one)
    _unused(one, "CannotDeleteEntityWhileInUse")
    del account(call.account).vpc_origins[one.id]
    _remove_unused_group(one, one.vpc, one.group)
    call.response_status = 202
    return {"VpcOrigin": _answer(one), "ETag": one.etag}


def _remove_unused_group(one: VpcOrigin, vpc: str, group: str) -> None:
    """CloudFront's group goes with the last VPC origin of a VPC, unless a rule of another group names it."""
    if any(other.vpc == vpc for other in account(one.account).vpc_origins.values()):
        return
    try:
        _ec2(one, "DeleteSecurityGroup", GroupId=group)
    except Refusal as refusal:
        if refusal.code not in ("DependencyViolation", "InvalidGroup.NotFound"):
            raise


@HOOKS.instead(SERVICE, "ListVpcOrigins")
def list_all(call: Call) -> Params:
    rows = [_row(one) for one in account(call.account).vpc_origins.values()]
    return {"VpcOriginList": listed(call, rows)}


def _row(one: VpcOrigin) -> Params:
    row = {key: value for key, value in _answer(one).items() if key != "VpcOriginEndpointConfig"}
    return {**row, "Name": one.config["Name"], "OriginEndpointArn": one.config["Arn"], "IpAddressType": "ipv4"}


def tags_of(call: Call, arn: str) -> dict[str, str] | None:
    """The tags of a VPC origin, which are not changed while it is used; None if the ARN is of none."""
    one = account(call.account).vpc_origins.get(arn.rpartition("/")[2])
    if one is None or one.arn != arn:
        return None
    if call.operation != "ListTagsForResource":
        _unused(one, "CannotUpdateEntityWhileInUse")
    return one.tags

"""aws:cloudfront/vpcOrigin:VpcOrigin. Its id is CloudFront's.

AWS facts: it is waited for until it is deployed, which takes up to 15 minutes; while a distribution uses it nothing of
it can be changed, not even tags.
"""

import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import optional

_GONE: Final = frozenset({"EntityNotFound"})
_WAIT_SECONDS: Final = 60.0
"""pulumi-aws waits 15 minutes, or as long as `timeouts` says; the local cloud deploys at once."""
_CONFIG: Final = {
    "arn": "Arn",
    "http_port": "HTTPPort",
    "https_port": "HTTPSPort",
    "name": "Name",
    "origin_protocol_policy": "OriginProtocolPolicy",
}


class VpcOrigin(Resource):
    """A way from CloudFront to a load balancer in a VPC."""

    tf = "aws_cloudfront_vpc_origin"
    pulumi = "aws:cloudfront/vpcOrigin:VpcOrigin"
    handles = frozenset({"vpc_origin_endpoint_config"})
    steers: ClassVar = {"timeouts": None}
    recomputed = frozenset({"etag"})

    def create(self, op: Operation) -> str:
        given: dict[str, Any] = {"VpcOriginEndpointConfig": _config(op.new["vpc_origin_endpoint_config"])}
        if op.new["tags_all"]:
            given["Tags"] = {"Items": as_list(op.new["tags_all"])}
        return str(op.client("cloudfront").create_vpc_origin(**given)["VpcOrigin"]["Id"])

    def settle(self, op: Operation) -> None:
        _deployed(op)

    def read(self, op: Operation) -> State | None:
        client = op.client("cloudfront")
        answer = optional(lambda: client.get_vpc_origin(Id=op.resource_id), _GONE)
        if answer is None:
            return None
        found = answer["VpcOrigin"]
        config = found["VpcOriginEndpointConfig"]
        protocols = config["OriginSslProtocols"]
        return {
            "arn": found["Arn"],
            "etag": answer["ETag"],
            "vpc_origin_endpoint_config": {
                **{name: config[api] for name, api in _CONFIG.items()},
                "origin_ssl_protocols": {"items": protocols.get("Items", []), "quantity": protocols["Quantity"]},
            },
            "tags_all": as_map(client.list_tags_for_resource(Resource=found["Arn"])["Tags"].get("Items", [])),
        }

    def update(self, op: Operation) -> None:
        client = op.client("cloudfront")
        if "vpc_origin_endpoint_config" in op.changed:
            etag = client.get_vpc_origin(Id=op.resource_id)["ETag"]
            config = _config(op.new["vpc_origin_endpoint_config"])
            client.update_vpc_origin(Id=op.resource_id, IfMatch=etag, VpcOriginEndpointConfig=config)
            _deployed(op)
        op.retag(
            lambda keys: client.untag_resource(Resource=op.old["arn"], TagKeys={"Items": keys}),
            lambda tags: client.tag_resource(Resource=op.old["arn"], Tags={"Items": as_list(tags)}),
        )

    def delete(self, op: Operation) -> None:
        client = op.client("cloudfront")
        answer = optional(lambda: client.get_vpc_origin(Id=op.resource_id), _GONE)
        if answer is not None:
            client.delete_vpc_origin(Id=op.resource_id, IfMatch=answer["ETag"])


def _config(block: Mapping[str, Any]) -> dict[str, Any]:
    protocols = block["origin_ssl_protocols"]
    return {
        **{api: block[name] for name, api in _CONFIG.items()},
        "OriginSslProtocols": {"Quantity": protocols["quantity"], "Items": list(protocols["items"])},
    }


def _deployed(op: Operation) -> None:
    """Returns once the origin is deployed. Raises ProviderError if it isn't in time."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while op.client("cloudfront").get_vpc_origin(Id=op.resource_id)["VpcOrigin"]["Status"] != "Deployed":
        if time.monotonic() > deadline:
            raise ProviderError(f"VPC origin {op.resource_id} is not deployed after {_WAIT_SECONDS:.0f} s")
        time.sleep(0.1)

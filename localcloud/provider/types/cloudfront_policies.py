"""aws:cloudfront's policies, access controls, public keys and key groups. Their ids are CloudFront's.

AWS facts: an update sends the whole configuration and the ETag that it was made for; lists are an object with their
length; a caller reference is made once and sent back with every change.
"""

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.api_names import Names, from_api, to_api
from localcloud.provider.plan import Faults, Plan
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.types.s3_common import optional

_NAMES: Final[Names] = {
    "min_ttl": "MinTTL",
    "default_ttl": "DefaultTTL",
    "max_ttl": "MaxTTL",
    "xss_protection": "XSSProtection",
    "access_control_max_age_sec": "AccessControlMaxAgeSec",
}


def counted(value: Any) -> Any:
    """The API's way of a list: with its length beside it."""
    if isinstance(value, Mapping):
        inner = {key: counted(item) for key, item in value.items()}
        if "Items" in inner:
            return {"Quantity": len(inner["Items"]), **inner}
        return inner
    return [counted(item) for item in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """The opposite: a list without its length; an empty one is left out."""
    if isinstance(value, Mapping):
        return {
            key: plain(item)
            for key, item in value.items()
            if key != "Quantity" and not (isinstance(item, Mapping) and item.get("Quantity") == 0)
        }
    return [plain(item) for item in value] if isinstance(value, list) else value


_HEADER_PARTS: Final = (
    "cors_config", "custom_headers_config", "remove_headers_config", "security_headers_config",
    "server_timing_headers_config",
)  # fmt: skip


def _one_part(plan: Plan) -> Faults:
    if any(plan.new.get(part) for part in _HEADER_PARTS):
        return []
    return [("cors_config", f"one of {', '.join(_HEADER_PARTS)} is required")]


class _Entity(Resource):
    """``word``: the API's name of the type; its calls and members are made from it."""

    word: ClassVar[str]
    path: ClassVar[str]
    """As in its ARN; empty: the provider puts out none."""
    gone: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    """Inputs that go into the configuration under their own names."""

    def configuration(self, op: Operation) -> dict[str, Any]:
        """What to send."""
        given = {name: op.new.get(name) for name in self.fields}
        return counted(to_api({name: value for name, value in given.items() if value not in (None, [])}, _NAMES))

    def create(self, op: Operation) -> str:
        made = self._call(op, "create", **{f"{self.word}Config": self.configuration(op)})
        return str(made[self.word]["Id"])

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: self._call(op, "get", Id=op.resource_id), frozenset({self.gone}))
        if found is None:
            return None
        config = from_api(plain(found[self.word][f"{self.word}Config"]), _NAMES)
        state = {name: config.get(name) for name in self.fields}
        if self.path:
            state["arn"] = f"arn:{op.partition}:cloudfront::{op.account_id}:{self.path}/{op.resource_id}"
        return {**state, "etag": found["ETag"], **self.computed(config)}

    def computed(self, config: Mapping[str, Any]) -> State:
        """Outputs that stand in the configuration."""
        del config
        return {}

    def update(self, op: Operation) -> None:
        etag = self._call(op, "get", Id=op.resource_id)["ETag"]
        self._call(op, "update", Id=op.resource_id, IfMatch=etag, **{f"{self.word}Config": self.configuration(op)})

    def delete(self, op: Operation) -> None:
        found = optional(lambda: self._call(op, "get", Id=op.resource_id), frozenset({self.gone}))
        if found is not None:
            self._call(op, "delete", Id=op.resource_id, IfMatch=found["ETag"])

    def _call(self, op: Operation, verb: str, **parameters: Any) -> Any:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.word)
        return getattr(op.client("cloudfront"), verb + name)(**parameters)


class OriginAccessControl(_Entity):
    """How CloudFront signs its requests to an origin."""

    tf = "aws_cloudfront_origin_access_control"
    pulumi = "aws:cloudfront/originAccessControl:OriginAccessControl"
    word, path, gone = "OriginAccessControl", "origin-access-control", "NoSuchOriginAccessControl"
    fields = ("name", "description", "origin_access_control_origin_type", "signing_behavior", "signing_protocol")
    handles = frozenset(fields)
    recomputed = frozenset({"etag"})


class CachePolicy(_Entity):
    """What is in the cache key, and for how long an object is kept."""

    tf = "aws_cloudfront_cache_policy"
    pulumi = "aws:cloudfront/cachePolicy:CachePolicy"
    word, path, gone = "CachePolicy", "cache-policy", "NoSuchCachePolicy"
    fields = (
        "name", "comment", "min_ttl", "default_ttl", "max_ttl", "parameters_in_cache_key_and_forwarded_to_origin",
    )  # fmt: skip
    handles = frozenset(fields)
    recomputed = frozenset({"etag"})

    def configuration(self, op: Operation) -> dict[str, Any]:
        """What a program leaves out of numbers and truth values is 0 and false, as the older types send it."""
        config = super().configuration(op)
        key = config["ParametersInCacheKeyAndForwardedToOrigin"]
        encodings = {"EnableAcceptEncodingGzip": False, "EnableAcceptEncodingBrotli": False}
        return {"MinTTL": 0, **config, "ParametersInCacheKeyAndForwardedToOrigin": {**encodings, **key}}


class ResponseHeadersPolicy(_Entity):
    """Headers that answers get and lose."""

    tf = "aws_cloudfront_response_headers_policy"
    pulumi = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
    word, path, gone = "ResponseHeadersPolicy", "response-headers-policy", "NoSuchResponseHeadersPolicy"
    fields = (
        "name", "comment", "cors_config", "custom_headers_config", "remove_headers_config", "security_headers_config",
        "server_timing_headers_config",
    )  # fmt: skip
    handles = frozenset(fields)
    recomputed = frozenset({"etag"})
    plan_rules = (("at least one of cors_config", _one_part),)


class PublicKey(_Entity):
    """A key that CloudFront checks signatures with."""

    tf = "aws_cloudfront_public_key"
    pulumi = "aws:cloudfront/publicKey:PublicKey"
    word, path, gone = "PublicKey", "", "NoSuchPublicKey"
    fields = ("name", "encoded_key", "comment")
    handles = frozenset({*fields, "name_prefix"})
    recomputed = frozenset({"etag"})

    def configuration(self, op: Operation) -> dict[str, Any]:
        prefix = op.new.get("name_prefix")
        name = {} if op.new.get("name") or not prefix else {"Name": f"{prefix}{secrets.token_hex(13)}"}
        reference = op.old.get("caller_reference") or secrets.token_hex(16)
        named = {"Name": op.old["name"]} if op.old.get("name") else name
        return {**super().configuration(op), **named, "CallerReference": reference}

    def computed(self, config: Mapping[str, Any]) -> State:
        return {"caller_reference": config["caller_reference"]}


class KeyGroup(_Entity):
    """Public keys of which one must have signed."""

    tf = "aws_cloudfront_key_group"
    pulumi = "aws:cloudfront/keyGroup:KeyGroup"
    word, path, gone = "KeyGroup", "", "NoSuchResource"
    fields = ("name", "items", "comment")
    handles = frozenset(fields)
    recomputed = frozenset({"etag"})

    def configuration(self, op: Operation) -> dict[str, Any]:
        given = {"Name": op.new["name"], "Items": list(op.new["items"]), "Comment": op.new.get("comment")}
        return {key: value for key, value in given.items() if value is not None}

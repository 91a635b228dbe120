"""aws:wafv2/ipSet:IpSet and aws:wafv2/webAcl:WebAcl. Their ids are WAF's; imported as ID/NAME/SCOPE.

AWS facts: an update sends the whole and the lock token that it was made for; what something uses is not deleted.
pulumi-aws doesn't read rules back that were given as `ruleJson`.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import PROPAGATION_SECONDS, has_code
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import name_of
from localcloud.provider.types.s3_common import optional

_GONE: Final = frozenset({"WAFNonexistentItemException"})


class _Locked(Resource):
    """What WAF holds under a name and an id. ``word``: the API's name of it."""

    word: ClassVar[str]

    def content(self, op: Operation) -> dict[str, Any]:
        """What to send beside name, scope and lock token."""
        raise NotImplementedError

    def state(self, found: Mapping[str, Any]) -> State:
        """Its own part of the state."""
        raise NotImplementedError

    def create(self, op: Operation) -> str:
        request = {"Name": name_of(op.new), "Scope": op.new["scope"], **self.content(op)}
        if op.new["tags_all"]:
            request["Tags"] = as_list(op.new["tags_all"])
        return str(self._call(op, "create", **request)["Summary"]["Id"])

    def read(self, op: Operation) -> State | None:
        named = self._named(op)
        answer = optional(lambda: self._call(op, "get", **named), _GONE)
        if answer is None:
            return None
        found = answer[self.word]
        tags = op.client("wafv2").list_tags_for_resource(ResourceARN=found["ARN"])["TagInfoForResource"]["TagList"]
        return {
            "name": found["Name"],
            "scope": named["Scope"],
            "arn": found["ARN"],
            "description": found.get("Description", ""),
            "lock_token": answer["LockToken"],
            "tags_all": as_map(tags),
            **self.state(found),
        }

    def update(self, op: Operation) -> None:
        named = self._named(op)
        answer = self._call(op, "get", **named)
        if op.changed - {"tags", "tags_all"}:
            self._call(op, "update", **named, LockToken=answer["LockToken"], **self.content(op))
        arn, client = answer[self.word]["ARN"], op.client("wafv2")
        op.retag(
            lambda keys: client.untag_resource(ResourceARN=arn, TagKeys=keys),
            lambda tags: client.tag_resource(ResourceARN=arn, Tags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        named = self._named(op)
        answer = optional(lambda: self._call(op, "get", **named), _GONE)
        if answer is not None:
            call = lambda: self._call(op, "delete", **named, LockToken=answer["LockToken"])  # noqa: E731
            op.retry(call, has_code("WAFAssociatedItemException"), PROPAGATION_SECONDS)

    def known_by(self, import_id: str) -> str:
        return import_id.partition("/")[0]

    def _named(self, op: Operation) -> dict[str, str]:
        """How the API knows it: from state, or from the id of an import."""
        found, _, rest = op.resource_id.partition("/")
        name, _, scope = rest.partition("/")
        scope = scope or op.old["scope"]
        if not name and op.old.get("name"):
            name = op.old["name"]
        elif not name:  # made up at creation, from a prefix
            listed = self._call(op, "list", Scope=scope)[f"{self.word}s"]
            name = next((one["Name"] for one in listed if one["Id"] == found), "gone")
        return {"Id": found, "Name": name, "Scope": scope}

    def _call(self, op: Operation, verb: str, **parameters: Any) -> Any:
        name = {"IPSet": "ip_set", "WebACL": "web_acl"}[self.word]
        plural = "s" if verb == "list" else ""
        return getattr(op.client("wafv2"), f"{verb}_{name}{plural}")(**parameters)


def _described(op: Operation) -> dict[str, Any]:
    return {"Description": op.new["description"]} if op.new.get("description") else {}


class IpSet(_Locked):
    """Networks of one IP version."""

    tf = "aws_wafv2_ip_set"
    pulumi = "aws:wafv2/ipSet:IpSet"
    word = "IPSet"
    handles = frozenset({"addresses", "description", "ip_address_version", "name", "name_prefix", "scope"})
    recomputed = frozenset({"lock_token"})
    plan_rules = (("addresses: same count", "AWS answers with the networks as they were given"),)

    def content(self, op: Operation) -> dict[str, Any]:
        content = {"Addresses": list(op.new.get("addresses") or []), **_described(op)}
        return content if op.resource_id else {"IPAddressVersion": op.new["ip_address_version"], **content}

    def state(self, found: Mapping[str, Any]) -> State:
        return {"addresses": found["Addresses"], "ip_address_version": found["IPAddressVersion"]}


class WebAcl(_Locked):
    """Rules that requests are tried by."""

    tf = "aws_wafv2_web_acl"
    pulumi = "aws:wafv2/webAcl:WebAcl"
    word = "WebACL"
    handles = frozenset(
        {"default_action", "description", "name", "name_prefix", "rule_json", "scope", "visibility_config"}
    )
    recomputed = frozenset({"capacity", "lock_token"})
    plan_rules = (
        ("no CustomizeDiff in the source read", "no rule: AWS refuses it"),
        ("rule_json: equivalent JSON", "the field's own diff_suppress says it"),
    )

    def content(self, op: Operation) -> dict[str, Any]:
        visible = op.new["visibility_config"]
        action = next(kind for kind in ("allow", "block") if op.new["default_action"].get(kind) is not None)
        return {
            "DefaultAction": {action.capitalize(): {}},
            "Rules": json.loads(op.new.get("rule_json") or "[]"),
            "VisibilityConfig": {
                "CloudWatchMetricsEnabled": visible["cloudwatch_metrics_enabled"],
                "MetricName": visible["metric_name"],
                "SampledRequestsEnabled": visible["sampled_requests_enabled"],
            },
            **_described(op),
        }

    def read(self, op: Operation) -> State | None:
        found = super().read(op)
        return None if found is None else {**found, "rule_json": op.old.get("rule_json")}

    def state(self, found: Mapping[str, Any]) -> State:
        visible = found["VisibilityConfig"]
        return {
            "capacity": found["Capacity"],
            "default_action": {kind.lower(): {} for kind in found["DefaultAction"]},
            "visibility_config": {
                "cloudwatch_metrics_enabled": visible["CloudWatchMetricsEnabled"],
                "metric_name": visible["MetricName"],
                "sampled_requests_enabled": visible["SampledRequestsEnabled"],
            },
        }

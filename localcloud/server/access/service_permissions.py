"""The permissions of the services in :mod:`.service_rules`: templates filled in, roles passed, tags, and the policies
that their resources carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, cast

from moto.ecr.models import ecr_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from localcloud.server.access import resources
from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.access.s3_permissions import pass_role
from localcloud.server.access.service_rules import ACTION_PREFIX, PASSED_ROLES, SERVICES, TAGS_ON_CREATION
from localcloud.server.call import Call

_PARAMETER = re.compile(r"\{(\w+)\}")
BATCH_ACTIONS = {"PublishBatch": "Publish", "SendMessageBatch": "SendMessage", "DeleteMessageBatch": "DeleteMessage"}
"""Operations on many messages need the action on one."""


def permissions(call: Call) -> list[Permission]:
    prefix = ACTION_PREFIX.get(call.service, call.service)
    if call.service == "events" and call.operation == "PutEvents":
        return _put_events(call)
    operation = BATCH_ACTIONS.get(call.operation, call.operation)
    arns = [arn for template in _templates(call.service, operation) for arn in _arns(call, prefix, template)]
    context = tags(call.params)
    actions = [operation]
    if (call.service, operation) in TAGS_ON_CREATION and context:
        actions.append("TagQueue" if call.service == "sqs" else "TagResource")
    needed = [_on(call, f"{prefix}:{action}", arn, context) for action in actions for arn in dict.fromkeys(arns)]
    if call.service == "ec2":
        needed += _tagged_by_ec2(call)
    return needed + list(_passed(call))


def _tagged_by_ec2(call: Call) -> Iterator[Permission]:
    """EC2 tags what a call makes by CreateTags, which must be allowed for that call (``ec2:CreateAction``)."""
    for specification in call.params.get("TagSpecifications", []):
        context = {**tags(specification), "ec2:CreateAction": [call.operation]}
        arn = f"arn:aws:ec2:{call.region}:{call.caller.account_id}:{specification['ResourceType']}/*"
        yield _on(call, "ec2:CreateTags", arn, context)


def _templates(service: str, operation: str) -> tuple[str, ...]:
    for templates, operations in SERVICES.get(service, {}).items():
        if operation in operations.split():
            return templates
    raise Unmapped(f"{service}:{operation}")


def _values(params: dict[str, Any], name: str) -> list[str]:
    value: Any = params.get(name)
    if isinstance(value, list):
        return [str(item) for item in cast("list[Any]", value)]
    return [] if value is None else [str(value)]


def _arns(call: Call, prefix: str, template: str) -> list[str]:
    """The ARNs that a template stands for; ``*`` where a parameter was not given."""
    if template == "*":
        return ["*"]
    names = _PARAMETER.findall(template)
    given = [_values(call.params, name) or ["*"] for name in names]
    found: list[str] = []
    for values in product(*given):
        last = values[-1] if values else ""
        if last.startswith("arn:"):
            found.append(last)
            continue
        text = template
        for name, value in zip(names, values, strict=True):
            text = text.replace(f"{{{name}}}", value.rsplit("/", 1)[-1] if name == "QueueUrl" else value)
        found.append(text if text == "*" else f"arn:aws:{prefix}:{call.region}:{call.caller.account_id}:{text}")
    return _on_bus(call, found)


def _on_bus(call: Call, arns: list[str]) -> list[str]:
    """Rules of another event bus than the default one have it in their ARN."""
    bus = str(call.params.get("EventBusName") or "default").rsplit("/", 1)[-1]
    if call.service != "events" or bus == "default":
        return arns
    return [arn.replace(":rule/", f":rule/{bus}/", 1) for arn in arns]


def _put_events(call: Call) -> list[Permission]:
    names = dict.fromkeys(str(entry.get("EventBusName") or "default") for entry in call.params["Entries"])
    prefix = f"arn:aws:events:{call.region}:{call.caller.account_id}:event-bus/"
    arns = [name if name.startswith("arn:") else prefix + name for name in names]
    return [_on(call, "events:PutEvents", arn, {}) for arn in arns]


def tags(params: dict[str, Any]) -> Values:
    """aws:RequestTag/... and aws:TagKeys, whichever way the service spells tags."""
    keys = _values(params, "tagKeys") or _values(params, "TagKeys")
    raw: Any = params.get("tags") or params.get("Tags") or {}
    if isinstance(raw, list):
        pairs = [{key.lower(): value for key, value in tag.items()} for tag in cast("list[dict[str, str]]", raw)]
        raw = {pair["key"]: pair.get("value", "") for pair in pairs}
    found = {f"aws:RequestTag/{key}": [str(value)] for key, value in raw.items()}
    names = keys or [str(key) for key in raw]
    return {**found, "aws:TagKeys": names} if names else {}


def _on(call: Call, action: str, arn: str, context: Values) -> Permission:
    own = call.caller.account_id
    owner = (arn.split(":")[4] if arn.count(":") >= 5 else "") or own
    return Permission(
        action=action, resource=arn, context=context, owner_account=owner, resource_policy=_policy(arn, owner)
    )


def _policy(arn: str, owner: str) -> str | None:
    """The policy on a queue, topic or repository."""
    if arn.count(":") < 5 or not resources.account_exists(owner):
        return None
    service, region, name = arn.split(":")[2], arn.split(":")[3], arn.split(":", 5)[5]
    if service == "sqs":
        queue = sqs_backends[owner][region].queues.get(name)
        return cast("str | None", queue.policy) if queue else None
    if service == "sns":
        topic = sns_backends[owner][region].topics.get(arn)
        return topic.policy if topic else None
    if service == "ecr":
        repository = ecr_backends[owner][region].repositories.get(name.removeprefix("repository/"))
        return repository.policy if repository else None
    return None


def _dig(value: Any, path: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _dig(item, path)
    elif not path:
        if value:
            yield str(value)
    elif isinstance(value, dict):
        yield from _dig(cast("dict[str, Any]", value).get(path[0]), path[1:])


def _passed(call: Call) -> Iterator[Permission]:
    for path, service in PASSED_ROLES.get((call.service, call.operation), {}).items():
        for name in _dig(call.params, path.split(".")):
            for role in _roles(call, name):
                yield pass_role(role, service, call.caller.account_id)


def _roles(call: Call, name: str) -> list[str]:
    """A role, or the roles in an instance profile."""
    if ":instance-profile/" not in name:
        return [name]
    backend = resources.iam(call.caller.account_id)
    profiles = backend.instance_profiles.values() if backend else []
    return [role.arn for profile in profiles if profile.arn == name for role in profile.roles]

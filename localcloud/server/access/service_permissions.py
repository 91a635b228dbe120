"""The permissions of the services in :mod:`.service_rules`: templates filled in, roles passed, tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, cast

from localcloud.server.access import resources
from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.access.s3_permissions import pass_role
from localcloud.server.access.service_rules import ACTION_PREFIX, PASSED_ROLES, SERVICES, TAGS_ON_CREATION
from localcloud.server.call import Call

_PARAMETER = re.compile(r"\{(\w+)\}")


def permissions(call: Call) -> list[Permission]:
    prefix = ACTION_PREFIX.get(call.service, call.service)
    operation = call.operation
    arns = [arn for template in _templates(call.service, operation) for arn in _arns(call, prefix, template)]
    context = tags(call.params)
    actions = [operation]
    if (call.service, operation) in TAGS_ON_CREATION and context:
        actions.append("TagResource")
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
            text = text.replace(f"{{{name}}}", value)
        found.append(text if text == "*" else f"arn:aws:{prefix}:{call.region}:{call.caller.account_id}:{text}")
    return found


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
    return Permission(action=action, resource=arn, context=context, owner_account=owner)


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

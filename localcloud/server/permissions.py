"""The permissions that a call needs, from what its service declares: templates filled in, roles passed, tags.

Rests on the service authorization reference. Everything is closed: an operation that no service lists is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any, cast

from . import registry
from .access import resources
from .access.permission import Permission, Unmapped, Values
from .call import Call, Params
from .condition_keys import has_resource_tags_of_its_own
from .service import Service

_PARAMETER = re.compile(r"\{([\w.|]+)\}")
_TAGS, _TAG_KEYS = ("tags", "Tags", "ResourceTags"), ("tagKeys", "TagKeys", "ResourceTagKeys")


def permissions(call: Call) -> list[Permission]:
    """Every permission that the call needs; raises :class:`Unmapped` if that is not known."""
    service = registry.services().get(call.service)
    call.account = service.account(call) if service and service.account else call.caller.account_id
    if service is None:
        raise Unmapped(f"{call.service}:{call.operation}")
    if service.permissions is not None:
        return service.permissions(call)
    return declared(service, call)


def declared(service: Service, call: Call) -> list[Permission]:
    """The permissions by the service's ``operations`` and what goes with them."""
    if call.operation in service.free.split():
        return []
    arns = dict.fromkeys(
        arn for template in _templates(service, call.operation) for arn in _arns(service, call, template)
    )
    context = _context(service, call)
    actions = [service.actions.get(call.operation, call.operation)]
    if call.operation in service.tags_on_create and tags(call.params):
        actions.append(service.tags_on_create[call.operation])
    needed = [on(call, f"{service.action_prefix}:{action}", arn, context) for action in actions for arn in arns]
    return needed + list(_passed(service, call))


def on(call: Call, action: str, arn: str, context: Values) -> Permission:
    """An action on what an ARN names, with that resource's owner, policy and tags."""
    resource = registry.resource(arn)
    if resource is None:
        named = arn.split(":")[4] if arn.count(":") >= 5 else ""
        owner = call.caller.account_id if arn == "*" else named or call.account
        return Permission(action=action, resource=arn, context=context, owner_account=owner)
    prefix = arn.split(":")[2]
    names = ["aws", prefix] if has_resource_tags_of_its_own(prefix) else ["aws"]
    tagged = {f"{name}:ResourceTag/{key}": [value] for key, value in resource.tags.items() for name in names}
    return Permission(
        action=action,
        resource=arn,
        context={**resource.context, **context, **tagged},
        owner_account=resource.owner,
        resource_policy=resource.policy,
        public_access_blocks=resource.public_access_blocks,
    )


def _templates(service: Service, operation: str) -> tuple[str, ...]:
    for templates, operations in service.operations.items():
        if operation in operations.split():
            return templates
    raise Unmapped(f"{service.action_prefix}:{operation}")


def _arns(service: Service, call: Call, template: str) -> Iterator[str]:
    """The ARNs that a template stands for; ``*`` where a parameter was not given."""
    text = template.replace("{region}", call.region).replace("{account}", call.account)
    names = _PARAMETER.findall(text)
    for values in product(*(_meant(service, call, name) or ["*"] for name in names)):
        if values and values[-1].startswith("arn:"):
            yield values[-1]
            continue
        arn = text
        for name, value in zip(names, values, strict=True):
            arn = arn.replace(f"{{{name}}}", value)
        yield arn


def _meant(service: Service, call: Call, names: str) -> list[str]:
    """What the values of a parameter stand for: of the first of several that was given."""
    for name in names.split("|"):
        values = [value for value in dig(call.params, name.split(".")) if value]
        meaning = service.stands_for.get(name)
        if values:
            return [meaning(call, value) for value in values] if meaning else values
    return []


def dig(value: Any, path: list[str]) -> Iterator[str]:
    """The values, as texts, at a path of parameters' names; of a list, of each of its items."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from dig(item, path)
    elif not path:
        if value is not None:
            yield str(value).lower() if isinstance(value, bool) else str(value)
    elif isinstance(value, dict):
        yield from dig(cast("dict[str, Any]", value).get(path[0]), path[1:])


def _context(service: Service, call: Call) -> Values:
    values = {key: _meant(service, call, name) for key, name in service.condition_keys.items()}
    given = {key: value for key, value in values.items() if value}
    return given | tags(call.params) | (service.context(call) if service.context else {})


def tags(params: Params) -> Values:
    """aws:RequestTag/... and aws:TagKeys, whichever way the service spells tags."""
    keys = [str(key) for name in _TAG_KEYS for key in _items(params.get(name) or [])]
    raw: Any = _items(next((params[name] for name in _TAGS if params.get(name)), {}))
    if isinstance(raw, list) and raw and isinstance(raw[0], str):  # Logs names the tags to take away so
        return {"aws:TagKeys": cast("list[str]", raw)}
    if isinstance(raw, list):
        pairs = [{key.lower(): value for key, value in tag.items()} for tag in cast("list[dict[str, str]]", raw)]
        raw = {pair.get("key") or pair["tagkey"]: pair.get("value") or pair.get("tagvalue", "") for pair in pairs}
    requested = {f"aws:RequestTag/{key}": [str(value)] for key, value in raw.items()}
    names = keys or [str(key) for key in raw]
    return {**requested, "aws:TagKeys": names} if names else {}


def _items(value: Any) -> Any:
    """CloudFront wraps its lists."""
    wrapped = isinstance(value, dict) and cast("dict[str, Any]", value).get("Items")
    return wrapped if isinstance(wrapped, list) else value


def pass_role(call: Call, role: str, service: str) -> Permission:
    """iam:PassRole of a role (ARN or name) to a service."""
    arn = role if role.startswith("arn:") else resources.role_arn(call.caller.account_id, role)
    passed = on(call, "iam:PassRole", arn, {})
    return replace(passed, context={"iam:PassedToService": [service]})  # without the role's tags: see condition_keys


def _passed(service: Service, call: Call) -> Iterator[Permission]:
    for path, principal in service.passed_roles.get(call.operation, {}).items():
        for name in filter(None, dig(call.params, path.split("."))):
            for role in _roles(call, name):
                yield pass_role(call, role, principal)


def _roles(call: Call, name: str) -> list[str]:
    """A role, or the roles in an instance profile."""
    if ":instance-profile/" not in name:
        return [name]
    backend = resources.iam(call.caller.account_id)
    profiles = backend.instance_profiles.values() if backend else []
    return [role.arn for profile in profiles if profile.arn == name for role in profile.roles]

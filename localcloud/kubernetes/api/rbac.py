"""What the stored roles and bindings of Kubernetes' own access control let a user do."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.kubernetes.api.selectors import EVERYTHING
from localcloud.kubernetes.api.store import Store
from localcloud.kubernetes.api.users import Action, User
from localcloud.kubernetes.objects.errors import Json
from localcloud.kubernetes.objects.kinds import kind


def allows(store: Store, user: User, action: Action) -> bool:
    return any(_matches(rule, action) for rule in _rules(store, user, action))


def _rules(store: Store, user: User, action: Action) -> Iterator[Json]:
    """The rules that bindings give the user where the action is."""
    bindings = [stored.value for stored in store.select(kind("ClusterRoleBinding"), "", EVERYTHING)]
    if action.namespace:
        bindings += [stored.value for stored in store.select(kind("RoleBinding"), action.namespace, EVERYTHING)]
    for binding in bindings:
        if any(_is_subject(subject, user) for subject in binding.get("subjects") or ()):
            reference = binding["roleRef"]
            within = binding["metadata"].get("namespace", "") if reference["kind"] == "Role" else ""
            role = store.get(kind(reference["kind"]), within, reference["name"])
            yield from (role.value.get("rules") or ()) if role else ()


def _is_subject(subject: Json, user: User) -> bool:
    match subject.get("kind"):
        case "User":
            return subject["name"] == user.name
        case "Group":
            return subject["name"] in user.groups
        case _:
            return user.name == f"system:serviceaccount:{subject.get('namespace')}:{subject['name']}"


def _matches(rule: Json, action: Action) -> bool:
    names = rule.get("resourceNames") or []
    resources = rule.get("resources") or []
    return (
        _has(rule.get("verbs") or [], action.verb)
        and _has(rule.get("apiGroups") or [], action.kind.group)
        and (_has(resources, action.resource) or f"*/{action.subresource}" in resources)
        and (not names or action.name in names)
    )


def _has(listed: list[str], value: str) -> bool:
    return "*" in listed or value in listed

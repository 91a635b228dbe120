"""Which objects a list or watch means: by labels and by the few fields that Kubernetes lets one select by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.kubernetes.objects.errors import Json, bad_request

_FIELDS: Final = {
    "": ("metadata.name", "metadata.namespace"),
    "Pod": ("spec.nodeName", "status.phase", "status.podIP", "spec.restartPolicy", "spec.serviceAccountName"),
    "Event": (
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
        "reason",
        "type",
    ),
    "Secret": ("type",),
    "Namespace": ("status.phase",),
    "Node": ("spec.unschedulable",),
}
_SET: Final = re.compile(r"(?P<key>\S+)\s+(?P<operator>in|notin)\s+\((?P<values>[^)]*)\)")
_SPLIT: Final = re.compile(r",(?![^(]*\))")


@dataclass(frozen=True)
class _Requirement:
    key: str
    operator: str
    """One of in, notin, exists, absent."""
    values: tuple[str, ...] = ()

    def matches(self, value: str | None) -> bool:
        match self.operator:
            case "in":
                return value is not None and value in self.values
            case "notin":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case _:
                return value is None


@dataclass(frozen=True)
class Selector:
    """Requirements that an object meets all of."""

    labels: tuple[_Requirement, ...] = ()
    fields: tuple[_Requirement, ...] = ()

    def matches(self, value: Json) -> bool:
        labels: Mapping[str, str] = value["metadata"].get("labels") or {}
        return all(each.matches(labels.get(each.key)) for each in self.labels) and all(
            each.matches(_field(value, each.key)) for each in self.fields
        )


EVERYTHING: Final = Selector()


def selector(kind: str, labels: str, fields: str) -> Selector:
    """The selector that a query states. Raises ApiError BadRequest."""
    wanted = tuple(_equality(part) for part in fields.split(",") if part)
    for each in wanted:
        if each.key not in (*_FIELDS[""], *_FIELDS.get(kind, ())):
            raise bad_request(f"field label not supported: {each.key}")
    return Selector(tuple(_requirement(part.strip()) for part in _SPLIT.split(labels) if part.strip()), wanted)


def matches_labels(label_selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector of an object (``matchLabels``, ``matchExpressions``) selects the labels."""
    if any(labels.get(key) != value for key, value in (label_selector.get("matchLabels") or {}).items()):
        return False
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "absent"}
    return all(
        _Requirement(each["key"], operators[each["operator"]], tuple(each.get("values") or ())).matches(
            labels.get(each["key"])
        )
        for each in label_selector.get("matchExpressions") or ()
    )


def _requirement(text: str) -> _Requirement:
    if match := _SET.fullmatch(text):
        values = tuple(value.strip() for value in match["values"].split(","))
        return _Requirement(match["key"], match["operator"], values)
    if "=" in text:
        return _equality(text)
    return _Requirement(text.lstrip("!"), "absent" if text.startswith("!") else "exists")


def _equality(text: str) -> _Requirement:
    for mark, operator in (("!=", "notin"), ("==", "in"), ("=", "in")):
        if mark in text:
            key, _, value = text.partition(mark)
            return _Requirement(key.strip(), operator, (value.strip(),))
    raise bad_request(f"unable to parse requirement: {text!r}")


def _field(value: Json, path: str) -> str:
    here: Any = value
    for part in path.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    return "" if here is None else str(here)

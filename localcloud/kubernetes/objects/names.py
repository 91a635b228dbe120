"""Kubernetes' rules for names and labels."""

from __future__ import annotations

import re
from typing import Any, Final

from localcloud.kubernetes.objects.errors import Json

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_VALUE: Final = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_KEY_NAME: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_START_AND_END: Final = "and must start and end with an alphanumeric character"


def label_fault(value: str) -> str | None:
    """Why the value is no RFC 1123 label."""
    if len(value) > 63:
        return "must be no more than 63 characters"
    if re.fullmatch(_LABEL, value):
        return None
    return (
        f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_START_AND_END} "
        f"(e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
    )


def subdomain_fault(value: str) -> str | None:
    if len(value) > 253:
        return "must be no more than 253 characters"
    if re.fullmatch(_SUBDOMAIN, value):
        return None
    return (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        f"{_START_AND_END} (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
    )


def service_fault(value: str) -> str | None:
    if len(value) > 63:
        return "must be no more than 63 characters"
    if re.fullmatch(_LABEL_1035, value):
        return None
    return (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
        f"is '{_LABEL_1035}')"
    )


def segment_fault(value: str) -> str | None:
    """Roles and their bindings have names that any path may hold."""
    if value in (".", ".."):
        return f"may not be '{value}'"
    return next((f"may not contain '{mark}'" for mark in "/%" if mark in value), None)


_BY_KIND: Final = {
    "Namespace": label_fault,
    "Service": service_fault,
    "Role": segment_fault,
    "RoleBinding": segment_fault,
    "ClusterRole": segment_fault,
    "ClusterRoleBinding": segment_fault,
}


def metadata_faults(kind: str, metadata: Json) -> list[str]:
    """What is wrong with an object's name and labels."""
    name = str(metadata.get("name", ""))
    fault = _BY_KIND.get(kind, subdomain_fault)(name)
    named = [f'metadata.name: Invalid value: "{name}": {fault}'] if fault else []
    if "namespace" in metadata and (fault := label_fault(str(metadata["namespace"]))):
        named.append(f'metadata.namespace: Invalid value: "{metadata["namespace"]}": {fault}')
    return [*named, *labels_faults(metadata.get("labels") or {}, "metadata.labels")]


def labels_faults(labels: dict[str, Any], path: str) -> list[str]:
    faults: list[str] = []
    for key, value in labels.items():
        prefix, _, name = key.rpartition("/")
        if len(name) > 63 or not re.fullmatch(_KEY_NAME, name) or (prefix and subdomain_fault(prefix)):
            faults.append(
                f"{path}: Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or "
                f"'.', {_START_AND_END} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
                f"'{_KEY_NAME}')"
            )
        if isinstance(value, str) and len(value) > 63:
            faults.append(f'{path}: Invalid value: "{value}": must be no more than 63 characters')
        elif isinstance(value, str) and not re.fullmatch(_VALUE, value):
            faults.append(
                f'{path}: Invalid value: "{value}": a valid label must be an empty string or consist of alphanumeric '
                f"characters, '-', '_' or '.', {_START_AND_END} (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
                f"used for validation is '{_VALUE}')"
            )
    return faults

"""The secrets store CSI driver with AWS's provider: files of secrets, read with the pod's own role.

AWS facts: ``parameters.objects`` is YAML text; an object is named by ARN or name; ``jmesPath`` takes values out of a
JSON secret into files of their own, named by ``objectAlias``, beside the file of the whole secret; a path that the
secret lacks, or that is no string in it, fails the mount. The driver comes with the add-on :data:`ADD_ON`.

Kubernetes Secrets synchronized from the files (``secretObjects``), IRSA and parameters of SSM are refused: nothing here
would make or read them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import jmespath
import yaml
from jmespath.exceptions import JMESPathError

from ..client import Json
from .errors import CannotMountError

DRIVER: Final = "secrets-store.csi.k8s.io"
ADD_ON: Final = "aws-secrets-store-csi-driver-provider"
OBJECT_MEMBERS: Final = {"objectName", "objectType", "objectAlias", "objectVersion", "objectVersionLabel", "jmesPath"}
SecretValue = Callable[[Mapping[str, str]], str]
"""The SecretString that parameters of GetSecretValue name. Raises CannotMountError."""


def files_of(provider_class: Json, secret_value: SecretValue) -> dict[str, str]:
    """File name -> content, of every object of a SecretProviderClass. Raises CannotMountError."""
    spec = provider_class["spec"]
    _refuse_unsupported(spec)
    files: dict[str, str] = {}
    for item in _objects(spec):
        parameters = {"SecretId": item["objectName"]}
        if version := item.get("objectVersion"):
            parameters["VersionId"] = version
        if stage := item.get("objectVersionLabel"):
            parameters["VersionStage"] = stage
        value = secret_value(parameters)
        files[_file_name(item.get("objectAlias") or item["objectName"])] = value
        for part in item.get("jmesPath") or []:
            files[_file_name(part["objectAlias"])] = _part(item["objectName"], value, part["path"])
    return files


def _refuse_unsupported(spec: Json) -> None:
    if spec.get("provider") != "aws":
        raise CannotMountError(f"provider {spec.get('provider')!r} is not installed: aws is")
    if str(spec.get("parameters", {}).get("usePodIdentity", "")).lower() != "true":
        raise CannotMountError('parameters.usePodIdentity is not "true": the local cloud has no IRSA')
    if spec.get("secretObjects"):
        raise CannotMountError("secretObjects: the local cloud makes no Kubernetes Secret of a secret's files")


def _objects(spec: Json) -> list[dict[str, Any]]:
    try:
        items: object = yaml.safe_load(str(spec.get("parameters", {}).get("objects", "")))
    except yaml.YAMLError as error:
        raise CannotMountError(f"Failed to load SecretProviderClass: {error}") from None
    if not isinstance(items, list) or not items:
        raise CannotMountError("Failed to load SecretProviderClass: parameters.objects is not a list of objects")
    for item in cast("list[dict[str, Any]]", items):
        unknown = sorted(set(item) - OBJECT_MEMBERS)
        if unknown or not item.get("objectName"):
            raise CannotMountError(f"object {item}: objectName is needed, {', '.join(unknown) or 'no other'} unknown")
        name = str(item["objectName"])
        service = name.split(":")[2] if name.startswith("arn:") else str(item.get("objectType", ""))
        if service != "secretsmanager":
            raise CannotMountError(f"object {name}: objectType {service!r}: the local cloud has secretsmanager alone")
    return cast("list[dict[str, Any]]", items)


def _file_name(name: str) -> str:
    return name.replace("/", "_")


def _part(secret: str, value: str, path: str) -> str:
    try:
        part: Any = jmespath.search(path, json.loads(value))
    except json.JSONDecodeError:
        raise CannotMountError(f"Secret with name: {secret} is not a JSON document, jmesPath needs one") from None
    except JMESPathError as error:
        raise CannotMountError(f"Invalid JMES Path: {path}: {error}") from None
    if part is None:
        raise CannotMountError(f"JMES Path - {path} for object alias does not point to a valid object in {secret}")
    if not isinstance(part, str):
        raise CannotMountError(f"Invalid JMES search result type for path:{path}. Only string is allowed.")
    return part

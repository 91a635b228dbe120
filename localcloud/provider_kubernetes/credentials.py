"""Bearer tokens: the kubeconfig's own, or what its command prints.

``aws eks get-token`` is carried out here, since starting the AWS CLI takes a second each time: the token is a
GetCallerIdentity presigned for the cluster's name. Any other command is run.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.kubernetes.client import UnreachableError
from localcloud.provider_kubernetes.config import Access, Command

_SECONDS: Final = 10 * 60
"""A token of EKS is worth 15 minutes."""
_URL_SECONDS: Final = 60
_HEADER: Final = "x-k8s-aws-id"
_OPTIONS: Final = {
    "--cluster-name": "cluster",
    "--region": "region",
    "--role": "role",
    "--role-arn": "role",
    "--profile": "profile",
    "--output": "output",
}


@dataclass(frozen=True, kw_only=True)
class GetToken:
    """The options of ``aws eks get-token``."""

    cluster: str = ""
    region: str = ""
    role: str = ""
    profile: str = ""
    output: str = "json"


def get_token_of(command: Command) -> GetToken | None:
    """The command as ``aws eks get-token``; None: it is another, or has options that aren't known here."""
    options: dict[str, str] = {}
    rest = list(command.arguments)
    words: list[str] = []
    while rest:
        name, mark, value = rest.pop(0).partition("=")
        if not name.startswith("--"):
            words.append(name)
        elif name not in _OPTIONS or not (mark or rest):
            return None
        else:
            options[_OPTIONS[name]] = value if mark else rest.pop(0)
    plain = os.path.basename(command.command) == "aws" and words == ["eks", "get-token"]  # noqa: PTH119 (no path is made)
    known = set(command.environment) <= {"AWS_PROFILE", "AWS_REGION", "KUBERNETES_EXEC_INFO"}
    if not plain or not known or not options.get("cluster") or options.get("output", "json") != "json":
        return None
    named = {"profile": command.environment.get("AWS_PROFILE", ""), "region": command.environment.get("AWS_REGION", "")}
    return GetToken(**{**named, **options})


class Tokens:
    """The bearer token of one access, made anew before it expires. Thread-safe."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def __call__(self, fresh: bool) -> str:
        with self._lock:
            if fresh or time.monotonic() >= self._until:
                self._token = self._made()
                self._until = time.monotonic() + _SECONDS
            return self._token

    def _made(self) -> str:
        command = self._access.command
        if command is None:
            return self._access.token
        options = get_token_of(command)
        try:
            return _eks_token(options) if options is not None else _printed_token(command)
        except Exception as error:
            raise UnreachableError(f"getting credentials: exec: {error}") from error


def _eks_token(options: GetToken) -> str:
    from botocore.session import Session

    session = Session(profile=options.profile or None)
    region = options.region or session.get_config_variable("region") or os.environ.get("AWS_REGION", "us-east-1")
    keys: dict[str, Any] = {}
    if options.role:
        source: Any = session.create_client("sts", region_name=region)
        assumed = source.assume_role(RoleArn=options.role, RoleSessionName="EKSGetTokenAuth")["Credentials"]
        keys = {
            "aws_access_key_id": assumed["AccessKeyId"],
            "aws_secret_access_key": assumed["SecretAccessKey"],
            "aws_session_token": assumed["SessionToken"],
        }
    client: Any = session.create_client("sts", region_name=region, **keys)
    client.meta.events.register("before-sign.sts.GetCallerIdentity", _naming(options.cluster))
    url = str(client.generate_presigned_url("get_caller_identity", ExpiresIn=_URL_SECONDS, HttpMethod="GET"))
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _naming(cluster: str) -> Callable[..., None]:
    """Signs the cluster's name, so that the token is worth nothing to another cluster."""

    def add(request: Any, **_: Any) -> None:
        request.headers[_HEADER] = cluster

    return add


def _printed_token(command: Command) -> str:
    environment: Mapping[str, str] = {**os.environ, **command.environment}
    done = subprocess.run(
        [command.command, *command.arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"executable {command.command} failed with exit code {done.returncode}: {done.stderr.strip()}"
        )
    return str(json.loads(done.stdout)["status"]["token"])
